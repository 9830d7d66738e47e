"""The same requests to the stock tlsmgr and to ours; replies compared.

TLSMGR_SEEDS, a list of numbers with blanks between them, repeats a run.
"""

import os
import random

import pytest

import installed
from attributes import ERR, FAIL, OK, Silence, to_base64
from conftest import CACHES
from fake_master import FakeMaster

REQUESTS_PER_RUN = 1500
SEEDS = [int(seed) for seed in
         os.environ.get("TLSMGR_SEEDS", "1 2 3 4").split()]

# What the daemons may be configured with in a run.
CONFIGURATIONS = {
    "two caches": CACHES,
    "smtp off": {
        **CACHES, "smtp_tls_session_cache_timeout": "0",
        "lmtp_tls_session_cache_database": "btree:${data_directory}/lmtp"},
    "smtpd off": {**CACHES, "smtpd_tls_session_cache_timeout": "0"},
    "hash": {
        "smtpd_tls_session_cache_database": "hash:${data_directory}/smtpd",
        "smtpd_tls_session_cache_timeout": "60s"},
}

ATTRIBUTES = {
    "seed": ["size"],
    "policy": ["cache_type"],
    "lookup": ["cache_type", "cache_id"],
    "update": ["cache_type", "cache_id", "session"],
    "delete": ["cache_type", "cache_id"],
    "tktkey": ["keyname"]}
REPLIES = {
    "seed": ["status", "seed"],
    "policy": ["status", "cachable", "timeout"],
    "lookup": ["status", "session"],
    "update": ["status"],
    "delete": ["status"],
    "tktkey": ["status", "keybuf"]}
# Last attribute and status of replies that every run has to see.
EVERY_KIND = {("seed", OK), ("seed", FAIL), ("timeout", OK),
              ("timeout", FAIL), ("session", OK), ("session", ERR),
              ("session", FAIL), ("status", OK), ("status", ERR),
              ("status", FAIL), ("keybuf", FAIL)}
KEY_OF_THE_OTHER = "the key that the daemon has"


# Requests: lists of (name, value), some of them wrong on purpose

def some_value(rng, name):
    if name == "size":
        return rng.choice([
            "1", "32", "255", "0", "256", "-1", "4294967295", "", "x", "7x",
            " 7", "+7", "007", "0x7", "7 ", "1.5", str(rng.randrange(300))])
    if name == "cache_type":
        return rng.choice(["smtpd"] * 6 + ["smtp"] * 6 + ["lmtp"] * 2 +
                          ["", "SMTPD", "imap", "smtpd ", "x" * 200])
    if name == "cache_id":
        return rng.choice(["id %d&s=smtp&l=%d" % (rng.randrange(40), 269)] * 9
                          + ["", "a\nb%s", "\u00e4" * 50, "x" * 1000])
    if name == "session":
        size = rng.choice([0, 1, 2, 3, 100, 1500, 8000, 30000])
        text = to_base64(rng.getrandbits(8 * size + 8).to_bytes(
            size + 1, "big")[1:])
        return rng.choice([text] * 12 + [
            text + "Q", text + "!", " " + text, text + "\n", "QQ", "_-_-"])
    return rng.choice([
        "", KEY_OF_THE_OTHER, KEY_OF_THE_OTHER, to_base64(b"n" * 16),
        to_base64(b"n" * 15), to_base64(b"n" * 17), to_base64(b"n"), "!!!!"])


def some_request(rng):
    name = rng.choice(["seed", "policy", "tktkey"] + ["lookup"] * 3 +
                      ["update"] * 3 + ["delete"] * 2)
    pairs = [("request", name)]
    pairs += [(each, some_value(rng, each)) for each in ATTRIBUTES[name]]
    if rng.random() < 0.15:
        spoil(rng, pairs)
    return pairs


def spoil(rng, pairs):
    at = rng.randrange(len(pairs))
    how = rng.randrange(6)
    if how == 0:
        del pairs[at]
    elif how == 1:
        pairs.insert(at, ("more", "1"))
    elif how == 2:
        pairs.append(rng.choice([("more", ""), pairs[at]]))
    elif how == 3:
        # Only what is called "session" may be long: see the bounds.
        pairs[at] = (pairs[at][0].upper(), pairs[at][1][:1000])
    elif how == 4:
        rng.shuffle(pairs)
    else:
        pairs[0] = ("request", rng.choice(["", "SEED", "statistics", "lookups"]))


# What ours does on purpose where stock does otherwise: an unknown request,
# or none, leaves a client of stock without an answer; ours says FAIL.

