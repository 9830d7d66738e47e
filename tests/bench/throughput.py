"""Requests a second, side by side: stock, this daemon and the floor in turn,
several rounds, medians. Also what a request costs in CPU time and system
calls."""

import contextlib

import load
from report import figure, size
from servers import Floor, Ours, Stock

OPERATIONS = ("lookup", "update", "mix", "seed", "policy", "tktkey")
FLOOR_OPERATIONS = ("lookup", "update", "seed", "policy", "tktkey")

# (what, connections, bytes of a session, operations)
SHAPES = (
    ("sessions of 1500 bytes", 16, 1500, OPERATIONS),
    ("", 1, 1500, ("lookup", "update", "seed")),
    ("", 64, 1500, ("lookup", "update", "seed", "mix")),
    ("", 500, 1500, ("lookup", "update", "seed", "mix")),
    ("sessions of 200 bytes", 16, 200, ("lookup", "update")),
    ("sessions of 8000 bytes", 16, 8000, ("lookup", "update")),
)
QUICK_SHAPES = (
    ("sessions of 1500 bytes", 16, 1500, OPERATIONS),
    ("", 1, 1500, ("lookup", "update", "seed")),
    ("", 500, 1500, ("lookup", "update", "seed")),
)


# Three, and what a connection costs when it comes and goes.
MAX_CALLS = 3.1


class Contest:
    """The three servers for one size of session, filled alike."""

    def __init__(self, session_len, keys):
        self.session_len = session_len
        self.keys = keys
        self._stack = contextlib.ExitStack()
        self._daemons = []
        self._floors = {}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            for kind in (Stock, Ours):
                daemon = stack.enter_context(kind())
                daemon.start()
                daemon.pin()
                load.fill(daemon, self.keys, self.session_len)
                self._daemons.append(daemon)
            for operation in FLOOR_OPERATIONS:
                floor = stack.enter_context(
                    Floor(operation, self.session_len))
                floor.start()
                floor.pin()
                self._floors[operation] = floor
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def servers(self, operation):
        floor = self._floors.get(operation)
        return self._daemons + ([floor] if floor else [])

    def daemons(self):
        return self._daemons


def measure_shape(contest, connections, operations, rounds, seconds,
                  attempts):
    """{operation: {server: medians}}"""
    results = {operation: {} for operation in operations}
    for _ in range(rounds):
        for operation in operations:
            for server in contest.servers(operation):
                result = load.run(
                    server, operation, connections=connections,
                    session_len=contest.session_len, keys=contest.keys,
                    seconds=seconds, warmup=seconds / 10,
                    attempts=attempts)
                results[operation].setdefault(server.name, []).append(result)
    return {operation: {name: load.medians(runs)
                        for name, runs in servers.items()}
            for operation, servers in results.items()}


def row_of(label, connections, operation, servers):
    ours, stock = servers["ours"], servers["stock"]
    floor = servers.get("floor")
    return [label, connections, operation,
            figure(stock["rate"]), figure(ours["rate"]),
            figure(floor["rate"]) if floor else "-",
            "%.1f" % (ours["rate"] / stock["rate"]),
            "%.0f%%" % (100 * ours["rate"] / floor["rate"])
            if floor else "-",
            figure(stock["cpu_s_per_100k"]), figure(ours["cpu_s_per_100k"]),
            figure(floor["cpu_s_per_100k"]) if floor else "-"]


def latency_row(label, connections, operation, servers):
    cells = [label, connections, operation]
    for name in ("stock", "ours", "floor"):
        result = servers.get(name)
        for key in ("p50_us", "p99_us", "p999_us"):
            cells.append(figure(result[key]) if result else "-")
    return cells


