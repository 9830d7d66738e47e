"""The requests of administrators, and the statistics."""

import os
import re
import signal
import threading
import time

import pytest

from attributes import ERR, FAIL, OK, TICKET_KEY, encode
from bystander import Bystander
from clock_shift import ClockShift
from conftest import CACHES
from pipeline import store_all
from waiting import wait_until

pytestmark = pytest.mark.ours("has no such requests")

TYPES = ("smtpd", "smtp", "lmtp")
ANSWER_LEN_MAX = 64 * 1024
TIMEOUT_S = 600


def statistics(client):
    reply = client.ask([("request", "stats")])
    assert reply.status == OK
    values = dict(reply)
    assert len(values) == len(reply), "a name is there twice"
    return {name: int(value) if value.isdigit() else value
            for name, value in values.items()}


class Entry:
    def __init__(self, attributes):
        assert [name for name, _ in attributes] == [
            "cache_id", "size", "time"]
        self.id = attributes[0][1]
        self.size, self.time = (int(value) for _, value in attributes[1:])


def slice_of(client, cursor="0", cache_type="smtpd", text_filter=""):
    """One answer: the next cursor, and the entries."""
    reply = client.ask([("request", "list"), ("cache_type", cache_type),
                        ("cursor", cursor), ("filter", text_filter)])
    assert reply.status == OK
    assert reply.names()[:2] == ["status", "cursor"]
    assert sum(len(name) + len(value) + 2 for name, value in reply) + 1 \
        <= ANSWER_LEN_MAX
    return reply[1][1], [Entry(reply[at:at + 3])
                         for at in range(2, len(reply), 3)]


def slices(client, **keywords):
    cursor = None
    while cursor != "0":
        cursor, entries = slice_of(client, cursor or "0", **keywords)
        yield entries


def listing(client, **keywords):
    return [entry for entries in slices(client, **keywords)
            for entry in entries]


def ids(entries):
    return [entry.id for entry in entries]


def act(client, request, cache_type=None):
    """An answer that is a status alone."""
    reply = client.ask([("request", request)] + (
        [] if cache_type is None else [("cache_type", cache_type)]))
    assert reply.names() == ["status"]
    return reply.status


@pytest.fixture
def master(make_master):
    master = make_master(CACHES)
    master.start()
    return master


# stats

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


def test_statistics_of_evicted_sessions(make_master):
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


def test_statistics_of_expired_sessions(make_master):
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


def test_statistics_of_retained_sessions(master):
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


def test_statistics_of_a_cache_that_failed(make_master):
    master = make_master(CACHES)
    os.mkdir(master.data_directory + "/smtpd_scache.db")
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


# list

def test_list(master):
    with master.client() as client:
        now = time.time()
        assert listing(client) == []
        client.update("smtpd", "one&s=smtp", b"x" * 10)
        client.update("smtpd", "two&s=smtp", b"x" * 20)
        client.update("smtpd", "three&s=submission", b"x" * 30)
        client.update("smtp", "another", b"x")
        found = listing(client)
        assert ids(found) == ["one&s=smtp", "two&s=smtp",
                              "three&s=submission"]
        assert [entry.size for entry in found] == [10, 20, 30]
        assert all(abs(entry.time - now) < 60 for entry in found)
        # What was replaced is the newest, and there once.
        client.update("smtpd", "one&s=smtp", b"x" * 11)
        client.delete("smtpd", "two&s=smtp")
        found = listing(client)
        assert ids(found) == ["three&s=submission", "one&s=smtp"]
        assert found[1].size == 11
        assert ids(listing(client, cache_type="smtp")) == ["another"]


def test_list_filter(master):
    with master.client() as client:
        for number in range(40):
            client.update("smtpd", "id-%d" % number, b"x")
        assert ids(listing(client, text_filter="-3")) == [
            "id-3"] + ["id-%d" % each for each in range(30, 40)]
        assert ids(listing(client, text_filter="id-17")) == ["id-17"]
        assert listing(client, text_filter="id-40") == []
        assert listing(client, text_filter="id-1*") == []


