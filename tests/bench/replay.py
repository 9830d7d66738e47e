"""What is found while a start reads its journal: of so many sessions, at the
first answer and each quarter of a second after it, while others are stored."""

import os
import pathlib
import time

import load
from report import figure
from servers import Ours

COUNTS = (100000, 300000, 1000000)
UNBOUNDED = {"tlsmgr_cache_max_entries": 0, "tlsmgr_cache_max_size": 0}

PLACES = 10  # of the sample, from the oldest sessions to the newest
KEYS_PER_PLACE = 50

STEP_S = 0.25
STEPS_SHOWN = 8
GIVE_UP_S = 20

# Keys of their own, so that what is looked for is what was there.
LOAD = {"keys": 50000, "first_key": 10000000, "connections": 8, "rate": 5000,
        "seconds": GIVE_UP_S}


def reload(server):
    server.daemon.hang_up()
    server.daemon.wait(GIVE_UP_S)


def reload_cold(server):
    """As after the machine was started: nothing of the file is in memory."""
    reload(server)
    os.sync()
    for path in pathlib.Path(server.master.data_directory).iterdir():
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def kill(server):
    time.sleep(1.2)  # what is younger may be lost
    server.kill()


ENDS = {"reload": reload, "reload, cold disk": reload_cold, "kill -9": kill}


def share_found(server, count):
    found = sum(load.kept(server, KEYS_PER_PLACE,
                          first_key=place * (count - KEYS_PER_PLACE) //
                          (PLACES - 1))
                for place in range(PLACES))
    return found / (PLACES * KEYS_PER_PLACE)


def shares_found(server, count):
    """At the first answer and each step after it, until all is there."""
    started, shares = time.monotonic(), []
    while time.monotonic() - started < GIVE_UP_S:
        shares.append(share_found(server, count))
        if shares[-1] == 1:
            break
        time.sleep(max(0, started + len(shares) * STEP_S - time.monotonic()))
    return shares


def measure_end(count, end):
    with Ours(own_settings=UNBOUNDED) as server:
        server.start()
        load.fill(server, count)
        end(server)
        first_answer_s = server.start()
        updates = load.Running(server, "update", may_fail=True, **LOAD)
        shares = shares_found(server, count)
        updates.process.terminate()
        updates.process.wait()
        return {"first_answer_s": first_answer_s, "shares": shares}


def measure(report, rounds, seconds, quick):
    results = {(count, name): measure_end(count, end)
               for count in COUNTS for name, end in ENDS.items()}
    report.table(
        "Share found from the first answer on, 5,000 updates a second",
        ["sessions", "after", "first answer s"] +
        ["%.2f s" % (STEP_S * i) for i in range(STEPS_SHOWN)] + ["all after"],
        [[str(count), name, figure(each["first_answer_s"])] +
         ["%.3f" % share for share in
          (each["shares"] + [1] * STEPS_SHOWN)[:STEPS_SHOWN]] +
         ["%.2f s" % (STEP_S * (len(each["shares"]) - 1))]
         for (count, name), each in results.items()])
    report.keep("replay", {"%d, %s" % key: each
                           for key, each in results.items()})
    report.at_least("of 100,000 found at the first answer after a reload",
                    results[COUNTS[0], "reload"]["shares"][0], 1)
    report.at_most("until all of a million are found after a reload",
                   STEP_S * len(results[COUNTS[-1], "reload"]["shares"]), 3,
                   "s")
