"""Bad, slow and greedy clients harm nobody else."""

import os
import time

import pytest

from attributes import FAIL, OK, Closed, Silence, encode, lookup_request, \
    update_request
from waiting import wait_until

# An answer that comes after this was kept waiting for something.
PROMPT_S = 2.0

FAILED = [("status", "4294967294")]
REPLY_NAMES = {"seed": ["status", "seed"],
               "policy": ["status", "cachable", "timeout"],
               "lookup": ["status", "session"],
               "update": ["status"],
               "delete": ["status"],
               "tktkey": ["status", "keybuf"]}

GOOD = {"seed": [("size", "8")],
        "policy": [("cache_type", "smtpd")],
        "lookup": [("cache_type", "smtpd"), ("cache_id", "x")],
        "update": [("cache_type", "smtpd"), ("cache_id", "x"),
                   ("session", "QUJD")],
        "delete": [("cache_type", "smtpd"), ("cache_id", "x")],
        "tktkey": [("keyname", "")]}


def request(name, attributes):
    return [("request", name), *attributes]


def bad_lists():
    """(id, request name, attributes): every way to get a list wrong."""
    for name, good in GOOD.items():
        for at in range(len(good)):
            yield "%s without %s" % (name, good[at][0]), name, \
                good[:at] + good[at + 1:]
            yield "%s with %s misspelt" % (name, good[at][0]), name, \
                good[:at] + [(good[at][0] + "x", good[at][1])] + good[at + 1:]
            yield "%s with %s twice" % (name, good[at][0]), name, \
                good[:at] + [good[at]] + good[at:]
        for at in range(len(good) + 1):
            yield "%s with one more at %d" % (name, at), name, \
                good[:at] + [("more", "1")] + good[at:]
        if len(good) > 1:
            yield "%s in another order" % name, name, good[::-1]


def is_served(name, attributes):
    """Only behind the last may there be more: a newer client's."""
    return attributes[:len(GOOD[name])] == GOOD[name]


BAD_LISTS = [
    pytest.param(name, attributes, id=label)
    for label, name, attributes in bad_lists()
    if not is_served(name, attributes)]
LONG_LISTS = [
    pytest.param(name, attributes, id=label)
    for label, name, attributes in bad_lists() if is_served(name, attributes)]


@pytest.mark.parametrize("name, attributes", BAD_LISTS)
def test_a_bad_list_fails(client, name, attributes):
    reply = client.ask(request(name, attributes))
    assert reply.status == FAIL
    assert reply.names() == REPLY_NAMES[name]
    # The connection is in step: the next request gets its own reply.
    assert len(client.seed(3).data("seed")) == 3


@pytest.mark.parametrize("name, attributes", LONG_LISTS)
def test_what_follows_is_passed_over(client, name, attributes):
    client.update("smtpd", "x", b"session")
    reply = client.ask(request(name, attributes))
    assert reply.status == OK
    assert reply.names() == REPLY_NAMES[name]
    assert len(client.seed(3).data("seed")) == 3


@pytest.mark.ours("the reply repeats what is left of an earlier one")
@pytest.mark.parametrize("name, attribute", [
    ("seed", "seed"), ("lookup", "session"), ("tktkey", "keybuf")])
def test_a_failed_reply_carries_no_data(client, name, attribute):
    client.ticket_key()
    assert client.ask(request(name, [])).value(attribute) == ""


@pytest.mark.ours("sends nothing")
@pytest.mark.parametrize("pairs", [
    [("request", "")], [("request", "SEED"), ("size", "8")],
    [("request", "seeds"), ("size", "8")], [("request", "statistics")],
    [("request", "x" * 4000)], []],
    ids=lambda pairs: repr(pairs)[:30])
def test_an_unknown_request_fails(client, pairs):
    client.timeout_s = PROMPT_S
    assert client.ask(pairs) == FAILED
    assert client.policy("smtpd").status == OK
    assert client.ask(pairs) == FAILED


@pytest.mark.parametrize("pairs", [
    [("size", "8"), ("request", "seed")], [("Request", "seed")],
    [("more", "1"), ("request", "policy"), ("cache_type", "smtpd")]])
def test_the_request_has_to_come_first(client, pairs):
    assert client.ask(pairs) == FAILED
    assert client.policy("smtpd").status == OK