@pytest.mark.parametrize("cursor", [
    "", "x", "-1", "+1", " 1", "1 ", "0x10", "1.5", "18446744073709551616",
    "9" * 100])
def test_list_with_a_cursor_that_is_none(master, cursor):
    with master.client() as client:
        client.update("smtpd", "x", b"x")
        assert client.ask([
            ("request", "list"), ("cache_type", "smtpd"),
            ("cursor", cursor), ("filter", "")]) == [
                ("status", "4294967294"), ("cursor", "0")]
        assert ids(listing(client)) == ["x"]


@pytest.mark.parametrize("cursor", [
    "1", "2", "1000", "4294967296", "18446744073709551615"])
def test_list_with_a_cursor_that_was_not_given_out(master, cursor):
    """It begins anywhere, and comes to an end."""
    with master.client() as client:
        for number in range(10):
            client.update("smtpd", "id %d" % number, b"x")
        wanted, seen = ids(listing(client)), []
        for _ in range(100):
            cursor, entries = slice_of(client, cursor)
            seen += ids(entries)
            if cursor == "0":
                break
        assert cursor == "0"
        assert seen == wanted[len(wanted) - len(seen):]


LONG = "x" * 4000


def test_list_is_bounded_in_bytes(master):
    """slice_of() asserts it for each answer."""
    with master.client() as client:
        for number in range(100):
            client.update("smtpd", LONG + "%03d" % number, b"x")
        parts = list(slices(client))
        assert len(parts) > 100 * len(LONG) // ANSWER_LEN_MAX
        assert ids(entry for part in parts for entry in part) == [
            LONG + "%03d" % number for number in range(100)]


MANY = 120000


def test_list_of_many_holds_up_nobody(master):
    """Each slice is short, so others are served between any two."""
    sessions = {"session %06d" % number: b"x" * 100
                for number in range(MANY)}
    with master.client() as client:
        assert len(store_all(client, sessions)) == MANY
        client.update("smtpd", "bystander", b"x")
        with Bystander(master, "seed", "lookup") as bystander:
            bystander.look()
            parts = [ids(part) for part in slices(client)]
            waits = bystander.look()
    print(waits)
    assert [each for part in parts for each in part] == \
        list(sessions) + ["bystander"]
    # Had one answer held all, there would be none but one.
    assert len(parts) > 50
    assert waits.count > len(parts) / 4
    assert waits.median < 50


COUNT = 40


def test_pipelined_listings_take_turns(master):
    """Whoever asks for many slices at once gets one for each turn."""
    with master.client() as client, master.client() as other:
        store_all(client, {"id %d" % each: b"x" for each in range(20000)})
        request = [("request", "list"), ("cache_type", "smtpd"),
                   ("cursor", "0"), ("filter", "nothing like this")]
        other.policy("smtpd")
        client.send(encode(request) * COUNT)
        seen = set()
        for _ in range(1000 * COUNT):
            seen.add(statistics(other)["request.list"])
            if COUNT in seen:
                break
        assert COUNT in seen
        assert len(seen) > 5, "others had to wait for many of them"
        for _ in range(COUNT):
            assert client.receive().status == OK


def test_list_while_entries_change(master):
    """What stays is seen once, whatever comes and goes beside it."""
    with master.client() as client:
        stay = ["stays %d" % each for each in range(3000)]
        for at, key in enumerate(stay):
            client.update("smtpd", key, b"x" * 200)
            client.update("smtpd", "goes %d" % at, b"y" * 200)
        is_over = threading.Event()

        def change():
            number = 0
            with master.client() as other:
                while not is_over.is_set():
                    number += 1
                    other.update("smtpd", "comes %d" % (number % 500),
                                 b"z" * 300)
                    other.delete("smtpd", "goes %d" % (number % 3000))
        changer = threading.Thread(target=change)
        changer.start()
        try:
            for _ in range(5):
                seen = ids(listing(client))
                assert [each for each in seen
                        if each.startswith("stays")] == stay
                others = [each for each in seen
                          if not each.startswith(("stays", "comes"))]
                assert len(others) == len(set(others))
        finally:
            is_over.set()
            changer.join()


