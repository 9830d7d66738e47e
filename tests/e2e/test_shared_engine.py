"""Hosts that share sessions and ticket keys through an engine: what they share,
and in what form (covers daemon_engine.c, ticket_key_ring.c).
"""

import json
import os

import pytest

import engine as engines
import memory
import shared_format
import shared_group
from attributes import OK
from shared_host import EPOCH_S, OTHER, SECRET, TIMEOUT_S
from shared_member import (SESSION, TLS13, find, give_key_file, is_up, number,
                           poll, statistics, store, update, wait_up)
from waiting import wait_until

pytestmark = [
    pytest.mark.ours("it shares nothing"),
    pytest.mark.skipif(not engines.program(),
                       reason="neither valkey-server nor redis-server"),
]


def side_of(host, name="smtpd"):
    """Its keys, by the second implementation."""
    settings = [("smtpd_tls_security_level", "may")] if name == "smtpd" else []
    side = shared_group.Side(SECRET, "postfix", name, TIMEOUT_S,
                             shared_group.digest(settings, []))
    assert statistics(host)["shared.fingerprint_" + name] == \
        side.fingerprint()
    return side


# Sessions

@pytest.mark.parametrize("chroot", [False, True], ids=["no jail", "jail"])
def test_a_session_of_one_host_is_found_by_the_other(make_member, chroot):
    one, other = make_member(), make_member(is_started=False)
    other.chroot = chroot
    other.start()
    wait_up(other)
    store(one, "AB&s=smtp&l=1")
    assert find(other, "AB&s=smtp&l=1") == SESSION
    assert number(other, "hits") == 1
    # It is kept there, too.
    assert find(other, "AB&s=smtp&l=1") == SESSION
    assert number(other, "lookups") == 1
    assert find(other, "CD&s=smtp&l=1") is None
    assert number(other, "misses") == 1
    assert not one.warnings() + other.warnings()


def test_a_deletion_is_for_all_that_have_not_found_it_yet(make_member):
    one, other = make_member(), make_member()
    store(one, "id")
    assert one.client.delete("smtpd", "id").status == OK
    wait_until(lambda: number(one, "deletes") == 1, "it is deleted")
    assert find(other, "id") is None


def test_outbound_sessions_are_shared_where_they_are_named(make_member):
    both = {"tlsmgr_shared_caches": "smtpd, smtp"}
    one, other, third = (make_member(**both), make_member(**both),
                         make_member())
    store(one, "smtp&next&hop", cache="smtp")
    assert find(other, "smtp&next&hop", cache="smtp") == SESSION
    assert find(other, "smtp&next&hop") is None
    assert find(third, "smtp&next&hop", cache="smtp") is None
    assert "2 caches" in "".join(one.log())
    assert "1 cache, ticket keys until" in "".join(third.log())


def test_a_directory_of_certificates_is_warned_of(make_member):
    """It cannot be compared, and trust travels with an outbound session."""
    one = make_member(is_started=False, tlsmgr_shared_caches="smtpd, smtp")
    one.settings.update({"smtp_tls_CApath": "/etc/ssl/certs",
                         "lmtp_tls_CApath": "/etc/ssl/certs",
                         "smtpd_tls_CApath": "/etc/ssl/certs"})
    one.start()
    warning, = one.warnings()
    assert "shared: smtp_tls_CApath is set: " in warning


def test_sessions_that_nobody_can_ask_for_are_not_sent(make_member):
    one = make_member(tlsmgr_shared_caches="smtpd smtp",
                      tlsmgr_shared_max_value="1k")
    update(one, "tls 1.3", TLS13)
    update(one, "large", SESSION * 5)
    store(one, "outbound", TLS13, cache="smtp")
    assert number(one, "stores") == 1
    assert find(one, "tls 1.3") == TLS13
    assert number(one, "queue") == 0


