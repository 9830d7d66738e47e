"""This daemon beside another build of it: what a request costs each of them
in CPU time, in alternating rounds, as ratios of pairs."""

import statistics

import load
from report import figure, size
from servers import Ours

OPERATIONS = ("lookup", "update", "tktkey")
SESSION_LEN = 1500
CONNECTIONS = 16
KEYS = 50000
ROUNDS_MIN = 9


def other_build(path):
    class Other(Ours):
        name = "other"

        @staticmethod
        def binary():
            return path

    return Other()


def measure_pairs(servers, rounds, seconds):
    """{operation: [{server: CPU seconds of 100,000 requests}]}"""
    pairs = {operation: [] for operation in OPERATIONS}
    for index in range(rounds):
        in_turn = servers if index % 2 else servers[::-1]
        for operation in OPERATIONS:
            pairs[operation].append({
                server.name: load.run(
                    server, operation, connections=CONNECTIONS,
                    session_len=SESSION_LEN, keys=KEYS, seconds=seconds,
                    warmup=seconds / 10)["cpu_s_per_100k"]
                for server in in_turn})
    return pairs


def measure(report, path, rounds, seconds):
    with other_build(path) as other, Ours() as ours:
        servers = [other, ours]
        for server in servers:
            server.start()
            server.pin()
            load.fill(server, KEYS, SESSION_LEN)
        pairs = measure_pairs(servers, rounds, seconds)
        rows = []
        for operation, costs in pairs.items():
            ratios = [pair["ours"] / pair["other"] for pair in costs]
            lower, middle, upper = statistics.quantiles(ratios, n=4)
            rows.append([operation] +
                        [figure(statistics.median(pair[name]
                                                  for pair in costs))
                         for name in ("other", "ours")] +
                        ["%.3f" % ratio for ratio in (middle, lower, upper)])
        report.table("CPU seconds for 100,000 requests, %d pairs of rounds; "
                     "ratios of pairs" % rounds,
                     ["", "other", "ours", "median", "lower quartile",
                      "upper"], rows)
        report.table("Memory", ["", "backed by no file"],
                     [[server.name, size(server.memory()["anonymous"])]
                      for server in servers])
    report.keep("pairs", pairs)