def test_two_listings_at_a_time(master):
    with master.client() as first, master.client() as second:
        keys = ["id %d" % each for each in range(5000)]
        store_all(first, {key: b"x" * 50 for key in keys})
        pairs = [slices(first), slices(second, text_filter="7")]
        seen = [[], []]
        while pairs[0] or pairs[1]:
            for at in (0, 1):
                part = next(pairs[at], None) if pairs[at] else None
                if part is None:
                    pairs[at] = None
                else:
                    seen[at] += ids(part)
        assert seen == [keys, [key for key in keys if "7" in key]]


# flush

def test_flush(master):
    with master.client() as client:
        for number in range(50):
            client.update("smtpd", "id %d" % number, b"x")
        client.update("smtp", "other", b"x")
        assert act(client, "flush", "smtpd") == OK
        assert listing(client) == []
        assert client.lookup("smtpd", "id 0").status == ERR
        assert client.lookup("smtp", "other").status == OK
        found = statistics(client)
        assert found["smtpd.entries"] == found["smtpd.bytes"] == \
            found["smtpd.oldest"] == 0
        assert client.update("smtpd", "id 0", b"new").status == OK
        assert client.lookup("smtpd", "id 0").data("session") == b"new"
        assert act(client, "flush", "smtpd") == OK
    line = master.wait_for_log("^smtpd TLS cache .* emptied on request of ")
    assert line.endswith("process %d, uid 0" % os.getpid())
    # And nothing comes back.
    master.daemons[0].kill()
    master.start()
    with master.client() as client:
        assert listing(client) == []
        assert client.lookup("smtp", "other").status in (OK, ERR)


def test_flush_in_the_middle_of_a_listing(master):
    with master.client() as client:
        store_all(client, {"id %d" % each: b"x" for each in range(20000)})
        cursor, _ = slice_of(client)
        assert cursor != "0"
        assert act(client, "flush", "smtpd") == OK
        assert slice_of(client, cursor) == ("0", [])


# Ticket keys

def key_of(reply):
    assert reply.status == OK
    return TICKET_KEY.unpack(reply.data("keybuf"))


def test_rotate(master):
    with master.client() as client:
        first = client.ticket_key()
        assert act(client, "rotate") == OK
        second = client.ticket_key()
        assert key_of(second)[0] != key_of(first)[0]
        assert key_of(client.ticket_key(key_of(first)[0]))[:3] == \
            key_of(first)[:3]
        found = statistics(client)
        assert (found["ticket_keys"], found["ticket_key_rotations"]) == (2, 2)
        assert found["ticket_key_previous_made_at"] > 0
        assert act(client, "rotate") == OK
        for key in first, second:
            assert key_of(client.ticket_key(key_of(key)[0]))[:3] == \
                key_of(key)[:3]
    line = master.wait_for_log("^session ticket key made on request of ")
    assert line.endswith("process %d, uid 0" % os.getpid())


def test_flush_tickets(make_master):
    master = make_master()
    path = master.data_directory + "/ticket_keys"
    master.configure({}, {"tlsmgr_ticket_key_file": path})
    daemon = master.start()
    with master.client() as client:
        keys = [client.ticket_key()]
        assert act(client, "rotate") == OK
        keys.append(client.ticket_key())
        assert act(client, "flush_tickets") == OK
        with open(path, "rb") as source:
            content = source.read()
        for key in keys:
            assert key_of(key)[0] not in content
            assert key_of(key)[1] not in content
            assert client.ticket_key(key_of(key)[0]).status == ERR
        assert statistics(client)["ticket_keys"] == 0
        fresh = client.ticket_key()
        assert key_of(fresh)[0] not in [key_of(key)[0] for key in keys]
    master.wait_for_log("^session ticket keys wiped on request of process "
                        r"%d, uid 0$" % os.getpid())
    daemon.hang_up()
    assert daemon.wait() == 0
    master.start()
    with master.client() as client:
        assert client.ticket_key() == fresh


