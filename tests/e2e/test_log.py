"""What is logged, and how."""

import os
import re
import time

import pytest

from attributes import ERR, FAIL, OK
from conftest import CACHES
from limits import start_under

PROMPT_S = 10.0

ACTIVITY = [
    r"^open smtpd TLS cache btree:\S+/data/smtpd_scache$",
    r"^put smtpd session id=first&s=smtp \[data 5 bytes\]$",
    r"^write smtpd TLS cache entry first&s=smtp: time=\d+ \[data 5 bytes\]$",
    r"^lookup smtpd session id=first&s=smtp$",
    r"^read smtpd TLS cache entry first&s=smtp: time=\d+ \[data 5 bytes\]$",
    r"^delete smtpd session id=first&s=smtp$"]


@pytest.mark.parametrize("level, is_logged", [
    ("0", False), ("1", False), ("none", False), ("summary", False),
    ("2", True), ("3", True), ("4", True), ("debug", True), ("cache", True),
    ("summary, cache", True), ("ssl-expert", True)])
def test_cache_activity_is_logged(make_master, level, is_logged):
    master = make_master({"smtpd_tls_loglevel": level, **CACHES})
    master.start()
    with master.client() as client:
        client.update("smtpd", "first&s=smtp", b"12345")
        client.lookup("smtpd", "first&s=smtp")
        client.delete("smtpd", "first&s=smtp")
        client.update("smtp", "of a client", b"12345")
        # A complaint comes in any case, and behind all the rest.
        client.ask([("request", "policy")])
    master.wait_for_log("^warning: ")
    messages = master.messages()
    for pattern in ACTIVITY:
        found = [each for each in messages if re.search(pattern, each)]
        assert len(found) == is_logged, (pattern, messages)
    assert not [each for each in messages if "of a client" in each]


def test_an_unknown_log_level_is_reported(make_master):
    master = make_master({"smtpd_tls_loglevel": "cache, chatty", **CACHES})
    master.start()
    assert master.wait_ready().status == OK
    line = master.wait_for_log("^warning: .*chatty")
    assert "smtpd_tls_loglevel" in line


def test_lines_have_the_form_of_postfix(make_master):
    """Time, host up to the first dot, name, process id, severity, text."""
    master = make_master({"tls_random_source": ""})
    daemon = master.start()
    master.wait_for_log("^warning: ")
    line = [each for each in master.log if "warning" in each][0]
    prefix, text = line.split(": ", 1)
    assert prefix[15:] == " mail postfix/tlsmgr[%d]" % daemon.pid
    assert text.startswith("warning: ")


@pytest.mark.ours("says nothing")
def test_a_start_is_one_line_with_the_versions(make_master):
    master = make_master()
    master.start()
    assert master.wait_ready().status == OK
    line = master.wait_for_log("^starting: ")
    assert re.fullmatch(r"starting: tlsmgr \S+, Postfix \d\.\d+\S*", line)


@pytest.mark.parametrize("settings, tag", [
    ({}, "postfix/tlsmgr"), ({"syslog_name": "mine"}, "mine/tlsmgr"),
    ({"multi_instance_name": "second"}, "second/tlsmgr")])
def test_the_name_is_that_of_syslog_name(make_master, settings, tag):
    master = make_master({"tls_random_source": "", **settings})
    master.start(environment={"MAIL_LOGTAG": "early"})
    master.wait_for_log("^warning: ")
    assert " %s[" % tag in master.log[-1]


@pytest.mark.parametrize("environment, tag", [
    ("early", "early/tlsmgr"), (None, "postfix/tlsmgr")])
def test_the_name_before_main_cf_is_read_is_from_the_environment(
        make_master, environment, tag):
    master = make_master({"syslog_name": "mine"})
    daemon = master.start("-Q", environment={"MAIL_LOGTAG": environment})
    assert daemon.wait() == 1
    master.wait_for_log("^fatal: ")
    assert " %s[" % tag in master.log[-1]


@pytest.mark.ours("uses the command's name")
def test_the_name_is_tlsmgr_whatever_the_program_is_called(
        make_master, binary):
    first = make_master()
    other = first.directory + "/tlsmgr-new"
    os.symlink(os.path.abspath(binary), other)
    master = make_master({"tls_random_source": ""}, program=other)
    master.start()
    master.wait_for_log("^warning: ")
    assert " postfix/tlsmgr[" in master.log[-1]


@pytest.mark.parametrize("settings", [
    {}, {**CACHES, "smtpd_tls_session_cache_timeout": "0"}],
    ids=["no database", "no timeout"])
def test_no_activity_is_logged_without_a_cache(make_master, settings):
    master = make_master({"smtpd_tls_loglevel": "2", **settings})
    daemon = master.start()
    with master.client() as client:
        assert client.update("smtpd", "id", b"x").status == FAIL
        assert client.lookup("smtpd", "id").status == FAIL
        assert client.delete("smtpd", "id").status == FAIL
    daemon.terminate()
    assert not [line for line in master.messages() if "smtpd session" in line]


# A log daemon that is not there, or is busy

@pytest.mark.ours("waits for it")
def test_a_log_daemon_that_is_held_up_loses_no_line(make_master):
    """Nobody waits for it, and no line is lost for that."""
    master = make_master({"smtpd_tls_loglevel": "2", **CACHES})
    master.start()
    master.wait_ready()
    mark = master.log_mark()
    master.pause_log()
    started = time.monotonic()
    with master.client(PROMPT_S) as client:
        for number in range(50):
            assert client.update("smtpd", "id %d" % number, b"x").status == OK
    assert time.monotonic() - started < PROMPT_S
    master.resume_log()
    with master.client() as client:
        client.lookup("smtpd", "the last")
    master.wait_for_log("^lookup smtpd session id=the last$", mark)
    lines = [line for line in master.messages(mark)
             if line.startswith("put smtpd session id=id ")]
    assert lines == ["put smtpd session id=id %d [data 1 bytes]" % number
                     for number in range(50)]


@pytest.mark.parametrize("chroot", [True, False])
def test_a_log_daemon_that_is_gone_holds_nobody_up(make_master, chroot):
    master = make_master({"smtpd_tls_loglevel": "2", **CACHES})
    os.unlink(master.queue_directory + "/public/postlog")
    daemon = master.start(chroot=chroot)
    with master.client() as client:
        for number in range(50):
            assert client.update("smtpd", "id %d" % number, b"x").status == OK
    daemon.hang_up()
    assert daemon.wait() == 0


@pytest.mark.ours("is killed by a signal")
def test_a_limit_of_file_sizes_is_named(make_master):
    """What cannot be written for RLIMIT_FSIZE is no error of the disk."""
    master = make_master(CACHES)
    start_under(master, "-f", 1024)
    master.start()
    with master.client() as client:
        statuses = [client.update("smtpd", "key-%d" % number,
                                  os.urandom(2000)).status
                    for number in range(1000)]
    assert statuses[0] == OK
    assert statuses[-1] == ERR
    line = master.wait_for_log("^warning: smtpd TLS cache ")
    assert "the limit of file sizes is reached" in line
    assert not [each for each in master.messages()
                if "input/output error" in each]


@pytest.mark.ours("dies, or says nothing")
def test_a_cache_that_is_unavailable_says_which_file(make_master):
    master = make_master(CACHES)
    journal = os.path.join(master.data_directory, "smtpd_scache.journal")
    os.mkdir(journal)
    master.start()
    assert master.wait_ready().status == OK
    assert master.wait_for_log("is unavailable") == (
        "warning: btree:%s/smtpd_scache is unavailable. %s: it is a directory"
        % (master.data_directory, journal))
