"""Statistics: what `stats` answers, and what is logged of them."""

import os
import re
import time

import pytest

from admin import act, ids, listing, statistics
from attributes import ERR, OK
from clock_shift import ClockShift
from conftest import CACHES
from pipeline import store_all
from waiting import wait_until

pytestmark = pytest.mark.ours("has no such requests")

TIMEOUT_S = 600


def test_statistics_count_what_was_asked(master):
    with master.client() as client:
        before = statistics(client)
        for number in range(5):
            client.update("smtpd", "id %d" % number, b"x" * 100)
        client.update("smtpd", "id 0", b"y" * 50)
        client.lookup("smtpd", "id 0")
        client.lookup("smtpd", "id 1")
        client.lookup("smtpd", "absent")
        client.delete("smtpd", "id 2")
        client.delete("smtpd", "absent")
        client.update("lmtp", "not enabled", b"x")
        client.seed(100)
        client.ticket_key()
        client.ask([("request", "frobnicate")])
        after = statistics(client)
    wanted = {
        "smtpd.updates": 6, "smtpd.lookups": 3, "smtpd.hits": 2,
        "smtpd.deletes": 2, "smtpd.failures": 0, "smtpd.entries": 4,
        "smtpd.bytes": 3 * 100 + 50 + 4 * len("id 0"),
        "smtpd.expired": 0, "smtpd.evicted": 0, "smtpd.errors": 0,
        "smtp.updates": 0, "lmtp.updates": 1, "lmtp.failures": 1,
        "request.update": 7, "request.lookup": 3, "request.delete": 2,
        "request.seed": 1, "request.tktkey": 1, "request.policy": 0,
        "request.unknown": 1, "request.stats": 1,
        "complaints": 1, "random_bytes": 100 + 80, "accepted": 0,
        "ticket_keys": 1, "ticket_key_rotations": 1,
    }
    assert {name: after[name] - before[name] for name in wanted} == wanted


def test_statistics_say_what_is(master):
    with master.client() as client, master.client() as other:
        other.policy("smtpd")
        client.update("smtpd", "x", b"session")
        client.ticket_key()
        now = time.time()
        found = statistics(client)
    expected = {
        "pid": master.daemons[0].pid, "clients": 2, "client_limit": 4000,
        "announce": int(master.announced), "refused": 0, "limit_closes": 0,
        "smtpd.enabled": 1, "smtpd.cachable": 1, "smtpd.ready": 1,
        "smtpd.timeout": 3600, "smtpd.entries_max": 1000000,
        "smtpd.bytes_max": 1 << 30, "smtpd.retained": 0,
        "smtpd.database":
            "btree:%s/smtpd_scache" % master.data_directory,
        "lmtp.enabled": 0, "lmtp.cachable": 0, "lmtp.database": "",
        "lmtp.entries": 0, "lmtp.oldest": 0,
        "exchange_file": master.exchange_path,
        "exchange_failures": 0, "entropy_source": "dev:/dev/urandom",
        "entropy_answering": 1, "entropy_failures": 0,
        "ticket_lifetime": 3600, "ticket_key_previous_made_at": 0,
    }
    assert {name: found[name] for name in expected} == expected
    for name in ("started_at", "smtpd.oldest", "entropy_read_at",
                 "exchange_updated_at", "ticket_key_made_at"):
        assert abs(found[name] - now) < 60, name
    assert abs(found["ticket_key_encrypts_until"] - now - 1800) < 60
    assert found["smtpd.disk"] > 0 and found["entropy_reads"] > 0
    assert found["version"] and found["exchange_updates"] > 0
    latencies = [found["latency_%s_us" % each]
                 for each in ("p50", "p99", "p999", "max")]
    assert latencies == sorted(latencies)
    assert 0 < latencies[-1] < 60e6


def test_evicted_sessions_are_counted(make_master):
    master = make_master(CACHES, {"tlsmgr_cache_max_entries": "10"})
    master.start()
    with master.client() as client:
        for number in range(25):
            client.update("smtpd", "id %d" % number, b"x")
        found = statistics(client)
        assert ids(listing(client)) == ["id %d" % each
                                        for each in range(15, 25)]
    assert (found["smtpd.entries"], found["smtpd.evicted"]) == (10, 15)
    master.wait_for_log("^smtpd TLS cache btree:.*: the bound is reached at "
                        "10 sessions: the oldest make room$")
    assert len([line for line in master.messages()
                if "make room" in line]) == 1


