"""What may happen to the engine of a group, and to the way there: mail goes on
as on a host of its own, nothing wrong is ever served, and what can be shared is
(covers shared_link.c and shared_sync.c in a daemon).
"""

import os
import re
import signal

import pytest

import engine as engines
from attributes import ERR
from shared_host import EPOCH_S
from shared_member import (SESSION, find, is_up, number, poll, statistics,
                           store, update, wait_down, wait_up)
from waiting import wait_until

pytestmark = [
    pytest.mark.ours("it shares nothing"),
    pytest.mark.skipif(not engines.program(),
                       reason="neither valkey-server nor redis-server"),
]


@pytest.fixture
def proxy(engine):
    made = engines.Proxy(engine)
    yield made
    made.close()


def serves(host, count=20):
    """As a host of its own does."""
    for i in range(count):
        name = "own %d %d" % (count, i)
        update(host, name)
        assert find(host, name) == SESSION
        assert host.client.lookup("smtpd", "none %d" % i).status == ERR
    assert host.takes(host.key())


# It is not there

def test_without_it_at_the_start_a_host_is_on_its_own_until_it_comes(
        make_member, engine):
    engine.stop()
    one = make_member(wait=False)
    serves(one)
    own = one.key()
    assert number(one, "ticket_key") == 0
    assert number(one, "timeouts") == 0 and number(one, "skipped") > 0
    warnings = one.warnings()
    assert len(warnings) == 2
    assert "cannot be connected to: Connection refused" in warnings[0]
    assert "no ticket key of the group for " in warnings[1]
    engine.start()
    wait_up(one)
    other = make_member()
    assert one.key() == own == other.key()
    store(other, "id")
    assert find(one, "id") == SESSION


def test_a_kill_is_noticed_at_once_and_tickets_go_on(make_member, engine):
    one, other = make_member(), make_member()
    key = one.key()
    engine.stop()
    wait_down(one)
    serves(one)
    assert number(one, "timeouts") == 0
    for host in (one, other):
        assert host.key() == key
        host.clock.step(EPOCH_S)
    assert one.key() == other.key() != key
    assert one.takes(key)
    assert number(one, "ticket_key") == 1


def test_one_that_is_silent_is_waited_for_three_times(make_member, engine):
    one = make_member(tlsmgr_shared_lookup_ms="100")
    engine.pause()
    for i in range(50):
        assert find(one, "none %d" % i) is None
    assert number(one, "timeouts") == 3
    assert number(one, "skipped") == 47
    assert "; going on without it" in one.warnings()[0]
    serves(one)
    # It takes connections, but that is not enough.
    connects = number(one, "connects")
    wait_until(lambda: number(one, "connects") > connects, "a try")
    assert find(one, "none") is None
    assert number(one, "timeouts") == 3
    engine.resume()
    wait_up(one)
    store(one, "id")
    assert any("answers again after" in line and "lookups were not made" in
               line for line in one.log())


def test_clients_that_ask_at_once_wait_together(make_member, engine):
    one = make_member(tlsmgr_shared_lookup_ms="100")
    clients = [one.master.client() for _ in range(20)]
    engine.pause()
    for i, client in enumerate(clients):
        client.send(b"request\0lookup\0cache_type\0smtpd\0cache_id\0%d\0\0" % i)
    for client in clients:
        assert client.receive().status == ERR
        client.close()
    # Three deadlines in a row, and the rest is not waited for.
    assert number(one, "timeouts") <= 20
    wait_down(one)


def test_a_clock_that_is_set_back_makes_no_outage_shorter(make_member, engine):
    one = make_member()
    engine.stop()
    wait_down(one)
    one.clock.step(-100)
    engine.start()
    wait_up(one)
    assert any(re.search(r"answers again after \d+ s;", line)
               for line in one.log())


# It is slow

