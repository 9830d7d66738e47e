"""Latency while sessions come at a steady rate and leave as fast, by expiry,
and all is written to disk: what Postfix's clients wait for on a busy day."""

import load
from report import figure
from servers import Floor, Ours, Stock

SESSION_LEN = 1500
TIMEOUT_S = 120  # the shortest there is
RATES = (1000, 5000)
PROBE_RATE = 500

UNBOUNDED = {"tlsmgr_cache_max_entries": 0, "tlsmgr_cache_max_size": 0}


def make_server(kind, quick):
    """With so little time that nothing expires, the bound is what is met."""
    if kind is Floor:
        return Floor("update", SESSION_LEN)
    timeout_s = 3600 if quick else TIMEOUT_S
    settings = {"smtpd_tls_session_cache_timeout": timeout_s}
    if kind is Stock:
        return Stock(settings)
    return Ours(settings, {"tlsmgr_cache_max_entries": 1000} if quick
                else UNBOUNDED)


def measure_rate(kind, rate, seconds, quick):
    warmup = 1 if quick or kind is Floor else TIMEOUT_S + 10
    keys = int(rate * (warmup + seconds) * 2)
    with make_server(kind, quick) as server:
        server.start()
        updates = load.Running(server, "update", rate=rate, keys=keys,
                               in_order=True, seconds=seconds, warmup=warmup)
        probe = load.Running(server, "policy" if kind is not Floor
                             else "update", connections=1, rate=PROBE_RATE,
                             seconds=seconds, warmup=warmup)
        return {"server": server.name, "rate": rate,
                "updates": updates.result(), "probe": probe.result(),
                "cpu_s": server.cpu_s()}


def measure(report, rounds, seconds, quick):
    seconds = 2 if quick else 60
    results = []
    for rate in RATES[:1] if quick else RATES:
        for kind in (Stock, Ours, Floor):
            # More than stock can do says nothing about it.
            if kind is Stock and rate > RATES[0]:
                continue
            results.append(measure_rate(kind, rate, seconds, quick))
    report.table(
        "Latency in microseconds for %d s at a steady rate of updates%s" %
        (seconds, "" if quick else ", as many expiring"),
        ["", "updates/s", "50%", "99%", "99.9%", "max",
         "another's 99.9%", "max"],
        [[each["server"], figure(each["updates"]["rate"])] +
         [figure(each["updates"][key])
          for key in ("p50_us", "p99_us", "p999_us", "max_us")] +
         [figure(each["probe"][key]) for key in ("p999_us", "max_us")]
         for each in results])
    report.keep("steady", results)
    p999_ms = {(each["server"], each["rate"]):
               each["updates"]["p999_us"] / 1000 for each in results}
    for (server, rate), latency_ms in p999_ms.items():
        if server == "ours":
            report.at_most(
                "latency of 99.9%% at %s updates/s" % figure(rate),
                latency_ms, 1, "ms (of the floor: %s)" %
                figure(p999_ms["floor", rate]))
