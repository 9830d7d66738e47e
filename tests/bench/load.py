"""Runs the load generator, and what counts beside it."""

import json
import os
import re
import statistics
import subprocess
import time

from servers import BUILD, CLIENT_CPU, CPUS, SERVER_CPU

# A run is repeated if other processes took more than this share of the
# machine meanwhile, but only so often.
DISTURBANCE_MAX = 0.1
ATTEMPTS = 3


class WrongAnswers(Exception):
    """Replies were wrong or missing: nothing measured with them counts."""


def command(server, operation, connections=16, session_len=1500, keys=50000,
            seconds=2.0, warmup=0.0, requests=0, rate=0, miss_percent=0,
            first_key=0, in_order=False):
    arguments = [str(BUILD / "bench" / "load"), "-s", server.socket_path,
                 "-o", operation, "-c", connections, "-b", session_len,
                 "-k", keys, "-f", first_key, "-d", seconds, "-w", warmup,
                 "-n", requests, "-r", rate, "-m", miss_percent,
                 "-T", server.timeout_s]
    if in_order:
        arguments.append("-q")
    if not server.announced:
        arguments.append("-A")
    if server.name == "floor":
        arguments.append("-X")
    return [str(each) for each in arguments]


class Running:
    """A load generator in the background.

    With one connection either it or a pinned server works, never both, so
    they share a core: what is measured is not how long it takes to wake
    another.
    """

    def __init__(self, server, operation, may_fail=False, **options):
        self._may_fail = may_fail
        cpus = CPUS
        if server.is_pinned:
            cpus = [SERVER_CPU if options.get("connections") == 1
                    else CLIENT_CPU]
        self.process = subprocess.Popen(
            ["taskset", "-c", ",".join(map(str, cpus))] +
            command(server, operation, **options), stdout=subprocess.PIPE,
            universal_newlines=True)

    def result(self):
        output, _ = self.process.communicate()
        if self.process.returncode not in (0, 2):
            raise WrongAnswers("load: exit %d" % self.process.returncode)
        if self.process.returncode != 0 and not self._may_fail:
            raise WrongAnswers(output)
        return json.loads(output)


def machine_cpu_s():
    """CPU time that everything on this machine used, or was denied."""
    with open("/proc/stat") as text:
        user, nice, system, _, _, irq, softirq, steal = \
            [int(word) for word in text.readline().split()[1:9]]
    return (user + nice + system + irq + softirq + steal) / \
        os.sysconf("SC_CLK_TCK")


def _run_once(server, operation, options):
    """One run, with the CPU time that the server took for it."""
    started, all_before, before = \
        time.monotonic(), machine_cpu_s(), server.cpu_s()
    result = Running(server, operation, **options).result()
    result["server_cpu_s"] = server.cpu_s() - before
    others_s = machine_cpu_s() - all_before - result["server_cpu_s"] - \
        result["client_cpu_s"]
    result["disturbance"] = \
        others_s / (time.monotonic() - started) / os.cpu_count()
    # A warm-up's requests were served as well.
    result["cpu_s_per_100k"] = \
        result["server_cpu_s"] / max(result["issued"], 1) * 1e5
    return result


def run(server, operation, attempts=ATTEMPTS, **options):
    """The least disturbed of some runs; one if it was not disturbed."""
    best = None
    for _ in range(attempts):
        result = _run_once(server, operation, options)
        if best is None or result["disturbance"] < best["disturbance"]:
            best = result
        if best["disturbance"] <= DISTURBANCE_MAX:
            break
    return best


def fill(server, keys, session_len=1500, connections=16, first_key=0):
    """Store so many sessions, the first of them `first_key`."""
    return _run_once(server, "update", {
        "keys": keys, "session_len": session_len, "in_order": True,
        "connections": connections, "requests": keys,
        "first_key": first_key})


def kept(server, keys, session_len=1500, first_key=0):
    """How many of these sessions are still there, whole."""
    return _run_once(server, "lookup", {
        "keys": keys, "session_len": session_len, "in_order": True,
        "requests": keys, "first_key": first_key})["hits"]


def medians(results):
    """The median of each number in several results of the same kind."""
    return {name: statistics.median(each[name] for each in results)
            if isinstance(value, (int, float)) else value
            for name, value in results[0].items()}


def system_calls(server, operation, requests, **options):
    """System calls per request, and the calls by name: strace -c."""
    tracer = subprocess.Popen(
        ["strace", "-c", "-f", "-p", str(server.pid)],
        stderr=subprocess.PIPE, universal_newlines=True)
    line = tracer.stderr.readline()
    if "attached" not in line:
        tracer.wait()
        raise RuntimeError("strace: " + line)
    result = Running(server, operation, requests=requests,
                     **options).result()
    tracer.terminate()
    output = tracer.stderr.read()
    tracer.wait()
    calls = {}
    for match in re.finditer(
            r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", output, re.M):
        if match.group(2) != "total":
            calls[match.group(2)] = int(match.group(1)) / result["issued"]
    return {"per_request": sum(calls.values()), "calls": calls}
