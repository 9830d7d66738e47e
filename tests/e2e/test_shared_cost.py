"""What an engine costs a request: the longest wait, and system calls. Neither
goes by how fast the machine is."""

import re
import shutil
import signal
import subprocess
import time

import pytest

import engine as engines
from attributes import OK, encode, update_request
from shared_member import SESSION, find, number, update, wait_up

pytestmark = [
    pytest.mark.ours("it shares nothing"),
    pytest.mark.skipif(not engines.program(),
                       reason="neither valkey-server nor redis-server"),
]

TRIES = 5  # a busy machine is slow for all but one of them at most
CLIENTS = 64
STRACE = shutil.which("strace")


def longest_wait_s(host, name):
    """Of lookups until the engine is given up, and after that."""
    longest = 0
    for i in range(10):
        before = time.monotonic()
        assert find(host, "%s %d" % (name, i)) is None
        longest = max(longest, time.monotonic() - before)
    return longest


@pytest.mark.parametrize("lookup_ms", [100, 300])
def test_nobody_waits_longer_than_the_deadline(make_member, engine, lookup_ms):
    """For a machine that is busy half as long again is allowed here; the
    figures of docs/design.md are closer."""
    one = make_member(tlsmgr_shared_lookup_ms=str(lookup_ms))
    longest = []
    for i in range(TRIES):
        engine.pause()
        longest.append(longest_wait_s(one, "try %d" % i))
        engine.resume()
        wait_up(one)
        # Less: questions for ticket keys had waited before.
        if lookup_ms - 2 < longest[-1] * 1000 < lookup_ms * 1.5:
            return
    pytest.fail("waits of %s s" % longest)


def count_calls(host, work):
    """System calls of the daemon while work() is done."""
    # To read the clock is none, but for that of tests.
    tracer = subprocess.Popen([STRACE, "-c", "-e", "trace=!clock_gettime",
                               "-p", str(host.daemon.pid)],
                              stderr=subprocess.PIPE, universal_newlines=True)
    line = tracer.stderr.readline()
    if "attached" not in line:
        tracer.wait()
        pytest.skip(line)
    work()
    tracer.terminate()
    output = tracer.communicate()[1]
    rows = re.findall(r"(?m)^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$",
                      output)
    return sum(int(calls) for calls, name in rows if name != "total")


def calls_one_by_one(host, count=200):
    """For each update of a client that is alone."""
    def work():
        for i in range(count):
            update(host, "id %d" % i)
    return count_calls(host, work) / count


def calls_at_once(host, rounds=20):
    """For each update of many clients, which ask while the daemon cannot look:
    it finds the same, however fast it is."""
    clients = [host.master.client() for _ in range(CLIENTS)]

    def work():
        for i in range(rounds):
            host.daemon.signal(signal.SIGSTOP)
            for j, client in enumerate(clients):
                client.send(encode(update_request(
                    "smtpd", "id %d of %d" % (i, j), SESSION)))
            host.daemon.signal(signal.SIGCONT)
            for client in clients:
                assert client.receive().status == OK
    calls = count_calls(host, work) / (rounds * CLIENTS)
    for client in clients:
        client.close()
    return calls


@pytest.mark.skipif(not STRACE, reason="no strace")
def test_an_update_takes_few_system_calls_more(make_member):
    one = make_member()
    alone = make_member(wait=False, tlsmgr_shared_servers="")
    figures = []
    for _ in range(TRIES):
        stores = number(one, "stores")
        figures.append((calls_one_by_one(one),
                        calls_at_once(one) - calls_at_once(alone)))
        assert number(one, "stores") > stores
        if figures[-1][0] <= 5.2 and figures[-1][1] <= 0.3:
            return
    pytest.fail("%s: one by one, and more of those at once" % figures)
