"""tlsmgr_cache_memory: no value of it refuses a session, or costs what is not
used; and where there are more sessions the oldest leave, under the sandbox.
"""

import pytest

from attributes import OK
from faults import anonymous_bytes
from pipeline import find_all, store_all

SMTPD = "smtpd_tls_session_cache_database"
ALL = {name + "_tls_session_cache_database": "internal:" + name
       for name in ("smtpd", "smtp", "lmtp")}

# A process that holds nothing has this much, with its caches and libraries.
EMPTY_BYTES = 30 << 20


def batches(count, size=10000):
    """Sessions by the thousand: all of them would be much to hold."""
    for start in range(0, count, size):
        yield {"key-%d" % number: b"session of %d" % number
               for number in range(start, min(start + size, count))}


def statistic(client, name):
    return int(client.ask([("request", "stats")]).value(name))


@pytest.mark.ours("has no such parameter")
@pytest.mark.parametrize("memory", ["1k", "1m", "256m", "100g", "1000g",
                                    "4000000g"])
def test_no_amount_of_memory_fails_the_start_or_is_taken_unused(make_master,
                                                                memory):
    master = make_master(ALL, own_settings={"tlsmgr_cache_memory": memory})
    daemon = master.start(chroot=True)
    with master.client() as client:
        for cache in ("smtpd", "smtp", "lmtp"):
            assert client.policy(cache).number("cachable") == 1
            assert client.update(cache, "a", b"session").status == OK
            assert client.lookup(cache, "a").data("session") == b"session"
    assert anonymous_bytes(daemon.pid) < EMPTY_BYTES
    assert not [line for line in master.messages()
                if line.startswith(("fatal", "panic"))]


@pytest.mark.ours("has no such parameter")
@pytest.mark.parametrize("kind", ["btree", "internal"])
@pytest.mark.parametrize("memory", ["1m", "8m"])
def test_more_sessions_than_memory_are_stored_and_the_oldest_leave(
        make_master, kind, memory):
    master = make_master({SMTPD: kind + ":${data_directory}/cache"},
                         own_settings={"tlsmgr_cache_memory": memory})
    daemon = master.start(chroot=True)
    with master.client() as client:
        for batch in batches(300000):
            assert store_all(client, batch) == batch
        assert find_all(client, batch) == batch
        entries = statistic(client, "smtpd.entries")
        assert entries + statistic(client, "smtpd.evicted") == 300000
        assert statistic(client, "smtpd.errors") == 0
    assert 10000 < entries < 120000
    assert daemon.is_running()
    master.wait_for_log(r"tlsmgr_cache_memory: the bound is reached at \d+ "
                        r"sessions: the oldest make room")


@pytest.mark.ours("has no such bound")
def test_three_caches_in_memory_hold_what_the_defaults_say(make_master):
    """1.0 came to its end between 350,000 and 450,000."""
    master = make_master(ALL)
    daemon = master.start(chroot=True)
    with master.client() as client:
        for batch in batches(200000):
            for cache in ("smtpd", "smtp", "lmtp"):
                assert store_all(client, batch, cache) == batch
        for cache in ("smtpd", "smtp", "lmtp"):
            assert statistic(client, cache + ".entries") == 200000
            assert find_all(client, batch, cache) == batch
    assert daemon.is_running()
