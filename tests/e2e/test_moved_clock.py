"""Sessions and ticket keys with time that passes as the test says."""

import time

import pytest

from attributes import ERR, OK, TICKET_KEY
from clock_shift import ClockShift
from conftest import CACHES
from waiting import wait_until

TIMEOUT_S = 600


class Timed:
    """A daemon, a client of it, and its clock."""

    def __init__(self, master, chroot=False):
        self.master = master
        self.clock = ClockShift(master.directory)
        self.start(chroot)

    def start(self, chroot=False):
        self.daemon = self.master.start(chroot=chroot,
                                        environment=self.clock.environment)
        self.client = self.master.client()
        self.client.policy("smtpd")

    def now(self):
        return time.time() + self.clock.seconds

    def pass_time(self, seconds):
        """Then let the daemon come round and see that it is later."""
        self.clock.step(seconds)
        for _ in range(3):
            assert self.client.policy("smtpd").status == OK


@pytest.fixture
def make_timed(make_master):
    made = []

    def make(settings=None, **keywords):
        made.append(Timed(make_master(
            {"smtpd_tls_session_cache_timeout": str(TIMEOUT_S), **CACHES,
             **(settings or {})}), **keywords))
        return made[-1]
    yield make
    for each in made:
        each.client.close()


@pytest.fixture(params=[False, True], ids=["no jail", "jail"])
def timed(make_timed, request):
    return make_timed(chroot=request.param)


def key_of(reply):
    assert reply.status == OK
    return TICKET_KEY.unpack(reply.data("keybuf"))


def test_the_clock_moves(timed):
    """Or else the other tests prove nothing."""
    before = key_of(timed.client.ticket_key())
    timed.pass_time(5 * TIMEOUT_S)
    after = key_of(timed.client.ticket_key())
    assert after[3] >= before[3] + 4 * TIMEOUT_S


# Sessions

def test_a_session_expires(timed):
    timed.client.update("smtpd", "x", b"session")
    timed.pass_time(TIMEOUT_S - 10)
    assert timed.client.lookup("smtpd", "x").data("session") == b"session"
    timed.pass_time(20)
    assert timed.client.lookup("smtpd", "x") == [
        ("status", "4294967295"), ("session", "")]


def test_each_cache_has_its_timeout(make_timed):
    timed = make_timed({"smtp_tls_session_cache_timeout": "2000"})
    timed.client.update("smtpd", "x", b"server")
    timed.client.update("smtp", "x", b"client")
    timed.pass_time(1000)
    assert timed.client.lookup("smtpd", "x").status == ERR
    assert timed.client.lookup("smtp", "x").data("session") == b"client"
    timed.pass_time(1010)
    assert timed.client.lookup("smtp", "x").status == ERR


def test_a_timeout_under_two_minutes_is_raised(make_timed):
    timed = make_timed({"smtpd_tls_session_cache_timeout": "1"})
    timed.client.update("smtpd", "x", b"session")
    timed.pass_time(110)
    assert timed.client.lookup("smtpd", "x").status == OK
    timed.pass_time(20)
    assert timed.client.lookup("smtpd", "x").status == ERR


def test_an_update_begins_the_time_anew(timed):
    timed.client.update("smtpd", "x", b"first")
    timed.client.update("smtpd", "y", b"other")
    timed.pass_time(TIMEOUT_S - 100)
    timed.client.update("smtpd", "x", b"second")
    timed.pass_time(200)
    assert timed.client.lookup("smtpd", "x").data("session") == b"second"
    assert timed.client.lookup("smtpd", "y").status == ERR
    timed.pass_time(TIMEOUT_S)
    assert timed.client.lookup("smtpd", "x").status == ERR


