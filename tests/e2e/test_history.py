"""The history: what was counted minute by minute, over reloads, kills and
clocks. Covers daemon_history.c and daemon_memory_file.c."""

import os
import pwd
import signal
import stat
import time

import pytest

import key_directories
from admin import statistics
from attributes import OK
from bystander import Bystander
from clock_shift import ClockShift
from conftest import CACHES
from histories import History
from waiting import wait_until

pytestmark = pytest.mark.ours("has no such request")

DAY = 1440


class Timed:
    """Daemons, a client of the one that runs, and their clock, which begins at
    a whole minute and a bit."""

    def __init__(self, master):
        self.master = master
        self.clock = ClockShift(master.directory)
        self.clock.step(65 - int(time.time()) % 60)
        self.generation = 0
        self.client = None
        self.start()

    def start(self):
        self.generation += 1
        self.daemon = self.master.start(generation=self.generation,
                                        environment=self.clock.environment)
        if self.client:
            self.client.close()
        self.client = self.master.client()
        self.client.policy("smtpd")

    def reload(self):
        self.daemon.hang_up()
        assert self.daemon.wait() == 0
        self.start()

    def minute(self):
        return (int(time.time()) + self.clock.seconds) // 60 * 60

    def lookups(self, count):
        for _ in range(count):
            self.client.lookup("smtpd", "x")

    def pass_minutes(self, count=1):
        """Then let the daemon come round and see that it is later."""
        self.clock.step(60 * count)
        for _ in range(2):
            assert self.client.policy("smtpd").status == OK

    def history(self, since=0):
        return History(self.client, since)

    def close(self):
        self.client.close()


def complaints(master, since=0):
    return [line for line in master.messages(since)
            if line.startswith(("warning", "error", "fatal", "panic"))]


@pytest.fixture
def timed(make_master):
    if not any(os.path.isdir(path) for path in ("/run", "/dev/shm")):
        pytest.skip("there is no file system in memory")
    made = Timed(make_master(CACHES))
    yield made
    made.close()


