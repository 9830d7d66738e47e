"""The request `destinations`: where sessions of the client side go most often.
Covers request_destinations.c."""

import pytest

from attributes import ERR, FAIL, OK, lookup_request
from clock_shift import ClockShift
from conftest import CACHES
from pipeline import ask_all, store_all
from waiting import wait_until

pytestmark = pytest.mark.ours("has no such request")

DIGEST = "291ED68369DC3C4ECB8069C49870AF4B84B3415D2A94E0FB4ECA27438404FEA3"
NAMES = ["destination", "count", "error", "lookups", "hits", "stores"]
COUNTERS = 256


def id_of(host, next_hop="example.com", address="192.0.2.1"):
    return "&".join(["smtp", next_hop, host, address, "", DIGEST])


def text_of(host):
    return "%s[192.0.2.1] for example.com" % host


def ask(client, cache_type="smtp", count=1000):
    return client.ask([("request", "destinations"),
                       ("cache_type", cache_type), ("count", str(count))])


def destinations(client, **keywords):
    """{destination: (count, error, lookups, hits, stores)}, in order."""
    reply = ask(client, **keywords)
    assert reply.status == OK
    assert reply.names()[:2] == ["status", "age"]
    found = {}
    for at in range(2, len(reply), len(NAMES)):
        part = reply[at:at + len(NAMES)]
        assert [name for name, _ in part] == NAMES
        assert part[0][1] not in found
        found[part[0][1]] = tuple(int(value) for _, value in part[1:])
    counts = [row[0] for row in found.values()]
    assert counts == sorted(counts, reverse=True)
    return found


def test_what_was_asked_found_and_stored_is_counted_for_each(master):
    with master.client() as client:
        assert client.lookup("smtp", id_of("one")).status == ERR
        assert client.update("smtp", id_of("one"), b"x").status == OK
        for _ in range(3):
            assert client.lookup("smtp", id_of("one")).status == OK
        assert client.lookup("smtp", "another form").status == ERR
        # What is no request for a session of a client.
        client.lookup("smtpd", id_of("server"))
        client.delete("smtp", id_of("deleted"))
        client.ask([("request", "lookup"), ("cache_type", "smtp")])
        assert destinations(client) == {text_of("one"): (5, 0, 4, 3, 1),
                                        "another form": (1, 0, 1, 0, 0)}
        assert list(destinations(client, count=1)) == [text_of("one")]
        assert destinations(client, count=0) == {}


def test_an_update_that_was_refused_is_a_request_and_not_stored(make_master):
    master = make_master(CACHES, {"tlsmgr_cache_max_size": "4096"})
    master.start()
    with master.client() as client:
        assert client.update("smtp", id_of("a"), b"x" * 9000).status == FAIL
        assert destinations(client) == {text_of("a"): (1, 0, 0, 0, 0)}


@pytest.mark.parametrize("rest", [
    [("cache_type", "smtpd"), ("count", "1")],
    [("cache_type", "lmtp"), ("count", "1")],  # not enabled
    [("cache_type", "nntp"), ("count", "1")],
    [("cache_type", "smtp"), ("count", "-1")],
    [("cache_type", "smtp"), ("count", "x")],
    [("cache_type", "smtp")],
    [("count", "1"), ("cache_type", "smtp")],
    []])
def test_what_is_no_proper_request_fails(master, rest):
    with master.client() as client:
        client.lookup("smtp", id_of("one"))
        reply = client.ask([("request", "destinations"), *rest])
        assert list(reply)[1:] == [("age", "0")]
        assert reply.status == FAIL
        assert len(destinations(client)) == 1


def test_of_more_destinations_than_counters_the_busy_ones_are_there(master):
    """And what is said of each is no further off than it says."""
    busy = {"busy%d" % each: 100 + 10 * each for each in range(20)}
    with master.client() as client:
        for at in range(100):
            # Ten times as many others as there are counters, meanwhile.
            store_all(client, {id_of("rare-%d-%d" % (at, each)): b"x"
                               for each in range(COUNTERS // 10)},
                      cache="smtp")
            for _ in ask_all(client, [
                    lookup_request("smtp", id_of(host))
                    for host, count in busy.items()
                    for _ in range(count // 100 + (at < count % 100))]):
                pass
        found = destinations(client)
    assert len(found) == COUNTERS
    total = sum(busy.values()) + 100 * (COUNTERS // 10)
    assert sum(row[0] for row in found.values()) == total
    for text, (count, error, lookups, hits, stores) in found.items():
        assert error <= total / COUNTERS
        assert count == error + lookups + stores
        assert hits == 0
    for host, wanted in busy.items():
        count, error, lookups, _, stores = found[text_of(host)]
        assert lookups <= wanted <= count
        assert stores == 0


def test_long_and_odd_names_are_shown_cut_and_the_answer_is_bounded(master):
    odd = "\x1b[2J\x07\n\x7f"
    with master.client() as client:
        for each in range(2 * COUNTERS):
            client.lookup("smtp", ("%03d" % each) + "x" * 4000)
            client.lookup("smtp", id_of("%03d" % each + "h" * 3000))
        for _ in range(10):
            client.lookup("smtp", id_of(odd))
        reply = ask(client)
        assert reply.status == OK
        assert sum(len(name) + len(value) + 2 for name, value in reply) \
            <= 64 * 1024
        found = destinations(client)
        assert list(found)[0] == "%s[192.0.2.1] for example.com" % odd
        assert len(found) == COUNTERS
        for text in list(found)[1:]:
            assert len(text) == 128 + 3 and text.endswith("...")


def test_a_reload_begins_anew(master):
    with master.client() as client:
        client.lookup("smtp", id_of("one"))
    master.daemons[0].hang_up()
    assert master.daemons[0].wait() == 0
    master.start(generation=2)
    with master.client() as client:
        assert destinations(client) == {}


def test_counts_are_of_this_hour_and_the_one_before(make_master):
    master = make_master({**CACHES,
                          "smtp_tls_session_cache_timeout": "86400"})
    clock = ClockShift(master.directory)
    master.start(environment=clock.environment)
    with master.client() as client:
        client.lookup("smtp", id_of("one"))
        clock.step(3610)
        wait_until(lambda: int(ask(client).value("age")) >= 3600, "an hour")
        for _ in range(3):
            client.policy("smtpd")
        client.lookup("smtp", id_of("one"))
        client.lookup("smtp", id_of("two"))
        assert destinations(client) == {text_of("one"): (2, 0, 2, 0, 0),
                                        text_of("two"): (1, 0, 1, 0, 0)}
        clock.step(3610)
        wait_until(lambda: destinations(client) == {
            text_of("one"): (1, 0, 1, 0, 0),
            text_of("two"): (1, 0, 1, 0, 0)}, "the next hour")
        clock.step(3610)
        wait_until(lambda: destinations(client) == {}, "the third hour")