def is_unknown(pairs):
    return not pairs or (pairs[0][0] == "request" and
                         pairs[0][1] not in ATTRIBUTES)


def failure(pairs):
    """The FAIL reply to a request, with all its attributes and no data."""
    name = pairs[0][1] if pairs and pairs[0][0] == "request" else None
    names = REPLIES.get(name, ["status"])
    empty = {"status": "4294967294", "cachable": "0", "timeout": "0"}
    return [(each, empty.get(each, "")) for each in names]


def is_too_long(pairs):
    """Something stands behind all that the request needs."""
    return len(pairs) > 1 + len(ATTRIBUTES.get(pairs[0][1], []))


class Peer:
    """A daemon, a connection to it, and what it alone knows.

    Stock passes over no more of a bad list than it has in its buffer, and
    takes the rest for a request; so its connection is not used again.
    """

    def __init__(self, program, settings, is_stock):
        self.is_stock = is_stock
        self.master = FakeMaster(program, settings)
        self.master.start()
        self.client = self.master.client()
        self.key = ""

    def ask(self, pairs):
        mine = [(name, self.key if value is KEY_OF_THE_OTHER else value)
                for name, value in pairs]
        reply = self.client.ask(mine)
        if "keybuf" in reply.names() and reply.status == OK:
            self.key = to_base64(reply.data("keybuf")[:16])
        if self.is_stock and (reply.status == FAIL or is_too_long(pairs)):
            self.client.close()
            self.client = self.master.client()
        return reply

    def close(self):
        self.client.close()
        self.master.close()


def comparable(pairs, reply):
    """A reply without what is random, and without what failures leak."""
    out = []
    for name, value in reply:
        if name == "seed" and reply.status == OK:
            value = "%d bytes" % len(reply.data("seed"))
        elif name == "keybuf" and reply.status == OK:
            value = "%d bytes" % len(reply.data("keybuf"))
        elif name == "keybuf" and reply.status == ERR:
            value = ""  # stock: the name that was asked for
        elif name in ("seed", "keybuf", "session") and reply.status == FAIL:
            value = ""  # stock: what is left of an earlier reply
        out.append((name, value))
    return out


@pytest.fixture
def pair(binary, is_stock):
    """Stock and ours under the same configuration."""
    peers = []

    def make(settings):
        peers.append(Peer(installed.stock_tlsmgr(), settings, True))
        peers.append(Peer(binary, settings, is_stock))
        return peers
    yield make
    for peer in peers:
        peer.close()


@pytest.mark.parametrize("name", CONFIGURATIONS)
@pytest.mark.parametrize("seed", SEEDS)
def test_replies_are_those_of_stock(pair, is_stock, name, seed):
    stock, ours = pair(CONFIGURATIONS[name])
    rng = random.Random("%s %d" % (name, seed))
    replies = set()
    for number in range(REQUESTS_PER_RUN):
        pairs = some_request(rng)
        where = "request %d: %.300r" % (number, pairs)
        if is_unknown(pairs):
            if not is_stock:
                assert ours.ask(pairs) == failure(pairs), where
            continue
        theirs, mine = stock.ask(pairs), ours.ask(pairs)
        assert comparable(pairs, mine) == comparable(pairs, theirs), where
        if mine.status != OK and not is_stock:
            assert mine == comparable(pairs, mine), where
        replies.add((mine.names()[-1], mine.status))
    assert EVERY_KIND <= replies, "a run that proves little"


@pytest.mark.ours("leaves the client waiting")
@pytest.mark.parametrize("pairs", [
    [("request", "nonsense")], [], [("request", "")]], ids=repr)
def test_ours_answers_where_stock_is_silent(pair, pairs):
    """The exception above is needed: it would hide a fault otherwise."""
    stock, ours = pair(CACHES)
    assert is_unknown(pairs)
    assert ours.ask(pairs) == failure(pairs)
    stock.client.timeout_s = 1
    with pytest.raises(Silence):
        stock.ask(pairs)


@pytest.mark.parametrize("text", ["Q", "====", "Q===", "QUJDR", "_-_-"])
def test_both_refuse_the_same_base64(pair, text):
    stock, ours = pair(CACHES)
    for pairs in ([("request", "tktkey"), ("keyname", text)],
                  [("request", "update"), ("cache_type", "smtpd"),
                   ("cache_id", "x"), ("session", text)]):
        assert stock.ask(pairs).status == FAIL
        assert ours.ask(pairs) == failure(pairs)
