"""A million entries expire at once, since the clock of the daemon is moved."""

import time

import load
from clock_shift import ClockShift
from report import figure
from servers import Floor, Ours

COUNT = 1000000
SESSION_LEN = 1500
TIMEOUT_S = 1000
SETTLE_S = 3 # until what was stored has been written
PROBE_RATE = 1000
PROBE_SECONDS = 5
UNBOUNDED = {"tlsmgr_cache_max_entries": 0, "tlsmgr_cache_max_size": 0}

# Expiry is over when the daemon has used less than this share of a core.
IDLE_SHARE = 0.05
IDLE_INTERVAL_S = 1.0


def wait_until_idle(server):
    before = server.cpu_s()
    while True:
        time.sleep(IDLE_INTERVAL_S)
        now = server.cpu_s()
        if now - before < IDLE_SHARE * IDLE_INTERVAL_S:
            return
        before = now


def probe(server):
    """Another client: it stores sessions, so that the daemon looks at the
    clock, and must notice nothing."""
    return load.Running(server, "update", connections=1, rate=PROBE_RATE,
                        seconds=PROBE_SECONDS, first_key=COUNT,
                        keys=COUNT).result()


def measure(report, rounds, seconds, quick):
    with Floor("update", SESSION_LEN) as floor:
        floor.start()
        machine = probe(floor)
    with Ours({"smtpd_tls_session_cache_timeout": TIMEOUT_S},
              UNBOUNDED) as server:
        clock = ClockShift(server.master.directory)
        server.start(environment=clock.environment)
        load.fill(server, COUNT)
        time.sleep(SETTLE_S)
        quiet = probe(server)
        before = server.cpu_s()
        started = time.monotonic()
        clock.step(TIMEOUT_S + SETTLE_S)
        probed = probe(server)
        wait_until_idle(server)
        took_s = time.monotonic() - started
        result = {"entries": COUNT, "seconds": took_s,
                  "cpu_s": server.cpu_s() - before, "probe": probed,
                  "quiet": quiet, "floor": machine,
                  "kept": load.kept(server, 20000),
                  "memory": server.memory(), "disk": server.disk_bytes()}
    report.table("A million entries expire at once",
                 ["", "CPU s", "another's updates, 50% us", "99.9%", "max"],
                 [[label, figure(cpu_s), figure(each["p50_us"]),
                   figure(each["p999_us"]), figure(each["max_us"])]
                  for label, cpu_s, each in
                  (("the floor", None, machine),
                   ("before", None, quiet),
                   ("meanwhile", result["cpu_s"], probed))])
    report.keep("expiry", result)
    report.at_most("CPU to expire a million", result["cpu_s"], 5, "s")
    report.at_most("longest pause meanwhile", probed["max_us"] / 1000, 2,
                   "ms (of the floor: %s)" %
                   figure(machine["max_us"] / 1000))
    report.at_most("of these, still served", result["kept"], 0)
