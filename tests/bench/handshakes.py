"""The whole system: TLS handshakes a second through real smtpd(8) processes,
whose sessions are kept by this daemon or by stock; on the disk that is here,
and on one where each sync takes 5 ms."""

import contextlib
import json
import os
import subprocess

import load
from postfix_instance import PostfixInstance
from report import figure
from servers import BUILD, Ours, Stock

CONNECTIONS = 8
QUIET = "smtpd_tls_loglevel = 0\n"

WRAPPER = """\
#!/bin/sh
LD_PRELOAD=%s exec %s "$@"
"""


def slowed(binary, directory):
    """A command that runs the daemon with slow syncs."""
    path = os.path.join(directory, "slowed")
    with open(path, "w") as script:
        script.write(WRAPPER % (BUILD / "bench" / "slowsync.so", binary))
    return path


@contextlib.contextmanager
def instance(kind, is_slow):
    """A Postfix whose processes serve as many clients as usual."""
    postfix = PostfixInstance(kind.binary(), settings=QUIET)
    try:
        postfix.create()
        if is_slow:
            postfix.install_tlsmgr(slowed(os.path.abspath(kind.binary()),
                                          postfix.directory))
        path = os.path.join(postfix.config_directory, "master.cf")
        with open(path) as text:
            services = text.read().replace("  -o max_use=1\n", "")
        with open(path, "w") as text:
            text.write(services)
        postfix.start()
        yield postfix
    finally:
        postfix.remove()


def shake(postfix, which, seconds):
    output = subprocess.run(
        [str(BUILD / "bench" / "handshake"), str(postfix.port),
         str(CONNECTIONS), str(seconds), which],
        stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
    result = json.loads(output)
    # Each connection's first one is new.
    if result["failed"] or (which == "resumed" and
                            result["resumed"] !=
                            result["handshakes"] - CONNECTIONS):
        raise load.WrongAnswers(output)
    return result


def measure_disk(is_slow, rounds, seconds):
    """{which: {server: medians}}"""
    runs = {"new": {}, "resumed": {}}
    with contextlib.ExitStack() as stack:
        systems = {kind.name: stack.enter_context(instance(kind, is_slow))
                   for kind in (Stock, Ours)}
        for postfix in systems.values():
            shake(postfix, "new", 1.0)  # processes start, caches fill
        for _ in range(rounds):
            for which, servers in runs.items():
                for name, postfix in systems.items():
                    servers.setdefault(name, []).append(
                        shake(postfix, which, seconds))
    return {which: {name: load.medians(results)
                    for name, results in servers.items()}
            for which, servers in runs.items()}


def measure(report, rounds, seconds, quick):
    rows, data = [], {}
    for label, is_slow in (("this disk", False), ("5 ms a sync", True)):
        data[label] = measure_disk(is_slow, rounds, seconds)
        for which, servers in data[label].items():
            rows.append(
                [label, which] +
                [figure(servers[name]["rate"]) for name in ("stock", "ours")]
                + ["%.2f" % (servers["ours"]["rate"] /
                             servers["stock"]["rate"])] +
                [figure(servers[name][key] / 1000)
                 for name in ("stock", "ours")
                 for key in ("p50_us", "p99_us")])
    report.table("TLS 1.2 handshakes a second through smtpd, %d at a time, "
                 "and milliseconds of each" % CONNECTIONS,
                 ["", "", "stock", "ours", "x stock", "stock 50%", "99%",
                  "ours 50%", "99%"], rows)
    report.keep("handshakes", data)
