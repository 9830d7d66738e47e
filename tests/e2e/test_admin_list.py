"""Listings: the entries of a cache, a slice at a time."""

import threading
import time

import pytest

from admin import ANSWER_LEN_MAX, ids, listing, slice_of, slices, statistics
from attributes import OK, encode
from bystander import Bystander
from pipeline import store_all

pytestmark = pytest.mark.ours("has no such requests")


def test_a_list_has_all_entries_oldest_first(master):
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


def test_a_filter_is_a_part_of_the_identifier(master):
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
def test_a_cursor_that_is_none_fails(master, cursor):
    with master.client() as client:
        client.update("smtpd", "x", b"x")
        assert client.ask([
            ("request", "list"), ("cache_type", "smtpd"),
            ("cursor", cursor), ("filter", "")]) == [
                ("status", "4294967294"), ("cursor", "0")]
        assert ids(listing(client)) == ["x"]


@pytest.mark.parametrize("cursor", [
    "1", "2", "1000", "4294967296", "18446744073709551615"])
def test_a_cursor_that_was_not_given_out_does_no_harm(master, cursor):
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


def test_an_answer_is_bounded_in_bytes(master):
    """slice_of() asserts it for each answer."""
    with master.client() as client:
        for number in range(100):
            client.update("smtpd", LONG + "%03d" % number, b"x")
        parts = list(slices(client))
        assert len(parts) > 100 * len(LONG) // ANSWER_LEN_MAX
        assert ids(entry for part in parts for entry in part) == [
            LONG + "%03d" % number for number in range(100)]


MANY = 120000


def test_a_list_of_many_holds_up_nobody(master):
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


def test_a_list_shows_once_what_is_there_all_the_time(master):
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


def test_two_listings_do_not_disturb_each_other(master):
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
