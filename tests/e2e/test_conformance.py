"""What every request is answered with."""

import time

import pytest

from attributes import ERR, FAIL, OK, TICKET_KEY, Closed, lookup_request, \
    update_request

NO_SUCH_KEY = b"no such key name"
ALL_BYTES = bytes(range(256))
LOOKUP_LARGE = b"request\0lookup\0cache_type\0smtpd\0cache_id\0large\0\0"


# seed

@pytest.mark.parametrize("size", [1, 2, 32, 254, 255])
def test_a_seed_has_the_size_asked_for(client, size):
    reply = client.seed(size)
    assert reply.names() == ["status", "seed"]
    assert reply.status == OK
    assert len(reply.data("seed")) == size


@pytest.mark.parametrize("size", ["0", "256", "1000000", "4294967295",
                                  "4294967294", "-1"])
def test_a_seed_of_a_bad_size_fails(client, size):
    reply = client.seed(size)
    assert reply == [("status", "4294967294"), ("seed", "")]


@pytest.mark.ours("the reply repeats what is left of an earlier one")
@pytest.mark.parametrize("size", ["", " ", "x", "12x", "12 ", "0x10", "1.5",
                                  "--1", "1\n"])
def test_a_seed_size_that_is_no_number_fails(client, size):
    client.ticket_key()
    reply = client.seed(size)
    assert reply == [("status", "4294967294"), ("seed", "")]


@pytest.mark.parametrize("size", [" 12", "+12", "012", "\t12"])
def test_a_size_is_what_scanf_takes(client, size):
    assert len(client.seed(size).data("seed")) == 12


def test_seeds_differ(service):
    with service.client() as first, service.client() as second:
        seeds = [each.seed(32).data("seed")
                 for _ in range(200) for each in (first, second)]
    assert len(set(seeds)) == len(seeds)


def test_seeds_differ_between_processes(make_master):
    seeds = []
    for _ in range(3):
        master = make_master({"tls_random_exchange_name": ""})
        master.start()
        with master.client() as client:
            seeds.append(client.seed(255).data("seed"))
    assert len(set(seeds)) == 3
    assert len({seed[:16] for seed in seeds}) == 3


# policy

@pytest.mark.parametrize("cache_type, cachable",
                         [("smtpd", 1), ("smtp", 1), ("lmtp", 0)])
def test_policy_says_whether_sessions_are_cached(client, cache_type, cachable):
    assert client.policy(cache_type) == [
        ("status", "0"), ("cachable", str(cachable)), ("timeout", "3600")]


@pytest.mark.parametrize("cache_type", ["", "SMTPD", "smtpd ", "imap",
                                        "smtpdx", "smt"])
def test_the_policy_of_an_unknown_type_fails(client, cache_type):
    assert client.policy(cache_type) == [
        ("status", "4294967294"), ("cachable", "0"), ("timeout", "0")]


@pytest.mark.parametrize("setting, timeout_s", [
    ("0", 0), ("1", 120), ("119s", 120), ("120", 120), ("121", 121),
    ("1h", 3600), ("90m", 5400), ("2d", 172800), ("1w", 604800),
    ("8640000", 8640000)])
def test_policy_says_the_timeout_in_force(make_master, setting, timeout_s):
    master = make_master({
        "smtpd_tls_session_cache_database": "internal:x",
        "smtpd_tls_session_cache_timeout": setting,
        "smtp_tls_session_cache_timeout": setting})
    master.start()
    with master.client() as client:
        cachable = 1 if timeout_s else 0
        assert client.policy("smtpd") == [
            ("status", "0"), ("cachable", str(cachable)),
            ("timeout", str(timeout_s))]
        assert client.policy("smtp") == [
            ("status", "0"), ("cachable", "0"), ("timeout", str(timeout_s))]


# lookup, update, delete

@pytest.mark.parametrize("session", [
    b"\0", b"x", ALL_BYTES, ALL_BYTES * 6, ALL_BYTES * 40, b"\xff" * 100000,
    b"y" * 150000], ids=len)
