"""What version 1.0 left is taken over: its journals, after a clean end and after
a kill; its table of Berkeley DB is left alone, and `tlsmgrctl check` names it.

The files in from-1.0/ were made by 1.0 (commit 9038901, built with `make all`),
with the FakeMaster of its own tests, btree:${data_directory}/cache for smtpd and
nothing else configured. 50 sessions were stored, "session of N" under "key-N";
then "newer session of 7" under key-7, and key-8 was deleted. cache.journal and
cache.db are of a reload after that, cache.journal.killed of SIGKILL, 2.5 seconds
after that. All three were compressed with gzip.
"""

import gzip
import os
import pathlib
import sys
import time

import pytest

import ctl
from attributes import OK
from clock_shift import ClockShift
from faults import put_data
from pipeline import find_all
from waiting import wait_until

FILES = pathlib.Path(__file__).resolve().with_name("from-1.0")
MADE_AT = 1795734092  # seconds since the epoch, or a little after that
SETTINGS = {"smtpd_tls_session_cache_database":
            "btree:${data_directory}/cache"}
SESSIONS = {"key-%d" % number: b"session of %d" % number
            for number in range(50) if number != 8}
SESSIONS["key-7"] = b"newer session of 7"

pytestmark = [
    pytest.mark.ours("has no journal"),
    pytest.mark.skipif(sys.byteorder != "little",
                       reason="the files are of another byte order"),
]


def content(name):
    with gzip.open(FILES / (name + ".gz")) as packed:
        return packed.read()


def complaints(master):
    return [line for line in master.messages()
            if line.startswith(("warning", "error", "fatal", "panic"))]


def find(client):
    wait_until(lambda: client.ask([("request", "stats")])
               .value("smtpd.ready") == "1", "the sessions are there")
    assert client.lookup("smtpd", "key-8").status != OK
    return find_all(client, SESSIONS)


@pytest.mark.parametrize("end", ["cache.journal", "cache.journal.killed"])
def test_sessions_of_1_0_are_kept_until_they_expire(make_master, end):
    master = make_master(SETTINGS)
    clock = ClockShift(master.directory)
    clock.step(MADE_AT + 60 - int(time.time()))
    put_data(master, "cache.journal", content(end))
    for _ in range(2):  # as taken over, and as written by us
        daemon = master.start(chroot=True, environment=clock.environment)
        with master.client() as client:
            assert find(client) == SESSIONS
            assert client.update("smtpd", "new", b"session").status == OK
        daemon.hang_up()
        assert daemon.wait() == 0
    assert [line for line in master.messages()
            if "49 sessions retained" in line]
    assert complaints(master) == []
    clock.step(3601)
    master.start(chroot=True, environment=clock.environment)
    with master.client() as client:
        assert find(client) == {}


def test_the_table_of_1_0_is_left_alone_and_named(make_master):
    master = make_master(SETTINGS)
    clock = ClockShift(master.directory)
    clock.step(MADE_AT + 60 - int(time.time()))
    put_data(master, "cache.journal", content("cache.journal"))
    put_data(master, "cache.db", content("cache.db"), 1)
    path = os.path.join(master.data_directory, "cache.db")
    master.start(chroot=True, environment=clock.environment)
    with master.client() as client:
        assert find(client) == SESSIONS
    found = ctl.run(master.config_directory, "check").text
    assert "%s: of Postfix's own tlsmgr, or of version 1.0" % path in found
    with open(path, "rb") as left:
        assert left.read() == content("cache.db")
    assert os.stat(path).st_mtime_ns == 1
    assert complaints(master) == []
