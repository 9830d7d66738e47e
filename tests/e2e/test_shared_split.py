"""Two engines where there should be one, each with some of the hosts, and one
that comes back with what it had a while ago (covers shared_ring_merge.c in a
daemon)."""

import fcntl

import pytest

import engine as engines
from shared_host import EPOCH_S
from shared_member import (SESSION, find, give_key_file, number, poll, store,
                           wait_down, wait_up)
from waiting import wait_until

pytestmark = [
    pytest.mark.ours("it shares nothing"),
    pytest.mark.skipif(not engines.program(),
                       reason="neither valkey-server nor redis-server"),
]


@pytest.fixture
def second(tmp_path):
    with engines.Engine(str(tmp_path / "second"),
                        "masterauth " + engines.ADMIN) as running:
        yield running


@pytest.fixture
def two_sides(make_member, engine, second):
    """A host here and one there, now on the same engine, and move(engine) for
    the second: what it is connected to from now on."""
    proxy = engines.Proxy(engine)
    here, there = make_member(), make_member(server=proxy.server)

    def move(to):
        before = number(there, "connects")
        proxy.engine = to
        proxy.hang_up()
        wait_until(lambda: number(there, "connects") > before, "it connects")
        wait_up(there)
    yield here, there, move
    proxy.close()


def replicate(replica, primary):
    replica.ask("REPLICAOF", "127.0.0.1", primary.port)
    wait_until(lambda: b"master_link_status:up" in
               replica.ask("INFO", "replication"), "a replica")


def rotate(host):
    before = host.key()
    assert host.run("rotate").status == 0
    wait_until(lambda: number(host, "ticket_key") == 1, "it is published")
    assert host.key()[:3] != before[:3]


def step(*hosts):
    for host in hosts:
        host.clock.step(EPOCH_S)


@pytest.mark.parametrize("rotations", [(0, 0), (2, 1), (1, 2)])
def test_a_split_that_heals_ends_with_one_key(two_sides, engine, second,
                                              rotations):
    """Over two epochs both sides have an engine that stores. Then one of them
    becomes a replica of the other, and forgets what it was told."""
    here, there, move = two_sides
    replicate(second, engine)
    common = here.key()
    second.ask("REPLICAOF", "NO", "ONE")
    move(second)
    assert there.key() == here.key() == common
    for _ in range(2):
        step(here, there)
        poll(engine, here)
        poll(second, there)
    assert here.key()[:3] != there.key()[:3]
    for host, count in zip((here, there), rotations):
        for _ in range(count):
            host.clock.step(1)
            rotate(host)
    mine = {host: host.key() for host in (here, there)}
    store(there, "of the split")
    engine.ask("CONFIG", "SET", "masterauth", engines.ADMIN)
    replicate(second, engine)
    move(engine)
    poll(engine, here, there)
    assert here.key() == there.key()
    winner = {(2, 1): [mine[here][:3]], (1, 2): [mine[there][:3]]}.get(
        rotations, [key[:3] for key in mine.values()])
    assert here.key()[:3] in winner
    for host, key in mine.items():
        assert host.takes(key)
    # And the next one.
    step(here, there)
    assert here.key() == there.key()
    assert number(here, "ticket_key") == number(there, "ticket_key") == 1
    assert find(here, "of the split") is None
    store(there, "after")
    assert find(here, "after") == SESSION


def test_a_replica_that_lagged_and_takes_over_undoes_no_rotation(
        two_sides, engine, second):
    here, there, move = two_sides
    old = here.key()
    replicate(second, engine)
    second.ask("REPLICAOF", "NO", "ONE")
    rotate(here)
    poll(engine, there)
    key = there.key()
    assert key == here.key() != old
    move(second)
    assert there.key() == key
    engine.stop()
    wait_down(here)
    assert here.key() == key
    # It has been told.
    assert here.takes(old) and there.takes(old)
    poll(second, there)
    assert number(there, "ticket_key") == 1


@pytest.mark.parametrize("epochs", [0, 1])
def test_an_engine_from_a_snapshot_brings_no_key_back(make_member, engine,
                                                      epochs):
    one, other = make_member(), make_member()
    old = one.key()
    engine.ask("SAVE")
    step(*[one, other] * epochs)
    poll(engine, one, other)
    rotate(one)
    poll(engine, other)
    key = one.key()
    engine.stop()
    engine.start()
    assert engine.names()  # it has read the snapshot
    for host in (one, other):
        wait_up(host)
        poll(engine, host)
        assert host.key() == key
        assert host.takes(old)
    joined = make_member(clock_s=epochs * EPOCH_S)
    assert joined.key()[:3] == key[:3]
    step(one, other, joined)
    assert one.key() == other.key() == joined.key()


@pytest.mark.parametrize("has_file", [False, True], ids=["memory", "file"])
def test_keys_that_were_flushed_stay_away(make_member, engine, has_file):
    """After a reload, too, and that of the epoch before; and an engine from a
    snapshot does not bring them back."""
    one = make_member(tlsmgr_ticket_key_file="", is_started=False)
    if has_file:
        give_key_file(one)
    one.start()
    wait_up(one)
    keys = [one.key()]
    step(one)
    keys.append(one.key())
    poll(engine, one)
    engine.ask("SAVE")
    assert all(one.takes(key) for key in keys)
    assert one.run("flush-tickets").status == 0
    assert not any(one.takes(key) for key in keys)
    wait_until(lambda: number(one, "ticket_key") == 1, "it is published")
    fresh = one.key()
    one.reload()
    wait_up(one)
    poll(engine, one)
    assert one.key() == fresh
    assert not any(one.takes(key) for key in keys)
    engine.stop()
    engine.start()
    wait_up(one)
    poll(engine, one)
    assert one.key() == fresh
    assert not any(one.takes(key) for key in keys)


def test_a_flush_that_is_refused_has_changed_nothing(make_member, engine):
    """Another process has the file of keys, which would bring them back."""
    one = make_member(is_started=False)
    give_key_file(one)
    one.start()
    wait_up(one)
    keys = [one.key()]
    assert one.run("rotate").status == 0
    keys.append(one.key())
    wait_until(lambda: number(one, "ticket_key") == 1, "it is published")
    with open(one.own["tlsmgr_ticket_key_file"], "r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        assert one.run("flush-tickets").status != 0
        assert one.warnings()[0].endswith(": locked by another process")
        assert one.key() == keys[-1] and one.takes(keys[0])
        poll(engine, one)
        assert one.key() == keys[-1] and one.takes(keys[0])
    assert one.run("flush-tickets").status == 0
    for _ in range(2):
        assert not any(one.takes(key) for key in keys)
        one.reload()
        wait_up(one)
        poll(engine, one)
