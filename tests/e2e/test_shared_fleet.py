"""Several Postfix with a secret in common, and clients that come back to any of
them: what is promised of the daemon, under the real smtpd(8)."""

import random
import threading
import time

import pytest

import ctl
import postfix_fleet
import smtp_tls
from clock_shift import ClockShift
from waiting import wait_until

pytestmark = pytest.mark.ours("it makes its own ticket keys")

RECONNECTS = 72
TIMEOUT_S = 120
EPOCH_S = TIMEOUT_S // 2
SESSION_RECONNECTS = 5
BEFORE_END_S = 4
SETTINGS = "smtpd_tls_session_cache_timeout = %ds\n" % TIMEOUT_S
DEADLINE_S = 30


def new_secret():
    return ctl.run(None, "secret").text.strip()


@pytest.fixture
def make_fleet(binary):
    """make_fleet(...): a Fleet, not yet started."""
    fleets = []

    def make(**keywords):
        fleet = postfix_fleet.Fleet(binary, settings=SETTINGS, **keywords)
        fleets.append(fleet.__enter__())
        return fleet
    yield make
    for fleet in reversed(fleets):
        for host in fleet.hosts:
            print(host.address, host.log()[-4000:])
        fleet.__exit__()


def hit_rates(fleet):
    return {kind: postfix_fleet.reconnect(
        kind, lambda: random.choice(fleet.addresses), RECONNECTS).percent
        for kind in smtp_tls.KINDS}


def complaints(fleet):
    return [line for host in fleet.hosts for line in host.complaints()]


@pytest.mark.parametrize("chroot", [False, True], ids=["no jail", "jail"])
def test_tickets_of_all_are_taken_by_all(make_fleet, chroot):
    """Before: about one in three, as chance has it. After: all."""
    fleet = make_fleet(chroot=chroot)
    fleet.start()
    before = hit_rates(fleet)
    fleet.share(new_secret())
    fleet.reload()
    after = hit_rates(fleet)
    print(before, after)
    for kind in smtp_tls.KINDS:
        assert before[kind] <= 60
    for kind in smtp_tls.TICKETS:
        assert after[kind] >= 99
    assert after["session id"] <= 60
    assert not complaints(fleet)


@pytest.mark.parametrize("kind", smtp_tls.TICKETS)
def test_tickets_are_taken_by_tlsproxy(make_fleet, kind):
    fleet = make_fleet()
    fleet.share(new_secret())
    for host in fleet.hosts:
        postfix_fleet.put_postscreen_in_front(host)
    fleet.start()
    addresses = iter(fleet.addresses * 2)
    tally = postfix_fleet.reconnect(kind, lambda: next(addresses), 5)
    assert tally.resumed == tally.tried == 5
    for host in fleet.hosts:
        host.wait_for_log(r"postfix/tlsproxy\[\d+\]: .*Reusing old session")
    assert not complaints(fleet)


def resumed(fleet, kind, first, then):
    """A new client of one host is taken up by another."""
    client = smtp_tls.Client(kind)
    client.connect(fleet.addresses[first], postfix_fleet.PORT)
    return client.connect(fleet.addresses[then], postfix_fleet.PORT)


@pytest.mark.parametrize("off_s", [20 * 60, -20 * 60, 2 * 3600, -2 * 3600])
def test_a_clock_that_is_wrong_harms_nobody_else(make_fleet, off_s):
    """20 minutes off young tickets are taken by all; 2 hours off that host has
    its own, and serves."""
    fleet = make_fleet()
    for host in fleet.hosts:
        host.settings = host.settings.replace(
            SETTINGS, "smtpd_tls_session_cache_timeout = 3600s\n")
        host.write_config(host.settings)
    fleet.share(new_secret())
    clock = ClockShift(fleet.hosts[2].directory)
    clock.step(off_s)
    fleet.hosts[2].environment = clock.environment
    fleet.hosts[2].write_config(fleet.hosts[2].settings)
    fleet.start()
    for kind in smtp_tls.TICKETS:
        for first in range(3):
            for then in range(3):
                is_near = abs(off_s) < 1800 or first == then or \
                    2 not in (first, then)
                assert resumed(fleet, kind, first, then) == is_near, \
                    (kind, first, then)
    assert not complaints(fleet)


class Load:
    """Clients that come back all the time, on hosts whose clocks step.

    Every ticket younger than half the timeout, on those clocks, must be taken.
    """

    def __init__(self, fleet, clocks):
        self.fleet, self.clocks = fleet, clocks
        self.tried = {kind: 0 for kind in smtp_tls.TICKETS}
        self.lost, self.errors = [], []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(kind,))
                         for kind in smtp_tls.TICKETS]
        for thread in self._threads:
            thread.start()

    def now(self):
        return time.time() + self.clocks[0].seconds

    def _run(self, kind):
        answered_at = time.monotonic()
        while not self._ended.is_set():
            try:
                self._one_session(kind)
                answered_at = time.monotonic()
            except OSError as error:
                # That host ends just now. A client forgets the session of a
                # connection that broke, and begins anew.
                if time.monotonic() > answered_at + DEADLINE_S:
                    self.errors.append((kind, repr(error)))
                    return

    def _one_session(self, kind):
        """smtpd(8) renews no ticket: it is as old as the session."""
        client = smtp_tls.Client(kind)
        made_at = self.now()
        self._connect(client)
        for _ in range(SESSION_RECONNECTS):
            is_resumed = self._connect(client)
            self.tried[kind] += 1
            age_s = self.now() - made_at
            if not is_resumed and age_s < EPOCH_S:
                self.lost.append((kind, age_s))
            if age_s >= EPOCH_S or self._ended.is_set():
                return

    def _connect(self, client):
        return client.connect(random.choice(self.fleet.addresses),
                              postfix_fleet.PORT)

    def step_to_end_of_epoch(self, before_s):
        """An epoch ends a second before the key's time is over."""
        left_s = (EPOCH_S - 1 - before_s - int(self.now())) % EPOCH_S
        for clock in self.clocks:
            clock.step(left_s)

    def wait(self, more):
        """Until each kind of client came back so many times more."""
        before = dict(self.tried)
        wait_until(lambda: self.errors or all(
            self.tried[kind] >= before[kind] + more for kind in before),
            lambda: "clients go on: %r" % self.tried, 60)

    def stop(self):
        self._ended.set()
        for thread in self._threads:
            thread.join()
        assert not self.errors
        assert not self.lost


def reload(host):
    host.reload()


def stop_and_start(host):
    host.stop()
    host.start()


def kill(host):
    host.kill_tlsmgr()


@pytest.mark.parametrize("end", [reload, stop_and_start, kill])
def test_ends_over_the_end_of_an_epoch_under_load(make_fleet, end):
    """Ten times: tickets are made in the last seconds of an epoch, clocks step
    over its end, and one host ends."""
    fleet = make_fleet()
    fleet.share(new_secret())
    clocks = [ClockShift(host.directory) for host in fleet.hosts]
    for host, clock in zip(fleet.hosts, clocks):
        host.environment = clock.environment
        host.write_config(host.settings)
    fleet.start()
    load = Load(fleet, clocks)
    try:
        for round_number in range(10):
            load.step_to_end_of_epoch(BEFORE_END_S)
            load.wait(2 * SESSION_RECONNECTS)
            load.step_to_end_of_epoch(0)
            end(fleet.hosts[round_number % len(fleet.hosts)])
            load.wait(SESSION_RECONNECTS)
    finally:
        load.stop()