def test_one_that_is_slow_but_in_time_is_used(make_member, proxy):
    proxy.delay_s = 0.05
    one = make_member(server=proxy.server)
    store(one, "id")
    assert find(one, "none") is None
    assert number(one, "misses") == 1 and number(one, "timeouts") == 0


def test_one_that_is_too_slow_is_never_up(make_member, proxy):
    proxy.delay_s = 0.5
    one = make_member(server=proxy.server, wait=False,
                      tlsmgr_shared_lookup_ms="20")
    wait_until(lambda: number(one, "failures") >= 2, "two tries")
    serves(one)
    assert number(one, "timeouts") == 0 and number(one, "lookups") == 0


def test_one_that_hangs_up_all_the_time_costs_nothing(make_member, proxy):
    one = make_member(server=proxy.server)
    for _ in range(5):
        wait_up(one)
        store(one, "before")
        proxy.hang_up()
        wait_down(one)
        serves(one, 3)
    assert len(one.warnings()) == 1  # at most one a minute
    wait_up(one)


def test_a_host_that_is_cut_off_does_not_disturb_the_others(make_member,
                                                            proxy):
    cut, one, other = (make_member(server=proxy.server), make_member(),
                       make_member())
    key = cut.key()
    proxy.is_cut = True
    cut.own["tlsmgr_shared_lookup_ms"] = "50"
    cut.reload()
    serves(cut)
    store(one, "id")
    assert find(other, "id") == SESSION
    assert one.key() == other.key() == key
    assert cut.takes(key)


# It loses what it had, or is another one

def test_one_that_was_restarted_empty_gets_the_same_keys(make_member, engine):
    one, other = make_member(), make_member()
    key = one.key()
    store(one, "before")
    engine.stop()
    engine.start()
    for host in (one, other):
        wait_up(host)
        assert host.key() == key
    assert find(other, "before") is None
    store(one, "after")
    assert find(other, "after") == SESSION
    assert make_member().key() == key


def test_a_failover_is_followed_and_there_is_one_key(make_member, engine,
                                                     tmp_path):
    with engines.Engine(str(tmp_path / "standby"),
                        "masterauth " + engines.ADMIN) \
            as standby:
        standby.ask("REPLICAOF", "127.0.0.1", engine.port)
        wait_until(lambda: b"master_link_status:up" in
                   standby.ask("INFO", "replication"), "a replica")
        both = engine.server + ", " + standby.server
        one, other = (make_member(server=both), make_member(server=both))
        key = one.key()
        store(one, "before")
        engine.ask("WAIT", 1, 5000)
        standby.ask("REPLICAOF", "NO", "ONE")
        engine.ask("CONFIG", "SET", "masterauth",
                   engines.ADMIN)
        engine.ask("REPLICAOF", "127.0.0.1", standby.port)
        for host in (one, other):
            update(host, "write")  # which is refused
            wait_until(lambda: statistics(host)["shared.server"] ==
                       standby.server and is_up(host), "the other one")
            wait_up(host)
            assert host.key() == key
        store(one, "after")
        assert find(other, "after") == SESSION
        assert find(other, "before") == SESSION
        assert "READONLY" in one.warnings()[0]


def test_one_that_is_full_drops_old_sessions_and_keeps_keys(make_member,
                                                            engine):
    one, other = make_member(), make_member()
    key = one.key()
    used = engine.ask("INFO", "memory").decode()
    used = int(used.split("used_memory:")[1].split()[0])
    engine.ask("CONFIG", "SET", "maxmemory", used + 500000)
    for i in range(600):
        update(one, "id %d" % i, os.urandom(3000))
    wait_until(lambda: number(one, "queue") == 0, "all is sent")
    assert len(engine.names()) < 600
    poll(engine, one, other)
    assert one.key() == other.key() == key
    assert make_member().key() == key


