"""What a request costs as the cache grows, and with a pool that is smaller
than the table."""

import mmap

import load
from report import figure, size
from servers import Ours

COUNTS = (1000, 10000, 100000, 1000000)
QUICK_COUNTS = (1000, 50000)

UNBOUNDED = {"tlsmgr_cache_max_entries": 0, "tlsmgr_cache_max_size": 0}

MB = 1 << 20
LARGE_POOL = 4096 * MB # all data are in it
DEFAULT_POOL = 128 * MB
SMALL_POOL = 2 * MB # not even the table is
BASE_MEMORY = 16e6  # what is promised beside the pool,
ENTRY_MEMORY = 80   # and for each session in the index: tlsmgr.cf(5)
MANY_CLIENTS = 1000


# More than a run takes for the pages of a file that grows.
WARM_BYTES = 2048 * MB


def warm_memory():
    """Touch memory that is free, and give it back: under a hypervisor that
    has taken it away, who uses a page first waits for the host, which costs
    more than an update and says nothing about the daemon."""
    with mmap.mmap(-1, WARM_BYTES) as memory:
        for at in range(0, WARM_BYTES, mmap.PAGESIZE):
            memory[at] = 1


def measure_count(count, rounds, seconds, pool):
    with Ours(own_settings=dict(UNBOUNDED, tlsmgr_cache_memory=pool)) \
            as server:
        server.start()
        server.pin()
        filled = load.fill(server, count)
        runs = {"lookup": [], "update": []}
        for _ in range(rounds):
            for operation, results in runs.items():
                warm_memory()
                results.append(load.run(server, operation, keys=count,
                                        seconds=seconds,
                                        warmup=seconds / 2))
        crowd = load.run(server, "mix", keys=count, connections=MANY_CLIENTS,
                         seconds=seconds)
        return {"entries": count, "pool": pool, "fill": filled,
                "lookup": load.medians(runs["lookup"]),
                "update": load.medians(runs["update"]),
                "crowd": crowd, "memory": server.memory(),
                "disk": server.disk_bytes()}


def row_of(result):
    return ["{:,}, {}".format(result["entries"], size(result["pool"])),
            figure(result["lookup"]["rate"]),
            figure(result["lookup"]["cpu_s_per_100k"]),
            figure(result["lookup"]["p999_us"]),
            figure(result["update"]["rate"]),
            figure(result["update"]["cpu_s_per_100k"]),
            figure(result["update"]["p999_us"]),
            size(result["memory"]["rss"]),
            size(result["memory"]["anonymous"]),
            figure(result["disk"]["used"] / result["entries"])]


def measure(report, rounds, seconds, quick):
    counts = QUICK_COUNTS if quick else COUNTS
    flat = [measure_count(count, rounds, seconds, LARGE_POOL)
            for count in counts]
    usual = measure_count(counts[-1], rounds, seconds, DEFAULT_POOL)
    small = measure_count(counts[-2], rounds, seconds, SMALL_POOL)
    report.table("Entries and memory pool: cost of a request, memory, bytes "
                 "on disk",
                 ["", "lookups/s", "CPU s/100k", "99.9% us", "updates/s",
                  "CPU s/100k", "99.9% us", "resident", "of no file",
                  "disk/entry"],
                 [row_of(result) for result in flat + [usual, small]])
    report.keep("scale", flat + [usual, small])
    for operation in ("lookup", "update"):
        costs = [result[operation]["cpu_s_per_100k"] for result in flat]
        report.at_most("CPU per %s, dearest at %s to %s entries to cheapest" %
                       (operation, "{:,}".format(counts[0]),
                        "{:,}".format(counts[-1])),
                       max(costs) / min(costs), 1.5)
    report.at_most("memory beside the pool, %s entries, %d clients" %
                   ("{:,}".format(counts[-1]), MANY_CLIENTS),
                   (usual["memory"]["rss"] - DEFAULT_POOL) / 1e6,
                   (BASE_MEMORY + ENTRY_MEMORY * counts[-1]) / 1e6, "MB")
