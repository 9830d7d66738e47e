"""DESIGN, "It remembers": what is left after an end at any moment, under load.

Arenas, each a daemon and clients of it, run side by side. In each the daemon
is ended again and again in one way, and after each new start every key is
looked up and audited (ledger.py). TLSMGR_LONG=1 makes 25 times as many.
"""

import os
import random
import re
import signal
import statistics
import threading
import time

import pytest

from attributes import Closed
from ledger import Gate, Ledger
from tell import tell
from waiting import DEADLINE_S

MORE = 25 if os.environ.get("TLSMGR_LONG") else 1

ARENAS = 4
WORKERS = 3
KEYS = 100  # of each worker
LIFE_S = 0.3  # a daemon's, at most

# What was acknowledged longer ago than this before a kill is kept. The daemon
# promises about one second.
SETTLED_AFTER_S = 2.0

EVERYTHING = float("inf")

# No start may keep clients waiting for long, whatever it finds.
FIRST_ANSWER_S = 3.0

# A kill may come in the middle of a write.
TORN = r"warning: the journal of \S+ is damaged at byte \d+$"

STARTED = r"sessions (recovered|retained)"
DATABASE = "smtpd_tls_session_cache_database"


class Figures:
    """Of all arenas of a test."""

    def __init__(self):
        self._lock = threading.Lock()
        self.kills = self.wanted_ends = 0
        self.acknowledged = self.kept = 0  # changes, before a kill
        self.hits = 0
        self.first_answers_s = []

    def add(self, arena, settled_at):
        with self._lock:
            self.hits += sum(each.take_hits() for each in arena.ledgers)
            self.first_answers_s.append(arena.first_answer_s)
            if settled_at == EVERYTHING:
                self.wanted_ends += 1
            else:
                self.kills += arena.kills
                self.acknowledged += arena.acknowledged
                self.kept += arena.kept

    def __str__(self):
        times = [each * 1000 for each in self.first_answers_s]
        text = "first answer after %.0f ms (median), %.0f ms (longest); " \
            "%d lookups found a session" % (
                statistics.median(times), max(times), self.hits)
        if self.wanted_ends:
            text += "; %d wanted ends, nothing lost" % self.wanted_ends
        if self.kills:
            text += "; %d kills, of %d changes before them at least " \
                "%.1f%% kept" % (self.kills, self.acknowledged,
                                 100 * self.kept / self.acknowledged)
        return text


class Arena:
    """A daemon, and workers that use it and note what they were told."""

    def __init__(self, master, seed, chroot):
        self.master = master
        self.random = random.Random(seed)
        self.chroot = chroot
        self.ledgers = [Ledger() for _ in range(WORKERS)]
        self.is_strict = True
        self.error = None
        self.acknowledged = self.kept = 0
        self.kills = 0  # in this round
        self.first_answer_s = None
        self._mark = 0
        self._gate = Gate(WORKERS)
        self._threads = [
            threading.Thread(target=self._work, daemon=True,
                             args=(ledger, "%d-%d" % (seed, number)))
            for number, ledger in enumerate(self.ledgers)]
        for thread in self._threads:
            thread.start()

    # The workers

    def _work(self, ledger, name):
        choose = random.Random(name)
        keys = ["%s-%d&s=smtp&l=805306608" % (name, number)
                for number in range(KEYS)]
        try:
            while self._gate.enter():
                self._connect_and_work(ledger, choose, keys)
        except BaseException as error:
            self.error = error
        finally:
            self._gate.leave()

    def _connect_and_work(self, ledger, choose, keys):
        try:
            with self.master.client(DEADLINE_S) as client:
                client.policy("smtpd")  # accepted: this daemon it will be
                while self._gate.is_open:
                    key = choose.choice(keys)
                    act = choose.choices(
                        (ledger.update, ledger.delete, ledger.lookup),
                        (60, 15, 25))[0]
                    act(client, key, self.is_strict)
        except (Closed, ConnectionError):
            pass  # the daemon's end: connect again, as Postfix does

    def work_for(self, seconds):
        """Let the workers work, and return while they do."""
        self.is_strict = True
        self._gate.open()
        assert self.daemon.wait_or_none(seconds) is None
        if self.error:
            raise self.error

    def stop(self):
        """Let the workers finish. One may be waiting for a daemon."""
        self._gate.shut()

    def wait_stopped(self):
        self._gate.wait_empty()

    def rest(self):
        """Nobody works, until what was done before is settled."""
        self.stop()
        self.wait_stopped()
        assert self.daemon.wait_or_none(SETTLED_AFTER_S) is None

    # The daemon

    def start(self):
        """Another daemon. It may have to wait for what it needs."""
        self.is_strict = False
        self.first_answer_s = None
        self._mark = self.master.log_mark()
        self._started_at = time.monotonic()
        self.daemon = self.master.start(chroot=self.chroot)

    def kill(self):
        self.daemon.kill()
        self.kills += 1

    def wait_answer(self):
        if self.first_answer_s is not None:
            return
        self.master.wait_ready()
        self.first_answer_s = time.monotonic() - self._started_at
        assert self.first_answer_s < FIRST_ANSWER_S

    def wait_started(self):
        """The daemon has the files, and what is in them."""
        self.master.wait_for_log(STARTED, self._mark)

    def audit(self, settled_at):
        """Look at all that is there, now that nobody changes it.

        What was acknowledged by settled_at is to be there.
        """
        self.wait_started()
        with self.master.client(DEADLINE_S) as client:
            found = [ledger.find(client) for ledger in self.ledgers]
        survived_at = max(ledger.last_survivor_at(each)
                          for ledger, each in zip(self.ledgers, found))
        told_at = [operation.acknowledged_at for ledger in self.ledgers
                   for operation in ledger.operations()
                   if operation.acknowledged_at is not None]
        settled_at = max(survived_at, settled_at)
        self.acknowledged = len(told_at)
        self.kept = sum(each <= settled_at for each in told_at)
        for ledger, each in zip(self.ledgers, found):
            ledger.audit(each, settled_at)

    def close(self):
        self._gate.end()
        for thread in self._threads:
            thread.join()