@pytest.mark.parametrize("text", [
    "Q", "QQ", "QUI", "QUJDR", "Q===", "====", " QUJD", "QUJD ", "QU JD",
    "QUJD\n", "QU!D", "_-_-", "QUJ\u00ff", "=QUJ"])
def test_a_session_that_is_not_base64_fails(client, text):
    pairs = [("request", "update"), ("cache_type", "smtpd"),
             ("cache_id", "bad"), ("session", text)]
    assert client.ask(pairs) == FAILED
    assert client.lookup("smtpd", "bad").status != OK


@pytest.mark.parametrize("text", ["!!!!", "QQ", "AAAA\n"])
def test_a_key_name_that_is_not_base64_fails(client, text):
    assert client.ask([("request", "tktkey"), ("keyname", text)]) == [
        ("status", "4294967294"), ("keybuf", "")]


@pytest.mark.ours("does not say who")
def test_bad_input_is_logged_with_the_client(make_master):
    master = make_master()
    master.start()
    master.ask(request("policy", []))
    line = master.wait_for_log(r"^warning: .*\b%d\b" % os.getpid())
    assert line.isprintable() and len(line) < 1000


@pytest.mark.ours("logs every one")
def test_the_log_of_bad_input_is_limited(make_master):
    master = make_master()
    master.start()
    with master.client() as client:
        for _ in range(500):
            client.ask(request("policy", []))
    master.wait_for_log("^warning: ")
    assert len(master.messages()) < 50


@pytest.mark.ours("writes the record into the log")
def test_the_log_has_no_secrets(make_master):
    secret = "c2VjcmV0IHNlc3Npb24="
    master = make_master({"smtpd_tls_session_cache_database": "internal:x",
                          "smtpd_tls_loglevel": "4"})
    daemon = master.start("-v", "-v")
    with master.client() as client:
        for text in (secret, secret + "!", secret[:-1]):
            client.ask([("request", "update"), ("cache_type", "smtpd"),
                        ("cache_id", "x"), ("session", text)])
        client.lookup("smtpd", "x")
        seed = client.seed(32).value("seed")
        key = client.ticket_key().value("keybuf")
    daemon.signal(15)
    daemon.wait()
    text = "\n".join(master.log) + daemon.stderr.decode("latin-1")
    for each in (secret[:10], "secret session", seed, key[:20], key[-20:]):
        assert each not in text


# Pieces

@pytest.mark.ours("may take the first byte for a trigger", strict=False)
def test_a_request_in_single_bytes_is_served(client):
    client.read_announcement()
    for pairs in (request("policy", GOOD["policy"]),
                  update_request("smtpd", "bytewise", b"x" * 40),
                  lookup_request("smtpd", "bytewise"),
                  request("seed", GOOD["seed"])):
        client.send_in_pieces(encode(pairs))
        assert client.receive().status == OK
    assert client.delete("smtpd", "bytewise").status == OK


@pytest.mark.ours("may take the first byte for a trigger", strict=False)
def test_a_request_cut_anywhere_is_served(client):
    client.read_announcement()
    data = encode(request("policy", GOOD["policy"]))
    for cut in range(1, len(data)):
        client.send(data[:cut])
        client.send(data[cut:])
        assert client.receive() == [
            ("status", "0"), ("cachable", "1"), ("timeout", "3600")]


@pytest.mark.ours("answers the first only")
def test_requests_in_one_write_are_served_in_order(client):
    client.read_announcement()
    sizes = [1 + number % 255 for number in range(300)]
    client.send(b"".join(
        encode([("request", "seed"), ("size", size)]) for size in sizes))
    for size in sizes:
        assert len(client.receive().data("seed")) == size


@pytest.mark.ours("answers the first only")
def test_bad_requests_do_not_disturb_good_ones_in_one_write(client):
    client.read_announcement()
    client.timeout_s = PROMPT_S
    client.send(encode([("request", "nonsense")]) +
                encode(request("policy", GOOD["policy"])) +
                encode(request("seed", [])) + encode([]) +
                encode(request("seed", GOOD["seed"])))
    assert client.receive() == FAILED
    assert client.receive().value("cachable") == "1"
    assert client.receive() == [("status", "4294967294"), ("seed", "")]
    assert client.receive() == FAILED
    assert len(client.receive().data("seed")) == 8


