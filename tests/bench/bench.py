#!/usr/bin/env python3
"""Measures this daemon beside the stock tlsmgr(8) and a floor.

    bench.py                 everything (about half an hour)
    bench.py --quick         the main figures, in less than a minute
    bench.py --only NAME     one section; may be repeated
    bench.py --beside FILE   this daemon beside another build of it, instead

Root is needed. The programs are looked for in $TLSMGR_BUILD, or build/.
"""

import argparse
import contextlib
import os
import resource
import sys

import expiry
import fairness
import handshakes
import key_directories
import pairs
import replay
import report
import restart
import scale
import servers
import steady
import throughput

SECTIONS = {
    "throughput": throughput.measure,
    "scale": scale.measure,
    "steady": steady.measure,
    "fairness": fairness.measure,
    "expiry": expiry.measure,
    "restart": restart.measure,
    "replay": replay.measure,
    "handshakes": handshakes.measure,
}
QUICK_SECTIONS = ("throughput", "steady")

PRIORITY = -20


def take_precedence():
    """What else runs on this machine is not what is measured. Servers and
    load generators inherit this alike."""
    os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    # Where the kernel groups processes by session, only this counts.
    with contextlib.suppress(OSError):
        os.setsid()
    with contextlib.suppress(OSError):
        with open("/proc/self/autogroup", "w") as autogroup:
            autogroup.write(str(PRIORITY))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true",
                        help="the main figures only, in short rounds")
    parser.add_argument("--only", action="append", choices=SECTIONS,
                        help="a section; may be repeated")
    parser.add_argument("--beside", metavar="FILE",
                        help="another build of the daemon, to measure beside")
    parser.add_argument("--rounds", type=int, help="of each measurement")
    parser.add_argument("--seconds", type=float, help="of each round")
    parser.add_argument("--output", help="file for the figures as JSON",
                        default=str(servers.BUILD / "bench.json"))
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if os.geteuid() != 0:
        sys.exit("bench.py: needs root, to start daemons as master(8) does")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    take_precedence()
    rounds = arguments.rounds or (3 if arguments.quick else 5)
    seconds = arguments.seconds or (0.2 if arguments.quick else 2.0)
    figures = report.Report()
    names = arguments.only or \
        (() if arguments.beside else
         QUICK_SECTIONS if arguments.quick else SECTIONS)
    with key_directories.left_as_they_were():
        for name in names:
            SECTIONS[name](figures, rounds, seconds, arguments.quick)
        if arguments.beside:
            pairs.measure(figures, arguments.beside,
                          max(rounds, pairs.ROUNDS_MIN), seconds)
    figures.finish(arguments.output)


if __name__ == "__main__":
    main()
