"""A start with a million retained sessions, after a clean end and after
kill -9; what a kill loses; and what sessions take on disk."""

import time

import load
from report import figure, size
from servers import Ours

COUNT = 1000000
SAMPLE = 20000
UNBOUNDED = {"tlsmgr_cache_max_entries": 0, "tlsmgr_cache_max_size": 0}

KILL_AFTER_S = 4
KILL_RATE = 500

CHURN_BOUND = 64 << 20
CHURN_TIMES = 10


def seconds_until_served(server, key_count, started):
    """Until the oldest sessions are there again."""
    while load.kept(server, min(key_count, 10)) == 0:
        if time.monotonic() - started > 60:
            return None
        time.sleep(0.01)
    return time.monotonic() - started


def start_again(server, key_count):
    started = time.monotonic()
    answered_s = server.start()
    return {"first_answer_s": answered_s,
            "all_served_s": seconds_until_served(server, key_count, started)}


def measure_starts():
    """Of a million sessions: at rest, ended; at rest, killed; killed."""
    with Ours(own_settings=UNBOUNDED) as server:
        server.start()
        load.fill(server, COUNT)
        stop_s = server.stop()
        clean = start_again(server, COUNT)
        clean.update(stop_s=stop_s, share=load.kept(server, COUNT) / COUNT)
        time.sleep(2)
        server.kill()
        killed = start_again(server, COUNT)
        killed["share"] = load.kept(server, COUNT) / COUNT
        return clean, killed


def measure_kill(seconds, rate=0):
    """Killed while sessions come, as fast as they can or at a rate."""
    with Ours(own_settings=UNBOUNDED) as server:
        server.start()
        updates = load.Running(server, "update", may_fail=True,
                               keys=100 * COUNT, in_order=True,
                               rate=rate, seconds=60)
        time.sleep(seconds)
        server.kill()
        stored = updates.result()
        count = stored["hits"]
        result = start_again(server, count)
        kept = load.kept(server, count)
        result.update(stored=count, kept=kept, share=kept / count,
                      lost_s=(count - kept) / stored["rate"])
        return result


def measure_churn():
    """Ten times the bound, none of the keys twice."""
    session_len = 1500
    with Ours(own_settings={"tlsmgr_cache_max_size": CHURN_BOUND}) as server:
        server.start()
        count = CHURN_BOUND // session_len
        sizes = []
        for step in range(CHURN_TIMES):
            load.fill(server, count, session_len, first_key=step * count)
            time.sleep(1.5)
            sizes.append(server.disk_bytes()["used"])
        # The same keys over and over must not make it grow either.
        for _ in range(CHURN_TIMES):
            load.fill(server, count // 2, session_len)
        time.sleep(1.5)
        sizes.append(server.disk_bytes()["used"])
        return sizes


def measure(report, rounds, seconds, quick):
    clean, killed = measure_starts()
    loaded = measure_kill(KILL_AFTER_S)
    paced = measure_kill(KILL_AFTER_S, KILL_RATE)
    report.table(
        "Start with a million retained sessions",
        ["", "first answer s", "all served s", "share kept", "lost s"],
        [[label, figure(each["first_answer_s"]), figure(each["all_served_s"]),
          "%.4f" % each["share"], figure(each.get("lost_s"))]
         for label, each in (("after a clean end", clean),
                             ("after kill -9, at rest", killed),
                             ("after kill -9, %s sessions in %d s" %
                              (figure(loaded["stored"]), KILL_AFTER_S),
                              loaded),
                             ("after kill -9, %s sessions in %d s" %
                              (figure(paced["stored"]), KILL_AFTER_S),
                              paced))])
    sizes = measure_churn()
    report.table(
        "Disk, with a bound of %s: after that many bytes of sessions" %
        size(CHURN_BOUND),
        ["", "1 x", "2 x", "5 x", "10 x", "then 10 x 1/2"],
        [["ours"] + [size(sizes[i]) for i in (0, 1, 4, 9, 10)]])
    report.keep("restart", {"clean": clean, "killed": killed,
                            "killed_under_load": loaded,
                            "killed_at_a_rate": paced, "churn": sizes})
    report.at_most("first answer with a million sessions",
                   clean["first_answer_s"], 0.3, "s")
    report.at_most("the same after kill -9", killed["first_answer_s"], 0.3,
                   "s")
    report.at_least("share kept over a clean end", clean["share"], 1)
    report.at_most("sessions lost by kill -9 under load",
                   max(loaded["lost_s"], paced["lost_s"]), 3, "s of them")
    report.at_most("disk after 10 times the bound, times the bound",
                   sizes[9] / CHURN_BOUND, 2)
