"""DESIGN: when the disk is full or fails, all else goes on; and it recovers."""

import collections
import errno
import os
import pwd
import random
import re
import shutil
import tempfile
import time

import pytest

import installed
from attributes import ERR, OK
from bystander import Bystander
from clock_shift import ClockShift
from conftest import CACHES
from faults import FaultyIo, SmallDisk, together
from ledger import Ledger
from tell import tell
from waiting import wait_until

EVERYTHING = float("inf")

# A request that takes longer has waited for the disk, or for a retry.
PROMPT_MS = 500

# After this the daemon tries again what it could not do at all.
RETRY_S = 11

# Longer than background work waits after a request.
IDLE_S = 0.3


@pytest.fixture
def small_disk():
    """4 MB for the data directory. To be asked for before make_master."""
    directory = tempfile.mkdtemp(prefix="tlsmgr-test.")
    os.chmod(directory, 0o755)
    try:
        disk = SmallDisk(directory + "/data", 4 << 20,
                         pwd.getpwnam(installed.mail_owner()))
        yield disk
        disk.remove()
    except OSError as error:
        pytest.skip("cannot mount a file system: %s" % error)
    finally:
        shutil.rmtree(directory)


class Patron:
    """A client that changes and looks up sessions, and keeps account."""

    def __init__(self, master):
        self.master = master
        self.ledger = Ledger()
        self._random = random.Random(1)
        self._last_key = 0

    def work(self, count, strict=True):
        with self.master.client() as client:
            for _ in range(count):
                key = "%d" % self._random.randrange(60)
                act = self._random.choices(
                    (self.ledger.update, self.ledger.delete,
                     self.ledger.lookup), (6, 1, 3))[0]
                act(client, key, strict)

    def store_more(self, count):
        """New sessions; how many were not taken."""
        before = self.refused()
        with self.master.client() as client:
            for _ in range(count):
                self._last_key += 1
                self.ledger.update(client, "more %d" % self._last_key,
                                   strict=False)
        return self.refused() - before

    def refused(self):
        return sum(each.acknowledged_at is None
                   for each in self.ledger.operations())

    def audit(self, settled_at=EVERYTHING):
        with self.master.client() as client:
            self.ledger.audit(self.ledger.find(client), settled_at)

    def is_served(self):
        with self.master.client() as client:
            return client.update("smtpd", "probe", b"probe").status == OK


def assert_log_is_short(master, per_kind=1):
    """Not more than so many warnings of a kind; numbers make no kind."""
    kinds = collections.Counter(
        re.sub(r"\d+", "", line) for line in master.remarks()
        if not line.startswith("postfix"))
    worst = [each for each in kinds.most_common() if each[1] > per_kind]
    assert worst == []


class Longest:
    """The longest wait in any of the tests."""

    def __init__(self):
        self.wait_ms, self.test, self.requests = 0.0, None, 0

    def look(self, bystander, test):
        waits = bystander.look()
        self.requests += waits.count
        if waits.longest > self.wait_ms:
            self.wait_ms, self.test = waits.longest, test
        assert waits.longest < PROMPT_MS, waits


@pytest.fixture(scope="module")
def longest(request):
    longest = Longest()
    yield longest
    tell(request.config, "disk: of %d requests that need none, the longest "
         "took %.1f ms (%s)" % (longest.requests, longest.wait_ms,
                                longest.test))


@pytest.fixture
def assert_prompt(longest, request):
    return lambda bystander: longest.look(bystander, request.node.name)


@pytest.mark.parametrize("chroot", [True, False])
def test_disk_that_fills_up(small_disk, make_master, assert_prompt, chroot):
    master = make_master({**CACHES, "data_directory": small_disk.path})
    small_disk.fill(leave=2 << 20)
    daemon = master.start(chroot=chroot)
    patron = Patron(master)
    patron.work(100)
    with Bystander(master, "seed", "policy", "ticket_key") as bystander:
        wait_until(lambda: patron.store_more(100) >= 50, "a full disk")
        patron.audit()
        patron.work(200, strict=False)
        patron.audit()
        assert_prompt(bystander)
        small_disk.free()
        wait_until(patron.is_served, "room for sessions again")
        assert patron.store_more(300) == 0
        patron.work(200)
    patron.audit()
    assert_log_is_short(master)
    daemon.hang_up()
    assert daemon.wait() == 0
    master.start(chroot=chroot)
    patron.audit()


def test_disk_that_is_full_from_the_start(small_disk, make_master,
                                          assert_prompt):
    master = make_master({**CACHES, "data_directory": small_disk.path})
    clock = ClockShift(master.directory)
    small_disk.fill()
    master.start(environment=clock.environment)
    patron = Patron(master)
    with Bystander(master, "seed", "policy", "ticket_key") as bystander:
        patron.work(50, strict=False)
        patron.audit()
        assert_prompt(bystander)
        small_disk.free()
        clock.step(1)  # the disk was left alone for so long, no longer
        assert patron.is_served()
        with master.client() as client:
            assert client.policy("smtpd").number("cachable") == 1
        patron.work(200)
    patron.audit()
    assert_log_is_short(master)


