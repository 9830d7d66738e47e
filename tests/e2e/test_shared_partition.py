"""A host that cannot reach the engine any more, because what it sends and what
it is sent is lost on the way: in a network of its own, with nft(8)."""

import shutil
import subprocess
import tempfile

import pytest

import engine as engines
from attributes import ERR, OK
from own_network import own_network
from shared_host import EPOCH_S
from shared_member import (SESSION, find, is_up, make_member, number,
                           statistics, store, update, wait_down, wait_up)
from waiting import wait_until

pytestmark = [
    pytest.mark.ours("it shares nothing"),
    pytest.mark.skipif(not engines.program(),
                       reason="neither valkey-server nor redis-server"),
    pytest.mark.skipif(not shutil.which("nft", path="/usr/sbin:/sbin"),
                       reason="no nft"),
]

POLL_S = 75  # the longest time between two questions for keys

# The engine has two: one on the far side of the cut.
NEAR, FAR = "127.0.2.1", "127.0.2.2"
CUT = """
table inet cut {
	chain leaving { type filter hook output priority 0;
		ip daddr %s drop; ip saddr %s drop; }
}""" % (FAR, FAR)


def nft(text):
    # Its version 0.9 opens /dev/stdin, which not every /dev has.
    with tempfile.NamedTemporaryFile("w", suffix=".nft") as rules:
        rules.write(text)
        rules.flush()
        subprocess.run(["/usr/sbin/nft", "-f", rules.name], check=True)


def cut():
    nft(CUT)


def heal():
    nft("delete table inet cut")


@pytest.fixture
def make_far_and_near(make_host, tmp_path):
    """make_far_and_near(...): an engine, a host on the far side, started or
    not, and two others."""
    with own_network([NEAR, FAR]), \
            engines.Engine(str(tmp_path / "engine"), "bind 0.0.0.0") as engine:
        def make(**far):
            near = "%s:%d" % (NEAR, engine.port)
            return (make_member(make_host, engine,
                                server="%s:%d" % (FAR, engine.port), **far),
                    make_member(make_host, engine, server=near),
                    make_member(make_host, engine, server=near))
        yield make


def serves(host, name):
    update(host, name)
    assert find(host, name) == SESSION
    assert host.client.lookup("smtpd", name + " none").status == ERR
    assert host.takes(host.key())


def knows_next(host):
    epoch = (int(host.now()) + 1) // EPOCH_S
    return number(host, "ticket_keys_until") == (epoch + 2) * EPOCH_S - 1


def agree(*hosts):
    """They have one key, and the next, once all have asked again."""
    for host in hosts:
        host.clock.step(POLL_S)
    wait_until(lambda: all(knows_next(host) for host in hosts) and
               len({host.key() for host in hosts}) == 1, "one key")


def test_a_host_that_is_cut_off_waits_three_times_and_comes_back(
        make_far_and_near):
    far, one, other = make_far_and_near(tlsmgr_shared_lookup_ms="100")
    key = far.key()
    store(far, "old")
    cut()
    for i in range(30):
        assert find(far, "none %d" % i) is None
    assert number(far, "timeouts") == 3
    assert far.client.ask([("request", "delete"), ("cache_type", "smtpd"),
                           ("cache_id", "old")]).status == OK
    serves(far, "far")
    store(one, "id")
    assert find(other, "id") == SESSION
    assert one.key() == other.key() == far.key() == key
    heal()
    wait_up(far)
    wait_until(lambda: statistics(far)["shared.queue"] == "0", "all is sent")
    assert find(far, "id") == SESSION
    assert find(other, "old") is None
    assert len(far.warnings()) == 1


def test_a_host_that_starts_cut_off_serves_and_has_the_key_of_all_later(
        make_far_and_near):
    far, one, other = make_far_and_near(is_started=False)
    key = one.key()
    cut()
    far.start()
    serves(far, "far")
    own = far.key()
    assert number(far, "lookups") == number(far, "timeouts") == 0
    heal()
    wait_up(far)
    agree(far, one, other)
    assert far.takes(own)
    for host in (far, one, other):
        assert host.takes(key)


def test_a_host_that_is_cut_off_over_an_epoch_has_one_key_with_all_later(
        make_far_and_near):
    far, one, other = make_far_and_near(tlsmgr_shared_lookup_ms="100")
    cut()
    for i in range(3):
        assert find(far, "none %d" % i) is None
    wait_down(far)
    for _ in range(2):
        far.clock.step(EPOCH_S)
        for host in (one, other):
            host.clock.step(EPOCH_S - POLL_S)
        agree(one, other)
    own = far.key()
    assert one.key() != own
    heal()
    wait_up(far)
    agree(far, one, other)
    assert far.takes(own)


def test_a_reload_while_it_is_cut_off_ends_and_loses_no_key(make_far_and_near):
    far, one, _ = make_far_and_near(tlsmgr_shared_lookup_ms="100")
    key = far.key()
    cut()
    for i in range(100):
        update(far, "id %d" % i, SESSION * 10)
    pending = far.master.client()
    pending.send(b"request\0lookup\0cache_type\0smtpd\0cache_id\0none\0\0")
    far.reload()
    assert pending.receive().status == ERR
    pending.close()
    assert far.key() == key
    serves(far, "far")
    assert not is_up(far)
    heal()
    wait_up(far)
    assert far.key() == one.key() == key