def test_flush_tickets_that_another_process_has(make_master):
    """Or the next load of the file would bring them back."""
    master = make_master()
    master.configure({}, {"tlsmgr_ticket_key_file":
                          master.data_directory + "/ticket_keys"})
    old = master.start()
    with master.client() as client:
        name = key_of(client.ticket_key())[0]
    old.signal(signal.SIGSTOP)
    old.hang_up()
    master.start(generation=2)
    with master.client() as client:
        assert act(client, "flush_tickets") == ERR
        old.signal(signal.SIGCONT)
        assert old.wait() == 0
        wait_until(lambda: act(client, "flush_tickets") == OK, "the file")
        assert client.ticket_key(name).status == ERR


def test_no_tickets(make_master):
    master = make_master({"smtpd_tls_session_cache_timeout": "0"})
    master.start()
    with master.client() as client:
        assert act(client, "rotate") == FAIL
        assert act(client, "flush_tickets") == FAIL
        found = statistics(client)
        assert found["ticket_keys"] == found["ticket_lifetime"] == 0
        assert found["ticket_key_made_at"] == 0
    assert not [line for line in master.messages() if "on request" in line]


# save

def test_save(master):
    with master.client() as client:
        client.update("smtpd", "x", b"session of the test")
        client.update("smtp", "y", b"another")
        with open(master.exchange_path, "rb") as source:
            before = source.read()
        updates = statistics(client)["exchange_updates"]
        assert act(client, "save") == OK
        with open(master.exchange_path, "rb") as source:
            assert source.read() != before
        assert statistics(client)["exchange_updates"] == updates + 1
        for name, session in (("smtpd", b"session of the test"),
                              ("smtp", b"another")):
            with open("%s/%s_scache.journal" % (master.data_directory, name),
                      "rb") as source:
                assert session in source.read()
    # So nothing is lost that was there.
    master.daemons[0].kill()
    master.start()
    with master.client() as client:
        assert ids(listing(client)) == ["x"]


def test_save_waits_for_nobody(make_master):
    """The process before this one has the files."""
    master = make_master(CACHES)
    old = master.start()
    master.wait_ready()
    old.signal(signal.SIGSTOP)
    old.hang_up()
    master.start(generation=2)
    with master.client() as client:
        started = time.monotonic()
        assert act(client, "save") == ERR
        assert act(client, "flush", "smtpd") == ERR
        assert client.ask([
            ("request", "list"), ("cache_type", "smtpd"), ("cursor", "0"),
            ("filter", "")]).status == ERR
        assert time.monotonic() - started < 5
        assert statistics(client)["smtpd.ready"] == 0
        old.signal(signal.SIGCONT)
        assert old.wait() == 0
        wait_until(lambda: act(client, "save") == OK, "the files")


def test_save_where_there_is_nothing_to_save(make_master):
    master = make_master({"tls_random_exchange_name": "", **{
        name: "internal:x%d" % at for at, name in enumerate(CACHES)}})
    master.start()
    with master.client() as client:
        assert act(client, "save") == OK


# config

def parameters(client):
    reply = client.ask([("request", "config")])
    assert reply.status == OK
    found = {}
    for at in range(1, len(reply), 3):
        part = reply[at:at + 3]
        assert [name for name, _ in part] == ["parameter", "value", "origin"]
        assert part[0][1] not in found
        found[part[0][1]] = (part[1][1], part[2][1])
    return found