def test_a_session_comes_back_as_it_was(client, session):
    cache_id = "round trip"
    assert client.update("smtpd", cache_id, session) == [("status", "0")]
    reply = client.lookup("smtpd", cache_id)
    assert reply.names() == ["status", "session"]
    assert reply.status == OK
    assert reply.data("session") == session
    assert client.delete("smtpd", cache_id) == [("status", "0")]
    assert client.lookup("smtpd", cache_id) == [
        ("status", "4294967295"), ("session", "")]


@pytest.mark.parametrize("cache_id", [
    "x", "0" * 64 + "&s=smtp&l=805306608", "a b", "100%s%n", "line\nbreak",
    "\x01\x7f", "gr\u00fc\u00dfe", "x" * 4000])
def test_a_cache_id_is_any_string(client, cache_id):
    assert client.update("smtp", cache_id, b"one").status == OK
    assert client.lookup("smtp", cache_id).data("session") == b"one"
    assert client.lookup("smtp", cache_id + "x").status == ERR
    assert client.delete("smtp", cache_id).status == OK


@pytest.mark.ours("a lookup key has to be UTF-8")
def test_a_cache_id_need_not_be_text(client):
    assert client.update("smtp", b"\xff\xfe\x80", b"one").status == OK
    assert client.lookup("smtp", b"\xff\xfe\x80").data("session") == b"one"
    assert client.delete("smtp", b"\xff\xfe\x80").status == OK


def test_an_update_replaces_what_was_there(client):
    for session in (b"first" * 50, b"2", b"third" * 1000):
        assert client.update("smtpd", "replaced", session).status == OK
        assert client.lookup("smtpd", "replaced").data("session") == session
    assert client.delete("smtpd", "replaced").status == OK
    assert client.lookup("smtpd", "replaced").status == ERR


def test_caches_are_apart(client):
    client.update("smtpd", "same id", b"of the server")
    client.update("smtp", "same id", b"of the client")
    assert client.lookup("smtpd", "same id").data("session") == \
        b"of the server"
    assert client.delete("smtpd", "same id").status == OK
    assert client.lookup("smtp", "same id").data("session") == \
        b"of the client"
    assert client.delete("smtp", "same id").status == OK


def test_clients_share_the_cache(service):
    with service.client() as one, service.client() as other:
        one.update("smtpd", "shared", b"session")
        assert other.lookup("smtpd", "shared").data("session") == b"session"
        assert other.delete("smtpd", "shared").status == OK
        assert one.lookup("smtpd", "shared").status == ERR


def test_the_deletion_of_nothing_is_an_error(client):
    assert client.delete("smtpd", "never stored") == [
        ("status", "4294967295")]


def test_many_sessions_are_found_again(client):
    sessions = {"id %d" % number: b"%d " % number * (number % 40 + 1)
                for number in range(500)}
    for cache_id, session in sessions.items():
        assert client.update("smtpd", cache_id, session).status == OK
    for cache_id, session in sessions.items():
        assert client.lookup("smtpd", cache_id).data("session") == session
    for cache_id in sessions:
        assert client.delete("smtpd", cache_id).status == OK


@pytest.mark.parametrize("cache_type", ["lmtp", "imap", ""])
def test_a_cache_that_is_not_enabled_fails(client, cache_type):
    assert client.lookup(cache_type, "x") == [
        ("status", "4294967294"), ("session", "")]
    assert client.update(cache_type, "x", b"y") == [("status", "4294967294")]
    assert client.delete(cache_type, "x") == [("status", "4294967294")]


def test_a_timeout_of_zero_disables_the_cache(make_master):
    master = make_master({
        "smtpd_tls_session_cache_database": "internal:x",
        "smtpd_tls_session_cache_timeout": "0"})
    master.start()
    with master.client() as client:
        assert client.lookup("smtpd", "x").status == FAIL
        assert client.update("smtpd", "x", b"y").status == FAIL
        assert client.delete("smtpd", "x").status == FAIL


