"""The other requests of administrators: flush, rotate, flush_tickets, save and
config; and what is no such request. Covers daemon_admin.c."""

import os
import re
import signal
import time

import pytest

from admin import act, ids, listing, slice_of, statistics
from attributes import ERR, FAIL, OK, TICKET_KEY
from clock_shift import ClockShift
from conftest import CACHES
from pipeline import store_all
from waiting import wait_until

pytestmark = pytest.mark.ours("has no such requests")


# flush

def test_flush_empties_one_cache_and_says_so(master):
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


def test_flush_in_the_middle_of_a_listing_ends_it(master):
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


def test_rotate_makes_a_key_that_encrypts_and_keeps_the_others(master):
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


def test_flush_tickets_forgets_all_keys_for_good(make_master):
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


def test_the_process_before_brings_no_wiped_key_back(make_master):
    """It has them in memory until it ends."""
    master = make_master()
    path = master.data_directory + "/ticket_keys"
    master.configure({}, {"tlsmgr_ticket_key_file": path})
    old = master.start()
    with master.client() as old_client:
        name = key_of(old_client.ticket_key())[0]
        old.signal(signal.SIGSTOP)
        master.start(generation=2)
        with master.client() as client:
            assert act(client, "flush_tickets") == OK
            old.signal(signal.SIGCONT)
            # It does not know that it is to end, and saves. It may make one
            # more key when it finds that all have been wiped meanwhile.
            assert act(old_client, "rotate") == OK
            wait_until(lambda: client.ticket_key(
                key_of(old_client.ticket_key())[0]).status == OK,
                "the new key is in the file")
            assert client.ticket_key(name).status == ERR
            assert old_client.ticket_key(name).status == ERR
    old.hang_up()
    assert old.wait() == 0
    with open(path, "rb") as source:
        assert name not in source.read()


def test_without_tickets_there_is_nothing_to_rotate_or_flush(make_master):
    master = make_master({"smtpd_tls_session_cache_timeout": "0"})
    master.start()
    with master.client() as client:
        assert act(client, "rotate") == FAIL
        assert act(client, "flush_tickets") == FAIL
        found = statistics(client)
        assert found["ticket_keys"] == found["ticket_lifetime"] == 0
        assert found["ticket_key_made_at"] == 0
    assert not [line for line in master.messages() if "on request" in line]


@pytest.mark.parametrize("request_name, cache_type, line", [
    ("rotate", None, "session ticket key made on request"),
    ("flush", "smtpd", "smtpd TLS cache .*: emptied on request"),
    ("flush_tickets", None, "session ticket keys wiped on request")])
def test_requests_in_a_loop_do_not_fill_the_log(
        make_master, request_name, cache_type, line):
    """One line a second of each kind, which says how many there were."""
    master = make_master(CACHES)
    clock = ClockShift(master.directory)
    daemon = master.start(environment=clock.environment)
    began = time.monotonic()
    with master.client() as client, master.client() as other:
        for _ in range(500):
            assert act(client, request_name, cache_type) == OK
        for _ in range(500):
            assert act(other, request_name, cache_type) == OK
        clock.step(1)
        assert act(client, request_name, cache_type) == OK
    assert daemon.terminate() == 0
    passed_s = int(time.monotonic() - began) + 2
    messages = master.messages()
    lines = [each for each in messages if re.search(line, each)]
    held_back = [int(each.split()[0]) for each in messages
                 if each.endswith("requests like the next one were not "
                                  "logged")]
    assert 2 <= len(lines) <= passed_s
    assert len(lines) + sum(held_back) == 1001
    assert len(messages) <= 2 * passed_s + 10


# save

def test_save_writes_what_a_kill_would_lose(master):
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


def test_saves_in_a_loop_write_the_exchange_file_once_a_second(make_master):
    master = make_master(CACHES)
    clock = ClockShift(master.directory)
    master.start(environment=clock.environment)
    with master.client() as client:
        updates = statistics(client)["exchange_updates"]
        began = time.monotonic()
        for _ in range(200):
            assert act(client, "save") == OK
        passed_s = int(time.monotonic() - began) + 1
        updates_then = statistics(client)["exchange_updates"]
        assert 1 <= updates_then - updates <= passed_s
        clock.step(1)
        assert act(client, "save") == OK
        assert statistics(client)["exchange_updates"] == updates_then + 1


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


def test_save_of_nothing_is_done(make_master):
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


def test_config_shows_each_parameter_and_where_it_was_set(make_master):
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
def test_a_bad_cache_type_fails(master, request_name, rest):
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
def test_a_cache_that_is_not_enabled_fails(master, request_name):
    with master.client() as client:
        assert client.ask([
            ("request", request_name), ("cache_type", "lmtp"),
            ("cursor", "0"), ("filter", "")][:4 if request_name == "list"
                                             else 2]).status == FAIL


def test_a_list_without_a_filter_fails(master):
    with master.client() as client:
        assert client.ask([
            ("request", "list"), ("cache_type", "smtpd"),
            ("cursor", "0")]).status == FAIL


@pytest.mark.parametrize("request_name", ALONE)
def test_an_attribute_too_many_is_passed_over(master, request_name):
    """As with other requests: complained of, and passed over."""
    with master.client() as client:
        reply = client.ask([("request", request_name), ("more", "x")])
        assert reply.status == OK
        assert client.policy("smtpd").status == OK
    master.wait_for_log("^warning: request \"%s\" from process .*unexpected "
                        "attribute" % request_name)
