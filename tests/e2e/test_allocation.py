"""No memory: each call of malloc(3) fails once, or from some call on all do.

The daemon says "fatal" and ends with status 1, or what failed is something
that it can do without, and it serves. It never crashes, and never hangs.
TLSMGR_LONG=1 tries every single call of a start.
"""

import os
import select

import pytest

from attributes import (ERR, OK, Closed, encode, lookup_request,
                        update_request)
from failing_malloc import FOR_GOOD, FailingMalloc
from tell import tell
from waiting import DEADLINE_S

SETTINGS = {
    "smtpd_tls_session_cache_database": "btree:${data_directory}/smtpd",
    "smtp_tls_session_cache_database": "btree:${data_directory}/smtp",
    "smtpd_tls_loglevel": "2"}

LONG = os.environ.get("TLSMGR_LONG")

pytestmark = [
    pytest.mark.ours("crashes", strict=False),
    pytest.mark.skipif(
        "ASAN_OPTIONS" in os.environ or "TLSMGR_WRAP" in os.environ,
        reason="has an allocator of its own")]


class Ended(Exception):
    """The daemon did."""


def ask(daemon, client, pairs):
    try:
        client.send(encode(pairs))
        ready = select.select([client.socket, daemon], [], [], DEADLINE_S)[0]
        assert ready, "no reply, and no end"
        if client.socket in ready:
            return client.receive()
    except Closed:
        pass
    raise Ended()


def converse(daemon, master, size, times=1):
    """All kinds of requests; each is answered, or cannot be carried out."""
    with master.client() as client:
        for number in range(times):
            key = "key-%d&s=smtp" % number
            for pairs in (
                    [("request", "policy"), ("cache_type", "smtpd")],
                    [("request", "seed"), ("size", 32)],
                    update_request("smtpd", key, bytes(size)),
                    lookup_request("smtpd", key),
                    [("request", "delete"), ("cache_type", "smtp"),
                     ("cache_id", key)],
                    [("request", "tktkey"), ("keyname", "")]):
                assert ask(daemon, client, pairs).status in (OK, ERR), pairs


def end_of(daemon, master, mark):
    """The exit status, where it is one that it may have."""
    status = daemon.wait()
    if status == 1 and b"fatal: " not in daemon.stderr:
        master.wait_for_log("^fatal: ", mark)
    assert status in (0, 1), (status, master.messages(mark), daemon.stderr)
    return status


class Tally:
    def __init__(self):
        self.fatal = self.served = 0

    def run(self, master, memory, work):
        """One daemon, from its start to its end."""
        mark = master.log_mark()
        daemon = master.start(environment=memory.environment)
        try:
            work(daemon)
            daemon.terminate()
        except Ended:
            pass
        if end_of(daemon, master, mark) == 0:
            self.served += 1
        else:
            self.fatal += 1
        daemon.close()
        master.daemons.remove(daemon)
        master.forget_clients()

    def __str__(self):
        return "%d fatal ends, %d times without effect" % (
            self.fatal, self.served)


def count_calls(master, memory):
    """Of a start, up to the first answer."""
    memory.fail(0)
    daemon = master.start(environment=memory.environment)
    converse(daemon, master, 100)
    calls = memory.calls()
    assert daemon.terminate() == 0
    return calls


def choose(calls):
    """Which calls are to fail: some of the configuration, which has the most
    and makes one like another, and more of what comes after it."""
    if LONG:
        return range(1, calls + 1)
    return [*range(1, 400, 40), *range(400, calls, calls // 20),
            *range(calls * 3 // 5, calls + 1, calls // 200)]


@pytest.mark.parametrize("count", [1, FOR_GOOD], ids=["once", "for_good"])
def test_a_start_without_memory_ends_with_a_line(make_master, request, count):
    master = make_master(SETTINGS)
    memory = FailingMalloc(master.directory)
    tally = Tally()
    calls = count_calls(master, memory)
    for number in choose(calls):
        memory.fail(number, count)
        tally.run(master, memory,
                  lambda daemon: converse(daemon, master, 100))
    tell(request.config, "a start makes %d calls of malloc: %s" % (
        calls, tally))
    assert tally.fatal > 10


@pytest.mark.parametrize("count", [1, FOR_GOOD], ids=["once", "for_good"])
def test_a_conversation_without_memory_ends_with_a_line_or_an_error(
        make_master, request, count):
    """Sessions of a size that makes buffers grow."""
    master = make_master(SETTINGS)
    memory = FailingMalloc(master.directory)
    tally = Tally()

    def work(daemon):
        converse(daemon, master, 100)
        memory.fail_next(number, count)
        converse(daemon, master, 20000, times=5)
        converse(daemon, master, 200000, times=2)
    for number in range(1, 1000 if LONG else 16):
        memory.fail(0)
        tally.run(master, memory, work)
        if memory.failures() == 0:  # there are not so many calls
            break
    assert number >= 15
    tell(request.config, "in conversation: %s" % tally)
    assert tally.fatal > 5