def test_one_that_stores_nothing_still_answers(make_member, engine):
    one, other = make_member(), make_member()
    store(one, "before")
    engine.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
    engine.ask("CONFIG", "SET", "maxmemory", "1")
    update(one, "refused")
    wait_until(lambda: number(one, "errors") > 0, "an error")
    assert find(other, "before") == SESSION
    assert is_up(one)
    assert "stores nothing, lookups go on: OOM" in one.warnings()[0]


def test_one_that_throws_keys_away_gets_them_again(make_member, engine):
    one, other = make_member(), make_member()
    key = one.key()
    engine.ask("FLUSHALL")
    poll(engine, one, other)
    assert one.key() == other.key() == key
    assert make_member().key() == key


def test_an_outage_over_two_epochs_ends_with_one_key(make_member, engine):
    one, other = make_member(), make_member()
    keys = [one.key()]
    engine.stop()
    for host in (one, other):
        wait_down(host)
        host.clock.step(EPOCH_S)
    keys.append(one.key())
    assert other.key() == keys[-1]  # it was known
    for host in (one, other):
        host.clock.step(EPOCH_S)
    own = [one.key(), other.key()]
    assert own[0] != own[1]
    for host, key in zip((one, other), own):
        assert number(host, "ticket_key") == 0
        assert sum("no ticket key of the group" in line
                   for line in host.warnings()) == 1
        assert host.takes(keys[-1])
    engine.start()
    for host in (one, other):
        wait_up(host)
    poll(engine, one, other, one)
    assert one.key() == other.key()
    assert one.key() in own
    assert one.takes(own[0]) and other.takes(own[1])


# It lies