def run_arena(arena, rounds, end, figures):
    """`end` has the daemon replaced by another, and says what is settled."""
    try:
        arena.start()
        arena.wait_answer()
        for number in range(rounds * MORE):
            arena.work_for(arena.random.uniform(0.0, LIFE_S))
            arena.kills = 0
            settled_at = end(arena, number)
            arena.wait_answer()
            arena.audit(settled_at)
            figures.add(arena, settled_at)
    except BaseException as error:
        arena.error = error


def run_arenas(make_master, request, rounds, end, allowed="$^"):
    """Rounds of one kind in all arenas; returns what they came to.

    No complaint is in the log but those allowed.
    """
    figures = Figures()
    arenas = []
    for seed in range(ARENAS):
        kind = ("btree", "hash")[seed % 2]
        arenas.append(Arena(
            make_master({DATABASE: kind + ":${data_directory}/cache"}),
            seed, chroot=seed < ARENAS // 2))
    threads = [threading.Thread(target=run_arena,
                                args=(arena, rounds, end, figures))
               for arena in arenas]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for arena in arenas:
        arena.close()
        if arena.error:
            raise arena.error
        assert complaints(arena.master, allowed) == []
    tell(request.config, "%s: %s" % (end.__doc__, figures))
    return figures


def complaints(master, allowed):
    return [line for line in master.messages()
            if line.startswith(("warning", "error", "fatal", "panic"))
            and not re.match(allowed, line)]


# The ends. Each has the daemon replaced, and returns the time up to which
# what was acknowledged is settled.

def kill(arena, number):
    """kill -9"""
    if number % 3 == 1:  # what the next kill finds may be trusted too much
        return end_by_signal(arena, number)
    if number % 18 == 17:  # all that was done is to be settled
        arena.rest()
    arena.kill()
    settled_at = time.monotonic() - SETTLED_AFTER_S
    arena.stop()
    arena.start()
    arena.wait_stopped()
    if number % 6 == 5:  # once more, before it has come through its start
        arena.daemon.wait_or_none(arena.random.uniform(0.0, 0.03))
        arena.kill()
        arena.start()
    return settled_at


def kill_while_it_ends(arena, _):
    """kill -9 after the end of file, with the next process waiting"""
    old = arena.daemon
    old.signal(signal.SIGSTOP)
    old.hang_up()
    arena.stop()
    arena.start()
    old.signal(signal.SIGCONT)
    old.wait_or_none(arena.random.uniform(0.0, 0.003))
    arena.kills += old.kill() != 0  # or it had come to its end
    settled_at = time.monotonic() - SETTLED_AFTER_S
    arena.wait_stopped()
    return settled_at


def end_by_signal(arena, _):
    """SIGTERM"""
    assert arena.daemon.terminate() == 0
    arena.stop()
    arena.start()
    arena.wait_stopped()
    return EVERYTHING


def end_of_file(arena, _):
    """end of file on the status channel"""
    arena.daemon.hang_up()
    assert arena.daemon.wait() == 0
    arena.stop()
    arena.start()
    arena.wait_stopped()
    return EVERYTHING


def overlapping_start(arena, number):
    """end of file, and the next process started at once"""
    old = arena.daemon
    if number % 2:  # the old one has no time to save until the new one runs
        old.signal(signal.SIGSTOP)
    old.hang_up()
    arena.start()
    if number % 2:
        arena.wait_answer()
        old.signal(signal.SIGCONT)
    assert old.wait() == 0
    arena.wait_answer()  # not before: the old one might, and end halfway
    arena.wait_started()
    arena.stop()
    arena.wait_stopped()
    return EVERYTHING


def test_kill(make_master, request):
    figures = run_arenas(make_master, request, 36, kill, allowed=TORN)
    assert figures.kills >= 100
    assert figures.kept > 0.5 * figures.acknowledged


def test_kill_while_it_ends(make_master, request):
    run_arenas(make_master, request, 5, kill_while_it_ends, allowed=TORN)


@pytest.mark.parametrize("end", [
    end_by_signal, end_of_file, overlapping_start],
    ids=lambda end: end.__name__)
def test_nothing_is_lost(make_master, request, end):
    # By SIGTERM it is to be 1000 ends, or 40 where there is less time.
    run_arenas(make_master, request, 10 if end is end_by_signal else 6, end)