def test_config(make_master):
    master = make_master({"smtpd_tls_session_cache_database":
                          "btree:$data_directory/smtpd_scache",
                          "smtpd_recipient_restrictions": "permit"},
                         {"tlsmgr_client_limit": "77"})
    daemon = master.start("-o", "tls_random_bytes=16")
    with master.client() as client:
        found = parameters(client)
    main_cf = master.config_directory + "/main.cf"
    tlsmgr_cf = master.config_directory + "/tlsmgr.cf"
    with open(main_cf) as source:
        line = [at for at, text in enumerate(source, 1)
                if text.startswith("smtpd_tls_session_cache_database")][0]
    assert found["smtpd_tls_session_cache_database"] == (
        "btree:%s/smtpd_scache" % master.data_directory,
        "%s, line %d" % (main_cf, line))
    assert found["tlsmgr_client_limit"] == ("77", tlsmgr_cf + ", line 1")
    assert found["tls_random_bytes"] == ("16", "-o")
    assert found["tls_random_reseed_period"] == ("3600s", "default")
    assert found["process_id"] == (str(daemon.pid), "fixed")
    # None that is not ours to know of.
    assert "smtpd_recipient_restrictions" not in found


# What is no such request

WITH_CACHE_TYPE = ("list", "flush")
ALONE = ("stats", "config", "rotate", "flush_tickets", "save")


@pytest.mark.parametrize("request_name", WITH_CACHE_TYPE)
@pytest.mark.parametrize("rest", [
    [], [("cache_type", "nntp")], [("cache_type", "")],
    [("cache_id", "x")], [("cursor", "0"), ("cache_type", "smtpd")]])
def test_bad_cache_type(master, request_name, rest):
    with master.client() as client:
        client.update("smtpd", "x", b"x")
        reply = client.ask([("request", request_name), *rest])
        assert reply.status == FAIL
        assert reply.names()[1:] == (
            ["cursor"] if request_name == "list" else [])
        assert client.lookup("smtpd", "x").status == OK
    master.wait_for_log("^warning: request \"%s\" from process" %
                        request_name)


@pytest.mark.parametrize("request_name", WITH_CACHE_TYPE)
def test_cache_that_is_not_enabled(master, request_name):
    with master.client() as client:
        assert client.ask([
            ("request", request_name), ("cache_type", "lmtp"),
            ("cursor", "0"), ("filter", "")][:4 if request_name == "list"
                                             else 2]).status == FAIL


def test_list_without_a_filter(master):
    with master.client() as client:
        assert client.ask([
            ("request", "list"), ("cache_type", "smtpd"),
            ("cursor", "0")]).status == FAIL


@pytest.mark.parametrize("request_name", ALONE)
def test_attribute_too_many(master, request_name):
    """As with other requests: complained of, and passed over."""
    with master.client() as client:
        reply = client.ask([("request", request_name), ("more", "x")])
        assert reply.status == OK
        assert client.policy("smtpd").status == OK
    master.wait_for_log("^warning: request \"%s\" from process .*unexpected "
                        "attribute" % request_name)


# Statistics in the log

NUMBERS = re.compile(r"([\w%.]+)=(\d+)")


def logged(lines, start):
    line = [each for each in lines if each.startswith(start)][-1]
    return {name: int(value) for name, value in NUMBERS.findall(line)}


def test_statistics_at_exit(master):
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


def test_no_statistics_of_nothing(master):
    with master.client() as client:
        client.read_announcement()
        wait_until(lambda: master.daemons[0].status or master.announced,
                   "a start")
    assert master.daemons[0].terminate() == 0
    assert not [line for line in master.messages() if "statistics" in line]


def test_statistics_in_the_course_of_time(make_master):
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


@pytest.mark.parametrize("value", ["-1s", "often", "3600x"])
def test_bad_statistics_period(make_master, value):
    master = make_master({}, {"tlsmgr_statistics_period": value})
    assert master.start().wait() == 1
    master.wait_for_log("^fatal: .*tlsmgr_statistics_period: bad value")