# tktkey

def test_a_ticket_key_is_laid_out_as_postfix_reads_it(client):
    earliest = int(time.time())
    reply = client.ticket_key()
    assert reply.names() == ["status", "keybuf"]
    assert reply.status == OK
    assert TICKET_KEY.size == 88
    name, cipher, mac, until = TICKET_KEY.unpack(reply.data("keybuf"))
    assert earliest < until <= time.time() + 3600 / 2
    secrets = name + cipher + mac
    assert len(set(secrets)) > 40, "not random: %r" % secrets


def test_the_ticket_key_stays_the_same_for_a_while(service):
    with service.client() as one, service.client() as other:
        key = one.ticket_key()
        assert other.ticket_key() == key
        assert other.ticket_key(key.data("keybuf")[:16]) == key


@pytest.mark.ours("the reply repeats the name")
def test_the_reply_without_a_ticket_key_has_no_data(client):
    assert client.ticket_key(NO_SUCH_KEY) == [
        ("status", "4294967295"), ("keybuf", "")]


def test_an_unknown_ticket_key_is_an_error(client):
    assert client.ticket_key(NO_SUCH_KEY).status == ERR


@pytest.mark.parametrize("length", [1, 15, 17, 32, 88, 300])
def test_a_ticket_key_name_of_a_bad_length_fails(client, length):
    assert client.ticket_key(b"n" * length) == [
        ("status", "4294967294"), ("keybuf", "")]


def test_there_are_ticket_keys_without_a_cache(make_master):
    master = make_master()
    master.start()
    with master.client() as client:
        assert client.policy("smtpd").number("cachable") == 0
        assert len(client.ticket_key().data("keybuf")) == 88


def test_there_is_no_ticket_key_with_a_timeout_of_zero(make_master):
    master = make_master({"smtpd_tls_session_cache_timeout": "0"})
    master.start()
    with master.client() as client:
        assert client.ticket_key() == [
            ("status", "4294967295"), ("keybuf", "")]
        assert client.ticket_key(NO_SUCH_KEY).status == ERR


# The announcement, and master's trigger

def test_a_client_is_spoken_to_first_as_its_version_wants(service):
    """A client that expects one gets it first, and once; another, none."""
    with service.client() as client:
        for _ in range(3):
            assert client.policy("smtpd").status == OK
        assert not client.is_readable()


@pytest.mark.parametrize("setting, announced", [("yes", True), ("no", False)])
@pytest.mark.ours("has no such parameter", strict=False)
def test_the_announcement_can_be_set(make_master, setting, announced):
    master = make_master(own_settings={"tlsmgr_announce_protocol": setting},
                         announced=announced)
    master.start()
    with master.client() as client:
        assert client.policy("smtpd").status == OK
        assert not client.is_readable()


@pytest.mark.parametrize("pieces", [[b"W\0"], [b"W", b"\0"]])
def test_a_trigger_is_closed_at_once(service, pieces):
    with service.client() as client:
        client.read_announcement()
        for piece in pieces:
            client.send(piece)
        assert client.wait_closed() == b""


def test_the_service_goes_on_after_a_trigger(service):
    with service.client() as other:
        other.policy("smtpd")
        for _ in range(20):
            with service.client() as client:
                client.send(b"W\0")
                client.wait_closed()
        assert other.policy("smtpd").status == OK


def test_a_client_may_leave_at_once(service):
    for data in (b"", b"request", b"request\0seed\0size\00032\0\0"):
        with service.client() as client:
            client.send(data)
    assert service.ask([("request", "seed"), ("size", 1)]).status == OK


def test_a_client_may_leave_before_the_reply(service):
    """A reply to nobody is no reason to end (SIGPIPE, EPIPE)."""
    service.ask(update_request("smtpd", "large", b"x" * 100000))
    for _ in range(10):
        with service.client() as client:
            try:
                client.send(LOOKUP_LARGE * 10)
            except Closed:
                pass
    assert service.ask(lookup_request("smtpd", "large")).status == OK
