"""tlsmgrctl verbose: more in the log for a while.

Covers ctl_verbose.c and daemon_log_level.c.
"""

import re
import socket

import pytest

import ctl
import installed
from admin import statistics
from attributes import ERR, OK
from clock_shift import ClockShift
from conftest import CACHES

pytestmark = pytest.mark.ours("has no such request")


@pytest.fixture
def clock(make_master):
    """The clock of the daemon of clock.master, which has two caches."""
    master = make_master(CACHES)
    made = ClockShift(master.directory)
    made.master = master
    master.start(environment=made.environment)
    master.wait_ready()
    return made


def tell(master, *arguments, **keywords):
    return ctl.run(master.config_directory, *arguments, **keywords)


def logs_lookups(master):
    """Is a lookup logged now?"""
    mark = master.log_mark()
    with master.client() as client:
        assert client.lookup("smtpd", "of the test").status == ERR
    # Lines arrive in their order; this one is behind those of the lookup.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.sendto(b"end of the lookup",
                   master.queue_directory + "/public/postlog")
    master.wait_for_log("^end of the lookup$", mark)
    return any("lookup smtpd session id=of the test" in line
               for line in master.messages(mark))


def pass_time(clock, seconds):
    """Then let the daemon come round and see that it is later."""
    clock.step(seconds)
    with clock.master.client() as client:
        for _ in range(3):
            assert client.policy("smtpd").status == OK


def test_verbose_logs_more_until_its_time_is_over(clock):
    master = clock.master
    assert not logs_lookups(master)
    result = tell(master, "verbose", "2", "30")
    assert result.status == 0, result
    assert re.fullmatch(r"The log level is raised by 2 until "
                        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\n", result.text)
    line = master.wait_for_log("^log level raised by 2 until ")
    assert re.search(r" until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, on request of "
                     r"process \d+, uid 0$", line)
    assert "The log level is raised by 2 until " in tell(
        master, "status").text
    pass_time(clock, 60)
    assert logs_lookups(master)
    pass_time(clock, 29 * 60 - 30)
    assert logs_lookups(master)
    pass_time(clock, 60)
    master.wait_for_log("^log level as configured again: the time is over$")
    assert not logs_lookups(master)
    assert "log level" not in tell(master, "status").text


def test_verbose_is_for_ten_minutes_and_0_ends_it(clock):
    master = clock.master
    assert tell(master, "verbose", "2").status == 0
    with master.client() as client:
        found = statistics(client)
    assert found["log_level_raised"] == 2
    assert abs(found["log_level_until"] - found["started_at"] - 600) < 60
    assert logs_lookups(master)
    result = tell(master, "verbose", "0")
    assert (result.status, result.text) == (
        0, "The daemon logs as configured.\n")
    master.wait_for_log("^log level as configured again, on request of "
                        r"process \d+, uid 0$")
    assert not logs_lookups(master)
    with master.client() as client:
        found = statistics(client)
    assert found["log_level_raised"] == found["log_level_until"] == 0
    # Nothing comes of the time that was given before.
    mark = master.log_mark()
    pass_time(clock, 1200)
    assert not [line for line in master.messages(mark) if "level" in line]


def test_the_last_verbose_counts(clock):
    master = clock.master
    assert tell(master, "verbose", "2", "1440").status == 0
    assert tell(master, "verbose", "1", "5").status == 0
    assert not logs_lookups(master)
    pass_time(clock, 310)
    master.wait_for_log("the time is over")


def test_a_reload_ends_verbose(clock):
    master = clock.master
    assert tell(master, "verbose", "2", "60").status == 0
    assert logs_lookups(master)
    master.daemons[0].hang_up()
    assert master.daemons[0].wait() == 0
    master.start(generation=2)
    assert not logs_lookups(master)


def test_what_is_configured_stays_when_verbose_ends(make_master):
    master = make_master({**CACHES, "smtpd_tls_loglevel": "2"})
    master.start()
    for level in "2", "0":
        assert tell(master, "verbose", level).status == 0
        assert logs_lookups(master)


def test_twice_v_at_the_start_is_as_verbose_2(make_master):
    master = make_master(CACHES)
    master.start("-v", "-v")
    assert logs_lookups(master)
    assert tell(master, "verbose", "0").status == 0
    assert logs_lookups(master)


@pytest.mark.parametrize("words,named", [
    (["10"], "level 10: must be a number, 0 to 9"),
    (["-1"], None), (["--", "-1"], "level -1: must be"),
    (["x"], "level x: must be"), ([""], "level : must be"),
    (["1x"], "level 1x: must be"),
    (["1", "0"], "minutes 0: must be a number, 1 to 1440"),
    (["1", "1441"], "minutes 1441: must be"),
    (["1", "99999999999999999999"], "minutes 99999999999999999999: must be"),
    (["1", "ten"], "minutes ten: must be"), ([], "usage: tlsmgrctl verbose"),
    (["1", "2", "3"], "usage: tlsmgrctl verbose")])
def test_bad_numbers_are_named(words, named):
    result = ctl.run(None, "verbose", *words)
    assert result.status == 2, result
    assert named is None or named in result.complaint


def test_verbose_is_roots_alone(clock):
    master = clock.master
    result = tell(master, "verbose", "2", user=installed.mail_owner())
    assert (result.status, result.complaint) == (
        1, "tlsmgrctl: verbose is root's alone\n")
    master.wait_for_log(r'request "verbose" from process \d+, uid %d: it is '
                        "root's alone" % master.owner.pw_uid)
    assert not logs_lookups(master)