def test_expired_sessions_are_counted(make_master):
    master = make_master({"smtpd_tls_session_cache_timeout": str(TIMEOUT_S),
                          **CACHES})
    clock = ClockShift(master.directory)
    master.start(environment=clock.environment)
    with master.client() as client:
        for number in range(7):
            client.update("smtpd", "old %d" % number, b"x")
        first = statistics(client)["smtpd.oldest"]
        clock.step(TIMEOUT_S // 2)
        client.update("smtpd", "new", b"x")
        assert statistics(client)["smtpd.oldest"] == first
        clock.step(TIMEOUT_S // 2 + 10)
        # At once, whether they were removed already or not.
        assert ids(listing(client)) == ["new"]
        found = wait_until(
            lambda: [each for each in [statistics(client)]
                     if each["smtpd.expired"] == 7], "expired")[0]
        assert found["smtpd.entries"] == 1
        assert first + TIMEOUT_S // 2 - 5 <= found["smtpd.oldest"] \
            <= first + TIMEOUT_S // 2 + 60


def push_out_of_memory(path, size):
    """Of the kernel's; what is stored is written within a second or two."""
    wait_until(lambda: os.path.getsize(path) >= size, "written")
    with open(path, "rb") as cache:
        os.fdatasync(cache.fileno())
        os.posix_fadvise(cache.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def test_sessions_that_are_on_disk_alone_are_listed_and_expire(make_master):
    """In the sandbox, with what the kernel has of calls for it."""
    count = 3000
    master = make_master({"smtpd_tls_session_cache_timeout": str(TIMEOUT_S),
                          **CACHES})
    journal = os.path.join(master.data_directory, "smtpd_scache.journal")
    clock = ClockShift(master.directory)
    master.start(environment=clock.environment)
    with master.client() as client:
        store_all(client, {"id %d" % number: os.urandom(1500)
                           for number in range(count)})
        push_out_of_memory(journal, count * 1500)
        assert len(listing(client)) == count
        push_out_of_memory(journal, count * 1500)
        clock.step(TIMEOUT_S + 10)
        wait_until(lambda: statistics(client)["smtpd.expired"] == count,
                   "expired")
        assert statistics(client)["smtpd.entries"] == 0
        assert statistics(client)["smtpd.errors"] == 0


def test_retained_sessions_are_counted(master):
    with master.client() as client:
        for number in range(12):
            client.update("smtpd", "id %d" % number, b"x")
    master.daemons[0].hang_up()
    assert master.daemons[0].wait() == 0
    master.start()
    with master.client() as client:
        found = statistics(client)
    assert (found["smtpd.retained"], found["smtpd.entries"]) == (12, 12)
    assert found["smtpd.updates"] == 0
    master.wait_for_log(r": 12 sessions retained in \d+\.\d\d s$")


def test_a_cache_that_failed_says_so(make_master):
    master = make_master(CACHES)
    os.mkdir(master.data_directory + "/smtpd_scache.journal")
    master.start()
    with master.client() as client:
        found = statistics(client)
        assert found["smtpd.enabled"] == 1
        assert found["smtpd.cachable"] == found["smtpd.ready"] == 0
        assert act(client, "flush", "smtpd") == ERR
        assert client.ask([
            ("request", "list"), ("cache_type", "smtpd"), ("cursor", "0"),
            ("filter", "")]) == [("status", "4294967295"), ("cursor", "0")]
        assert act(client, "save") == ERR


# Statistics in the log

NUMBERS = re.compile(r"([\w%.]+)=(\d+)")


def logged(lines, start):
    line = [each for each in lines if each.startswith(start)][-1]
    return {name: int(value) for name, value in NUMBERS.findall(line)}


def test_statistics_are_logged_at_the_end(master):
    with master.client() as client:
        client.update("smtpd", "x", b"x")
        client.lookup("smtpd", "x")
        client.lookup("smtpd", "y")
    assert master.daemons[0].terminate() == 0
    master.wait_for_log("^statistics: smtpd ")
    lines = [line for line in master.messages()
             if line.startswith("statistics: ")]
    # Of a cache that nobody asked there is nothing to tell.
    assert len(lines) == 3, lines
    assert logged(lines, "statistics: requests")["requests"] == 3
    assert logged(lines, "statistics: latency")["max"] > 0
    found = logged(lines, "statistics: smtpd")
    assert (found["lookups"], found["hits"], found["success"],
            found["updates"], found["entries"]) == (2, 1, 50, 1, 1)


def test_statistics_of_nothing_are_not_logged(master):
    master.wait_for_log("^starting: ")
    assert master.daemons[0].terminate() == 0
    assert not [line for line in master.messages() if "statistics" in line]


def test_statistics_are_logged_each_period(make_master):
    master = make_master(CACHES, {"tlsmgr_statistics_period": "1h"})
    clock = ClockShift(master.directory)
    master.start(environment=clock.environment)
    with master.client() as client:
        def pass_an_hour():
            clock.step(3601)
            # Timers are looked at when the loop comes round.
            client.seed(1)
            client.seed(1)

        client.update("smtpd", "x", b"x")
        assert not [line for line in master.messages()
                    if line.startswith("statistics: ")]
        pass_an_hour()
        master.wait_for_log("^statistics: smtpd .*updates=1")
        mark = master.log_mark()
        client.update("smtpd", "y", b"y")
        pass_an_hour()
        master.wait_for_log("^statistics: smtpd .*updates=2", mark)


@pytest.mark.parametrize("value", ["-1s", "often"])
def test_a_bad_statistics_period_stops_no_mail(make_master, value):
    master = make_master({}, {"tlsmgr_statistics_period": value})
    master.start()
    assert master.wait_ready().status == OK
    line = master.wait_for_log("^warning: .*tlsmgr_statistics_period")
    assert '"%s"' % value in line