def test_records_are_those_of_the_second_implementation(make_member, engine):
    """It reads what the daemon wrote, and the daemon reads what it writes."""
    one = make_member()
    side = side_of(one)
    store(one, "id of ours")
    name = shared_format.name(side, shared_format.SESSION, b"id of ours")
    put_at, session = shared_format.unseal(side, name, engine.ask("GET", name))
    assert session == SESSION
    assert abs(put_at - one.now()) < 100
    life_s = engine.ask("PTTL", name) / 1000
    assert TIMEOUT_S - 100 < life_s <= TIMEOUT_S
    name = shared_format.name(side, shared_format.SESSION, b"id of theirs")
    engine.ask("SET", name, shared_format.seal(
        side, name, int(one.now()), b"their session", os.urandom(12)))
    assert find(one, "id of theirs") == b"their session"
    # A moved, an old and an unsealed one.
    moved = shared_format.name(side, shared_format.SESSION, b"moved")
    engine.ask("SET", moved, engine.ask("GET", name))
    old = shared_format.name(side, shared_format.SESSION, b"old")
    engine.ask("SET", old, shared_format.seal(
        side, old, int(one.now()) - TIMEOUT_S - 100, b"x", os.urandom(12)))
    bare = shared_format.name(side, shared_format.SESSION, b"bare")
    engine.ask("SET", bare, SESSION)
    for identifier in ("moved", "old", "bare"):
        assert find(one, identifier) is None
    assert number(one, "rejected") == 2


def test_nothing_readable_leaves_the_host(make_member, engine):
    """All that the engine is sent, and all of its memory, is looked through."""
    watcher = engine.connect()
    watcher.ask("MONITOR")
    one = make_member(tlsmgr_shared_caches="smtpd, smtp")
    secrets = [b"mx.example.com", b"s=smtp&l=80", b"a very secret session",
               SESSION[20:60], SECRET, SECRET.hex().encode()]
    store(one, "ABCDEF&s=smtp&l=805306608", secrets[2] + SESSION)
    store(one, "smtp&example.com&mx.example.com&192.0.2.1", SESSION,
          cache="smtp")
    find(one, "mx.example.com")
    one.client.delete("smtpd", "ABCDEF&s=smtp&l=805306608")
    secrets += one.key()[:3]
    wait_until(lambda: number(one, "deletes") == 1 and
               number(one, "queue") == 0, "all is sent")
    seen = b""
    while b'"DEL"' not in seen:
        line = watcher.file.readline()
        # It writes other bytes as \xNN.
        seen += line.decode("unicode_escape").encode("latin-1")
    watcher.close()
    for name in engine.names():
        seen += name + engine.ask("GET", name)
    for secret in secrets:
        assert secret not in seen, secret
    # But for bytes that count up: tables of libraries do that, too.
    assert not memory.find(engine.process.pid, secrets[:3] + secrets[-3:])
    assert seen.count(b"tlsmgr:") >= 8


def test_a_user_of_the_sample_needs_no_more_than_it_may(make_member, engine):
    make_member()
    lines = engine.ask("ACL", "LOG")
    assert lines == []


# Ticket keys

def test_all_hosts_have_one_key_that_the_secret_does_not_give(make_member):
    hosts = [make_member() for _ in range(3)]
    key = hosts[0].key()
    for host in hosts[1:]:
        assert host.key() == key
    side = side_of(hosts[0])
    epoch = side.epoch(hosts[0].now())
    assert key[3] == side.encrypt_until(epoch)
    assert b"".join(key[:3]) != side.ticket_key(epoch)
    until = number(hosts[0], "ticket_keys_until")
    assert until == side.encrypt_until(epoch + 1)
    assert not sum((host.warnings() for host in hosts), [])


def test_a_key_follows_from_what_the_engine_has_and_the_secret(make_member,
                                                               engine):
    one = make_member()
    side = side_of(one)
    epoch = side.epoch(one.now())
    name = shared_format.name(side, shared_format.TICKET_KEY,
                              str(epoch).encode())
    _, value = shared_format.unseal(side, name, engine.ask("GET", name))
    assert len(value) == 36 and value[:4] == bytes(4)
    assert b"".join(one.key()[:3]) == side.ticket_key(epoch, value[4:])