FAULTS = {
    "disk full": {"write": errno.ENOSPC},
    "write error": {"write": errno.EIO},
    "read-only": {"write": errno.EROFS, "truncate": errno.EROFS,
                  "sync": errno.EROFS},
    "sync error": {"sync": errno.EIO},
    "truncate error": {"truncate": errno.EIO},
    "read error": {"read": errno.EIO},
    "dead disk": {"write": errno.EIO, "read": errno.EIO,
                  "truncate": errno.EIO, "sync": errno.EIO},
}


@pytest.mark.parametrize("name, kind", [
    *((name, "btree") for name in FAULTS),
    ("disk full", "hash"), ("dead disk", "hash")])
def test_faults_while_it_runs(make_master, assert_prompt, name, kind):
    fault = FAULTS[name]
    master = make_master({
        "smtpd_tls_session_cache_database": kind + ":${data_directory}/cache",
        "tls_random_prng_update_period": "1s"})
    clock, disk = ClockShift(master.directory), FaultyIo(master)
    daemon = master.start(
        chroot=True, environment=together(clock.environment,
                                          disk.environment))
    patron = Patron(master)
    patron.work(300)
    with Bystander(master, "seed", "policy", "ticket_key") as bystander:
        disk.fail(**fault)
        for _ in range(3):
            patron.work(150, strict=False)
            clock.step(2)
        patron.store_more(400)
        clock.step(RETRY_S)
        patron.work(150, strict=False)
        assert disk.count() > 0 or "sync" in fault
        assert_prompt(bystander)
        disk.fail()
        clock.step(RETRY_S)
        wait_until(patron.is_served, "the cache works again")
        patron.audit()
        patron.work(200)
    assert_log_is_short(master)
    assert daemon.is_running()
    assert daemon.terminate() == 0
    master.start(chroot=True)
    patron.audit()


def test_cache_that_failed_to_be_emptied(make_master):
    """Clients are told not to use it, so no request of theirs mends it."""
    master = make_master(CACHES)
    clock, disk = ClockShift(master.directory), FaultyIo(master)
    master.start(environment=together(clock.environment, disk.environment))
    flush = [("request", "flush"), ("cache_type", "smtpd")]

    def is_cachable():
        return client.policy("smtpd").number("cachable") == 1

    with master.client() as client:
        # Nothing is in it, so nothing is to be done at any time.
        assert client.ask(flush).status == OK
        time.sleep(IDLE_S)
        disk.fail(**FAULTS["dead disk"])
        assert client.ask(flush).status == ERR
        assert not is_cachable()
        disk.fail()
        time.sleep(IDLE_S)
        clock.step(RETRY_S)
        wait_until(is_cachable, "the cache works again")


def test_end_while_the_disk_fails(make_master):
    master = make_master(CACHES)
    disk = FaultyIo(master)
    daemon = master.start(environment=disk.environment)
    patron = Patron(master)
    patron.work(100)
    daemon.terminate()
    daemon = master.start(environment=disk.environment)
    disk.fail(**FAULTS["dead disk"])
    patron.work(50, strict=False)
    assert daemon.terminate() == 0
    disk.fail()
    master.start()
    patron.audit(0.0)  # nothing wrong, if not the last


def test_read_only_from_the_start(small_disk, make_master):
    master = make_master({**CACHES, "data_directory": small_disk.path})
    patron = Patron(master)
    daemon = master.start()
    patron.work(200)
    assert daemon.terminate() == 0
    small_disk.set_writable(False)
    daemon = master.start()
    with master.client() as client:
        assert client.seed(32).status == OK
        assert client.ticket_key().status == OK
        assert client.policy("smtpd").number("cachable") == 0
        assert client.update("smtpd", "x", b"session").status == ERR
    assert_log_is_short(master)
    assert daemon.terminate() == 0
    small_disk.set_writable(True)
    master.start()
    patron.audit()
    patron.work(200)


def not_there(path):
    os.rmdir(path)


def not_ours(path):
    os.chown(path, 0, 0)


def not_open(path):
    os.chmod(path, 0)


def not_a_directory(path):
    os.rmdir(path)
    with open(path, "w"):
        pass


@pytest.mark.parametrize("chroot", [True, False])
@pytest.mark.parametrize("spoil", [
    not_there, not_ours, not_open, not_a_directory],
    ids=lambda spoil: spoil.__name__)
def test_data_directory_of_no_use(make_master, spoil, chroot):
    master = make_master(CACHES)
    spoil(master.data_directory)
    daemon = master.start(chroot=chroot)
    with master.client() as client:
        assert client.seed(32).status == OK
        assert client.ticket_key().status == OK
        assert client.policy("smtpd") == [
            ("status", "0"), ("cachable", "0"), ("timeout", "3600")]
        assert client.update("smtpd", "x", b"session").status == ERR
        assert client.lookup("smtpd", "x").status == ERR
    assert daemon.terminate() == 0
    assert [line for line in master.messages() if line.startswith("warning")]
    assert not [line for line in master.messages()
                if line.startswith(("fatal", "panic"))]