# Too much

@pytest.mark.ours("has no bounds")
@pytest.mark.parametrize("data", [
    b"x" * 10000,
    b"request\0" + b"x" * 10000,
    b"request\0lookup\0cache_type\0smtpd\0cache_id\0" + b"x" * 10000 + b"\0\0",
    b"request\0update\0cache_type\0smtpd\0cache_id\0x\0session\0" +
    b"QUJD" * 200000 + b"\0\0",
    b"request\0" + b"a\0b\0" * 300000,
], ids=["name", "value", "id", "session", "number of attributes"])
def test_an_oversized_list_closes_its_connection_only(service, data):
    with service.client() as other, service.client() as client:
        other.policy("smtpd")
        client.read_announcement()
        try:
            client.send(data)
        except Closed:
            pass
        client.wait_closed(PROMPT_S)
        assert other.policy("smtpd").status == OK


def memory_bytes(pid):
    with open("/proc/%d/statm" % pid) as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# Too slow

@pytest.mark.ours("waits for the rest of a request")
def test_stalled_clients_hold_up_nobody(service):
    stalled = []
    try:
        for length in range(1, 41):
            client = service.client()
            stalled.append(client)
            client.send(encode(request("lookup", GOOD["lookup"]))[:length])
        started = time.monotonic()
        with service.client(PROMPT_S) as client:
            for _ in range(100):
                assert client.policy("smtpd").status == OK
        assert time.monotonic() - started < PROMPT_S
        for length, client in enumerate(stalled, 1):
            client.read_announcement()
            client.send(encode(request("lookup", GOOD["lookup"]))[length:])
            assert client.receive().names() == ["status", "session"]
    finally:
        for client in stalled:
            client.close()


@pytest.mark.ours("waits for the client to read")
def test_a_client_that_never_reads_holds_up_nobody(make_master):
    master = make_master({"smtpd_tls_session_cache_database": "internal:x"})
    daemon = master.start()
    session = os.urandom(100000)
    master.ask(update_request("smtpd", "large", session))
    before_bytes = memory_bytes(daemon.pid)
    with master.client() as greedy:
        greedy.read_announcement()
        greedy.send(encode(lookup_request("smtpd", "large")) * 300)
        with master.client(PROMPT_S) as client:
            for _ in range(100):
                assert client.policy("smtpd").status == OK
        assert memory_bytes(daemon.pid) - before_bytes < 8 << 20
        # It reads at last, and gets all that it asked for, in order.
        for _ in range(300):
            assert greedy.receive().data("session") == session


@pytest.mark.ours("serves whom it likes")
def test_a_pipelining_client_starves_nobody(service):
    """Replies are read here, so that the daemon is never short of work."""
    with service.client() as busy, service.client(PROMPT_S) as client:
        client.policy("smtpd")
        busy.read_announcement()
        busy.send(encode(request("seed", [("size", "1")])) * 1000)
        assert client.policy("smtpd").status == OK
        for _ in range(1000):
            assert len(busy.receive().data("seed")) == 1


def test_hundreds_of_clients_are_served(service):
    clients = [service.client() for _ in range(300)]
    try:
        for client in clients:
            assert client.policy("smtpd").status == OK
        for client in reversed(clients):
            assert len(client.seed(9).data("seed")) == 9
    finally:
        for client in clients:
            client.close()


def test_an_idle_client_is_kept(service):
    """No request, no reply, no byte: others come and go meanwhile."""
    with service.client() as idle:
        idle.policy("smtpd")
        for _ in range(50):
            service.ask(request("policy", GOOD["policy"]))
        assert not idle.is_readable()
        assert idle.policy("smtpd").status == OK


def test_descriptors_are_given_back(service):
    daemon = service.daemons[-1]
    directory = "/proc/%d/fd" % daemon.pid
    before = len(os.listdir(directory))
    for data in (b"", b"W\0", b"x", b"x" * 10000, encode([("a", "b")])):
        for _ in range(20):
            with service.client() as client:
                try:
                    client.send(data)
                except (Closed, Silence):
                    pass
    wait_until(lambda: len(os.listdir(directory)) <= before + 1,
               lambda: os.listdir(directory))