def test_a_day_is_held_over_a_reload_and_a_kill(timed):
    """And no more than a day. Of what was killed the last minute may be
    missing."""
    expected = {}
    for number in range(DAY + 30):
        minute, count = timed.minute(), number % 3
        if number == 700:
            timed.reload()
        if number == 1000:
            assert timed.daemon.kill() == -signal.SIGKILL
            timed.clock.step(600)
            timed.start()
            minute = timed.minute()
        timed.lookups(count)
        timed.pass_minutes()
        expected[minute] = count
    history = timed.history()
    assert history.slices > 1
    oldest = timed.minute() - 60 * (DAY - 1)
    wanted = {minute: count for minute, count in expected.items()
              if minute >= oldest}
    assert len(wanted) > DAY - 20
    found = {minute: history.minutes[minute]["smtpd.lookups"]
             for minute in history.minutes if minute in wanted}
    assert found == wanted
    # The gap is one, and nothing is older than a day.
    assert DAY - 10 <= len(history.minutes) <= DAY
    assert min(history.minutes) >= oldest
    durations = [history.minutes[minute].duration_ms for minute in wanted]
    assert sorted(durations)[len(durations) // 2] // 1000 in (60, 61)
    assert not complaints(timed.master)


def test_the_minute_of_a_reload_has_the_counts_of_both(timed):
    minute = timed.minute()
    timed.lookups(5)
    timed.reload()
    timed.lookups(7)
    timed.reload()
    timed.lookups(1)
    history = timed.history()
    assert history.sum("smtpd.lookups") == 13
    assert history.minutes[minute]["smtpd.lookups"] == 13
    assert statistics(timed.client)["smtpd.lookups"] == 1


def test_processes_that_overlap_lose_nothing(timed):
    """The old one counts on, and writes after the new one has begun."""
    timed.lookups(5)
    old, busy = timed.daemon, timed.client
    timed.client = None
    old.signal(signal.SIGSTOP)
    timed.start()
    timed.lookups(7)
    old.signal(signal.SIGCONT)
    for _ in range(3):
        busy.lookup("smtpd", "x")
    assert timed.history().sum("smtpd.lookups") == 7
    busy.close()
    old.hang_up()
    assert old.wait() == 0
    assert timed.history().sum("smtpd.lookups") == 15
    timed.reload()
    assert timed.history().sum("smtpd.lookups") == 15


def test_a_kill_loses_the_last_minute_at_most(timed):
    timed.lookups(5)
    timed.pass_minutes()
    timed.lookups(3)
    assert timed.daemon.kill() == -signal.SIGKILL
    timed.start()
    assert 5 <= timed.history().sum("smtpd.lookups") <= 8


def test_what_was_asked_for_is_not_lost_by_a_kill(timed):
    timed.lookups(5)
    timed.history()
    assert timed.daemon.kill() == -signal.SIGKILL
    timed.start()
    assert timed.history().sum("smtpd.lookups") == 5


def test_an_hour_without_a_process_is_a_gap(timed):
    first = timed.minute()
    timed.lookups(4)
    timed.daemon.hang_up()
    assert timed.daemon.wait() == 0
    timed.clock.step(3600)
    timed.start()
    timed.lookups(6)
    found = timed.history().minutes
    assert found[first]["smtpd.lookups"] == 4
    assert found[first + 3600]["smtpd.lookups"] == 6
    assert not [minute for minute in found
                if first < minute < first + 3600]


def test_a_clock_set_back_by_an_hour_adds_to_what_is_there(timed):
    first = timed.minute()
    for _ in range(70):
        timed.lookups(2)
        timed.pass_minutes()
    timed.clock.step(-3600)
    timed.client.policy("smtpd")
    timed.history()
    timed.lookups(10)
    # Ahead of the clock now, and not shown; nor lost at a reload.
    assert max(timed.history().minutes) == first + 600
    assert timed.history().minutes[first + 600]["smtpd.lookups"] == 12
    timed.reload()
    assert max(timed.history().minutes) == first + 600
    timed.pass_minutes(61)
    assert timed.history().sum("smtpd.lookups") == 150
    assert not complaints(timed.master)


def test_figures_are_those_of_the_statistics(timed):
    timed.client.update("smtpd", "x", b"session")
    timed.lookups(3)
    timed.client.lookup("smtpd", "y")
    history, now = timed.history(), statistics(timed.client)
    for name, kind in history.kinds.items():
        if not name.startswith("latency."):
            assert name in now
        if kind == "counter" and name.startswith(("smtpd.", "smtp.")):
            assert history.sum(name) == now[name]
    last = history.minutes[max(history.minutes)]
    assert last["smtpd.entries"] == 1
    assert last["clients"] == 1
    assert history.sum("smtpd.hits") == 3
    assert history.sum("request.lookup") == 4
    assert history.sum("latency.count") == history.sum("latency.le.5000000")
    assert history.sum("latency.count") >= 4


# The file

def test_the_file_is_private_in_memory_and_has_no_text_of_clients(timed):
    timed.client.update("smtpd", "an identifier", b"the session")
    key = timed.client.ticket_key().data("keybuf")
    path = timed.history().file
    assert os.path.dirname(path) in key_directories.DIRECTORIES
    found = os.stat(path)
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert found.st_uid == pwd.getpwnam("postfix").pw_uid
    assert found.st_size < 700 * 1024
    with open(path, "rb") as file:
        content = file.read()
    assert b"smtpd.lookups" in content
    for secret in (b"identifier", b"session", key[16:48], key[48:80]):
        assert secret not in content


def test_a_damaged_file_is_a_line_in_the_log_and_a_new_beginning(timed):
    timed.lookups(5)
    path = timed.history().file
    timed.daemon.hang_up()
    assert timed.daemon.wait() == 0
    with open(path, "r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 8)
    mark = timed.master.log_mark()
    timed.start()
    timed.lookups(2)
    assert timed.history().sum("smtpd.lookups") == 2
    assert complaints(timed.master, mark) == [
        "warning: %s: the file is damaged: the history begins anew" % path]
    timed.reload()
    assert timed.history().sum("smtpd.lookups") == 2


def test_a_file_that_others_may_write_to_is_not_used(timed):
    timed.lookups(5)
    path = timed.history().file
    timed.daemon.hang_up()
    assert timed.daemon.wait() == 0
    os.chmod(path, 0o666)
    timed.start()
    timed.lookups(2)
    history = timed.history()
    assert history.file == ""
    assert history.sum("smtpd.lookups") == 2
    assert any("the history is kept in memory only" in line
               for line in complaints(timed.master))


def test_what_is_in_the_files_place_does_not_stop_the_service(timed):
    path = timed.history().file
    timed.daemon.hang_up()
    assert timed.daemon.wait() == 0
    os.remove(path)
    os.mkdir(path)
    timed.start()
    assert timed.client.policy("smtpd").status == OK
    assert timed.history().file == ""


@pytest.mark.parametrize("chroot", [False, True])
def test_it_works_in_the_jail(make_master, chroot):
    master = make_master(CACHES)
    for count in (1, 2):
        daemon = master.start(chroot=chroot, generation=count)
        with master.client() as client:
            client.lookup("smtpd", "x")
            assert History(client).sum("smtpd.lookups") == count
        daemon.hang_up()
        assert daemon.wait() == 0
    assert not complaints(master)


# Nobody waits for it

def test_a_full_history_holds_up_nobody(timed):
    """Each slice is short, so others are served between any two."""
    for _ in range(DAY):
        timed.pass_minutes()
    timed.client.update("smtpd", "bystander", b"x")
    with Bystander(timed.master, "seed", "lookup") as bystander:
        bystander.look()
        slices = sum(timed.history().slices for _ in range(20))
        waits = bystander.look()
    print(waits)
    # Had one answer held all, there would be none but one.
    assert slices > 20 * 5
    assert waits.count > slices / 4
    assert waits.median < 50


@pytest.mark.parametrize("cursor", ["", "-1", "x", "18446744073709551616"])
def test_a_cursor_that_is_none_fails(timed, cursor):
    assert timed.client.ask([
        ("request", "history"), ("cursor", cursor)]) == [
            ("status", "4294967294"), ("cursor", "0"), ("file", "")]


def test_an_idle_process_looks_once_a_minute(timed):
    """Nobody asks; the file has it all the same."""
    path = timed.history().file
    before = os.stat(path).st_mtime_ns
    timed.lookups(1)
    timed.clock.step(60)
    timed.client.policy("smtpd")
    wait_until(lambda: os.stat(path).st_mtime_ns != before,
               "the minute is written")