def system_calls(contest, report, quick):
    """One client, and 64: then requests share an epoll_wait."""
    rows, data = [], {}
    requests = 500 if quick else 3000
    for operation in ("lookup", "update", "seed"):
        for connections in (1, 64):
            cells = [operation, connections]
            for server in contest.servers(operation):
                counted = load.system_calls(
                    server, operation, requests, connections=connections,
                    session_len=contest.session_len, keys=contest.keys)
                data["%s/%d/%s" % (operation, connections, server.name)] = \
                    counted
                cells.append("%.2f" % counted["per_request"])
            rows.append(cells)
    report.table("System calls per request (strace -c)",
                 ["", "clients", "stock", "ours", "floor"], rows)
    report.keep("system_calls", data)
    for operation in ("lookup", "update", "seed"):
        report.at_most("system calls per %s, one client" % operation,
                       data[operation + "/1/ours"]["per_request"],
                       MAX_CALLS)
        report.at_most("the same with 64 clients",
                       data[operation + "/64/ours"]["per_request"],
                       data[operation + "/1/ours"]["per_request"])


def goals(report, results):
    wanted = {"lookup": (5, 0.65), "update": (25, 0.5), "seed": (3.5, None)}
    for operation, (times_stock, share_of_floor) in wanted.items():
        servers = results["16x1500"][operation]
        rate = servers["ours"]["rate"]
        report.at_least("%ss, times stock" % operation,
                        rate / servers["stock"]["rate"], times_stock)
        if share_of_floor:
            report.at_least("%ss, share of the floor" % operation,
                            rate / servers["floor"]["rate"], share_of_floor)


def flatness(report, results):
    """Cost of a request at 1 to 500 connections, as a multiple of what the
    floor pays for the same wake-ups and switches."""
    for operation in ("lookup", "update", "seed"):
        shapes = [results["%dx1500" % connections][operation]
                  for connections in (1, 16, 64, 500)
                  if "%dx1500" % connections in results]
        costs = [shape["ours"]["cpu_s_per_100k"] /
                 shape["floor"]["cpu_s_per_100k"] for shape in shapes]
        report.at_most("CPU per %s over the floor's, dearest at 1 to 500 "
                       "connections to cheapest" % operation,
                       max(costs) / min(costs), 1.5)


def measure(report, rounds, seconds, quick):
    results, rows, latency_rows, memory_rows = {}, [], [], []
    shapes = QUICK_SHAPES if quick else SHAPES
    for session_len in sorted({shape[2] for shape in shapes},
                              key=lambda value: value != 1500):
        keys = 5000 if quick else 50000 if session_len == 1500 else 10000
        with Contest(session_len, keys) as contest:
            for label, connections, length, operations in shapes:
                if length != session_len:
                    continue
                shape = measure_shape(contest, connections, operations,
                                      rounds, seconds,
                                      1 if quick else load.ATTEMPTS)
                results["%dx%d" % (connections, length)] = shape
                for operation, servers in shape.items():
                    rows.append(row_of(label, connections, operation,
                                       servers))
                    latency_rows.append(latency_row(label, connections,
                                                    operation, servers))
                    label = ""
            for daemon in contest.daemons():
                memory = daemon.memory()
                results["memory/%s/%d" % (daemon.name, session_len)] = memory
                memory_rows.append(
                    ["%s, %d sessions of %d bytes" %
                     (daemon.name, keys, session_len), size(memory["rss"]),
                     size(memory["anonymous"])])
            if session_len == 1500:
                system_calls(contest, report, quick)
    report.table("Requests a second, and CPU seconds per 100,000 requests",
                 ["", "clients", "", "stock", "ours", "floor", "x stock",
                  "of floor", "CPU stock", "ours", "floor"], rows)
    report.table("Latency in microseconds: 50%, 99%, 99.9%",
                 ["", "clients", "", "stock", "", "", "ours", "", "",
                  "floor", "", ""], latency_rows)
    report.table("Memory", ["", "resident", "backed by no file"],
                 memory_rows)
    report.keep("throughput", results)
    goals(report, results)
    flatness(report, results)