def resident(host):
    """Its memory, in bytes."""
    with open("/proc/%d/statm" % int(statistics(host)["pid"])) as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def swap_halves(data):
    return data[len(data) // 2:] + data[:len(data) // 2]


def flip(data):
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


HOSTILE = {
    "random bytes": lambda data: os.urandom(len(data)),
    "a flipped bit": flip,
    "truncated": lambda data: data[:-3],
    "the wrong order": swap_halves,
    "an array": lambda data: b"*2147483647\r\n",
    "a huge value": lambda data: b"$999999999\r\n" + bytes(65536),
    "an endless line": lambda data: b"+" + b"x" * 65536,
    "two replies": lambda data: data + data,
    "always nil": lambda data: b"$-1\r\n",
    "always OK": lambda data: b"+OK\r\n",
    "an empty value": lambda data: b"$0\r\n\r\n",
    "a number": lambda data: b":1\r\n",
    "a bare error": lambda data: b"-\r\n",
    "a redirection": lambda data: b"-MOVED 1 127.0.0.1:1\r\n",
    "version 3": lambda data: b"%1\r\n+a\r\n_\r\n",
    "nothing": lambda data: None,
}


@pytest.mark.parametrize("lie", HOSTILE)
def test_whatever_it_says_no_wrong_session_comes_of_it(make_member, proxy,
                                                       lie):
    one = make_member(server=proxy.server)
    key = one.key()
    for i in range(5):
        store(one, "id %d" % i, SESSION + bytes([i]))
    other = make_member(server=proxy.server)
    before = resident(other)
    proxy.change = HOSTILE[lie]
    for i in range(30):
        found = find(other, "id %d" % (i % 5))
        assert found in (None, SESSION + bytes([i % 5]))
        update(other, "own %d" % i)
        assert find(other, "own %d" % i) == SESSION
    assert other.key() == key
    assert resident(other) - before < 8 << 20
    assert len(other.warnings()) <= 4
    proxy.change = lambda data: data
    serves(other)


def test_a_byte_at_a_time_is_as_good_as_silence(make_member, proxy):
    one = make_member(server=proxy.server, tlsmgr_shared_lookup_ms="100")
    proxy.change = lambda data: data[:1]
    for i in range(10):
        assert find(one, "none %d" % i) is None
    wait_until(lambda: not is_up(one), "it is given up")
    serves(one)


def test_records_of_others_are_rejected_and_then_it_is_left_alone(
        make_member, engine):
    one, other = make_member(), make_member()
    for i in range(12):
        store(one, "id %d" % i, 2 * SESSION)
    names = sorted(name for name in engine.names()
                   if len(engine.ask("GET", name)) == 512 + 33)
    assert len(names) == 12
    values = [engine.ask("GET", name) for name in names]
    for name, value in zip(names, values[1:] + values[:1]):
        engine.ask("SET", name, value)
    for i in range(12):
        assert find(other, "id %d" % i) is None
    assert number(other, "rejected") == 10
    assert not is_up(other)
    assert any("10 records in a row cannot be opened" in line
               for line in other.warnings())


def test_old_records_do_not_bring_keys_back(make_member, engine):
    one = make_member()
    old = {name: engine.ask("GET", name) for name in engine.names()}
    assert one.run("rotate").status == 0
    wait_until(lambda: number(one, "ticket_key") == 1, "it is published")
    key = one.key()
    for name, value in old.items():
        engine.ask("SET", name, value)
    poll(engine, one)
    assert one.key() == key
    other = make_member()
    poll(engine, other)
    assert other.key() == key


def test_the_key_of_another_epoch_is_none(make_member, engine):
    one = make_member()
    key = one.key()
    names = sorted(engine.names())
    values = [engine.ask("GET", name) for name in names]
    for name, value in zip(names, values[1:] + values[:1]):
        engine.ask("SET", name, value)
    poll(engine, one)
    assert one.key() == key
    assert number(one, "rejected") == len(names)


# Much, and the end

def test_lookups_do_not_wait_behind_what_is_stored(make_member, engine):
    one, other = (make_member(tlsmgr_shared_max_value="64k"),
                  make_member(tlsmgr_shared_max_value="64k"))
    store(other, "wanted")
    for i in range(80):
        update(one, "large %d" % i, os.urandom(60000))
    assert find(one, "wanted") == SESSION
    assert number(one, "timeouts") == 0
    wait_until(lambda: number(one, "queue") == 0, "all is sent")


def test_a_wrong_password_is_one_warning(make_member, engine):
    one = make_member(is_started=False)
    with open(one.password_path, "w") as output:
        output.write("tlsmgr wrong\n")
    one.start()
    wait_until(lambda: number(one, "failures") > 0, "it is refused")
    serves(one)
    lines = [line for line in one.warnings() if "no ticket key" not in line]
    assert len(lines) == 1
    assert "does not let us in (tlsmgr_shared_password_file): WRONGPASS" \
        in lines[0]
    assert "wrong\n" not in lines[0]


def test_a_user_who_may_not_is_one_warning(make_member, engine):
    engine.ask("ACL", "SETUSER", "tlsmgr", "-set")
    one = make_member(wait=False)
    wait_until(lambda: number(one, "failures") > 0, "it is refused")
    serves(one)
    assert any("does not let us in" in line and "NOPERM" in line
               for line in one.warnings())


@pytest.mark.parametrize("end", ["reload", "stop", "kill"])
def test_an_end_with_a_full_queue_is_an_end(make_member, engine, end):
    one = make_member()
    key = one.key()
    engine.pause()
    for i in range(2000):
        update(one, "id %d" % i, os.urandom(3000))
    assert number(one, "queue") > 1000000
    pending = one.master.client()
    pending.send(b"request\0lookup\0cache_type\0smtpd\0cache_id\0none\0\0")
    if end == "reload":
        one.daemon.hang_up()
    else:
        one.daemon.signal(signal.SIGTERM if end == "stop" else
                          signal.SIGKILL)
    if end != "kill":
        assert pending.receive().status == ERR
    one.daemon.wait()
    pending.close()
    engine.resume()
    one.start()
    wait_up(one)
    assert one.takes(key)
    serves(one)