def test_a_rotation_reaches_the_others_and_old_tickets_open(make_member,
                                                            engine):
    one, other = make_member(), make_member()
    before = one.key()
    assert one.run("rotate").status == 0
    wait_until(lambda: number(one, "ticket_key") == 1, "it is published")
    after = one.key()
    assert after[:3] != before[:3]
    assert other.key() == before
    poll(engine, other)
    assert other.key() == after
    for host in (one, other):
        assert host.takes(before)
        assert host.key(before[0])[3] < host.now()


def test_a_flush_wipes_the_keys_of_this_host(make_member, engine):
    one, other = make_member(), make_member()
    before = one.key()
    assert one.run("flush-tickets").status == 0
    assert not one.takes(before)
    poll(engine, one, other)
    assert one.key() == other.key()
    assert not one.takes(before)


def test_two_rotations_at_once_end_with_one_key(make_member, engine):
    one, other = make_member(), make_member()
    assert one.run("rotate").status == other.run("rotate").status == 0
    theirs = [one.key(), other.key()]
    poll(engine, one, other, one, other)
    assert one.key() == other.key()
    assert one.key() in theirs
    assert one.takes(theirs[0]) and other.takes(theirs[1])


def test_a_reload_needs_no_engine_to_keep_its_keys(make_member, engine):
    one = make_member()
    give_key_file(one)
    one.reload()
    wait_up(one)
    key = one.key()
    engine.stop()
    one.reload()
    assert one.key() == key
    assert number(one, "ticket_key") == 1
    one.clock.step(EPOCH_S)
    assert number(one, "ticket_key") == 1  # it was known before
    assert one.takes(key)


def test_secrets_are_replaced_with_overlap_and_nothing_is_lost(make_member,
                                                               engine):
    hosts = [make_member() for _ in range(2)]
    made = []

    def look():
        made.extend(host.key() for host in hosts)
        poll(engine, *hosts)
        for host in hosts:
            for key in made:
                assert host.takes(key)
    look()
    for secrets in ((SECRET, OTHER), (OTHER, SECRET)):
        for host in hosts:
            host.give(*secrets)
            host.reload()
            wait_up(host)
            look()
        store(hosts[0], "id of %s" % len(made))
        assert find(hosts[1], "id of %s" % len(made)) == SESSION
    assert hosts[0].key() == hosts[1].key()
    for host in hosts:
        for line in host.warnings():
            assert "closed the connection" in line  # by poll()


# The tool

def test_the_tool_shows_the_engine(make_member, engine):
    one = make_member()
    text = one.run("status").text
    assert engine.server in text
    assert "only decrypts" not in text  # there is none yet
    state = json.loads(one.run("status", "--json").text)["shared"]
    assert state["state"] == "up" and state["server"] == engine.server
    assert "tlsmgr_shared_connects_total" in one.run(
        "status", "--prometheus").text


@pytest.mark.parametrize("servers, reason", [
    ("valkey.example.com:6379", "valkey.example.com:6379: not an address"),
    ("127.0.0.1", "127.0.0.1: no port"),
    ("unix:relative", "unix:relative: the path of a socket is absolute")])
def test_a_bad_server_is_one_warning_and_a_host_of_its_own(
        make_member, servers, reason):
    one = make_member(wait=False, tlsmgr_shared_servers=servers)
    assert one.key()
    warning, = one.warnings()
    assert reason in warning and warning.endswith("; nothing is shared")
    for subcommand in ("status", "check"):
        assert reason in one.run(subcommand).text.splitlines()[0]
    assert statistics(one)["shared.state"] == "failed"


def test_a_bad_password_file_is_one_warning_without_what_is_in_it(make_member):
    one = make_member(is_started=False)
    with open(one.password_path, "w") as output:
        output.write("three secret words\n")
    one.start()
    warning, = one.warnings()
    assert one.password_path + ": more than a user and a password" in warning
    assert "secret words" not in warning


def test_words_that_are_no_caches_are_passed_over(make_member):
    one = make_member(tlsmgr_shared_caches="smtpd, imap")
    warning, = one.warnings()
    assert '"imap" is none of smtpd, smtp, lmtp' in warning
    store(one, "id")