def test_a_lookup_does_not_prolong_the_time(timed):
    timed.client.update("smtpd", "x", b"session")
    for _ in range(5):
        timed.pass_time(TIMEOUT_S // 5 - 2)
        assert timed.client.lookup("smtpd", "x").status == OK
    timed.pass_time(20)
    assert timed.client.lookup("smtpd", "x").status == ERR


@pytest.mark.ours("may say OK", strict=False)
def test_an_expired_session_cannot_be_deleted(timed):
    timed.client.update("smtpd", "x", b"session")
    timed.pass_time(TIMEOUT_S + 10)
    assert timed.client.delete("smtpd", "x").status == ERR


def test_many_expire_and_the_rest_stays(timed):
    for number in range(300):
        timed.client.update("smtpd", "old %d" % number, b"x" * 1500)
    timed.pass_time(TIMEOUT_S // 2)
    for number in range(300):
        timed.client.update("smtpd", "new %d" % number, b"y" * 1500)
    timed.pass_time(TIMEOUT_S // 2 + 10)
    for number in range(300):
        assert timed.client.lookup("smtpd", "old %d" % number).status == ERR
        assert timed.client.lookup("smtpd", "new %d" % number).data(
            "session") == b"y" * 1500


@pytest.mark.ours("forgets everything at every start")
def test_a_session_expires_while_no_process_runs(make_timed):
    timed = make_timed()
    timed.client.update("smtpd", "x", b"session")
    timed.client.update("smtp", "x", b"session")
    timed.client.close()
    timed.daemon.hang_up()
    assert timed.daemon.wait() == 0
    timed.clock.step(TIMEOUT_S + 10)
    timed.start()
    assert timed.client.lookup("smtpd", "x").status == ERR
    assert timed.client.lookup("smtp", "x").status == OK


def test_a_clock_that_is_set_back_is_survived(timed):
    """Nothing is lost or served too long, and nobody dies."""
    timed.client.update("smtpd", "x", b"session")
    key = timed.client.ticket_key()
    timed.pass_time(-10000)
    assert timed.client.update("smtpd", "y", b"later").status == OK
    assert timed.client.lookup("smtpd", "y").data("session") == b"later"
    assert timed.client.ticket_key().status == OK
    timed.pass_time(10000)
    assert timed.client.lookup("smtpd", "y").status in (OK, ERR)
    assert timed.client.ticket_key(key.data("keybuf")[:16]).status in (
        OK, ERR)
    assert timed.daemon.is_running()


# Ticket keys: half the timeout to encrypt, then as long to decrypt

def test_a_ticket_key_encrypts_for_half_the_timeout(timed):
    first = timed.client.ticket_key()
    name, cipher, mac, until = key_of(first)
    assert abs(until - (timed.now() + TIMEOUT_S / 2)) <= 2
    timed.pass_time(TIMEOUT_S // 2 - 10)
    assert timed.client.ticket_key() == first
    timed.pass_time(20)
    second = timed.client.ticket_key()
    later = key_of(second)
    for old, new in zip((name, cipher, mac), later):
        assert old != new
    assert abs(later[3] - (timed.now() + TIMEOUT_S / 2)) <= 2
    assert timed.client.ticket_key(later[0]) == second


def test_a_previous_ticket_key_decrypts_for_half_the_timeout(timed):
    first = timed.client.ticket_key()
    name = first.data("keybuf")[:16]
    timed.pass_time(TIMEOUT_S // 2 + 10)
    assert timed.client.ticket_key() != first
    for seconds in 0, TIMEOUT_S // 2 - 30:
        timed.pass_time(seconds)
        found = timed.client.ticket_key(name)
        assert key_of(found)[:3] == key_of(first)[:3]
        assert key_of(found)[3] < timed.now()
    timed.pass_time(30)
    assert timed.client.ticket_key(name).status == ERR


def test_a_ticket_key_retires_by_time_alone(timed):
    """Though nobody asked for a new one in the meantime."""
    name = timed.client.ticket_key().data("keybuf")[:16]
    timed.pass_time(TIMEOUT_S + 10)
    assert timed.client.ticket_key(name).status == ERR


def test_ticket_keys_that_are_over_are_gone(timed):
    keys = []
    for _ in range(6):
        keys.append(timed.client.ticket_key())
        timed.pass_time(TIMEOUT_S // 2 + 1)
    assert len({key.data("keybuf")[:16] for key in keys}) == 6
    statuses = [timed.client.ticket_key(key.data("keybuf")[:16]).status
                for key in keys]
    assert statuses[:4] == [ERR] * 4


# Periodic work

def test_the_exchange_file_is_saved_in_the_course_of_time(make_timed):
    timed = make_timed({"tls_random_prng_update_period": "1h"})
    with open(timed.master.exchange_path, "rb") as exchange:
        before = exchange.read()
    for _ in range(3):
        timed.pass_time(3600)
        timed.client.seed(1)

    def has_changed():
        timed.pass_time(3600)
        with open(timed.master.exchange_path, "rb") as exchange:
            return exchange.read() != before
    wait_until(has_changed, "a new exchange file")


def test_a_long_sleep_is_no_watchdog_timeout(make_timed):
    """A suspended machine: the loop did come round all the time it ran."""
    timed = make_timed({"daemon_timeout": "60s"})
    timed.pass_time(100000)
    assert timed.daemon.is_running()
    assert timed.client.seed(4).status == OK
