"""Under the real master(8), with real smtpd(8) and smtp(8) processes."""

import os
import re
import signal

import pytest

import installed
import postfix_instance
import scenarios
import tls_client
from attributes import OK
from postfix_instance import TLSMGR_COMMAND, PostfixInstance
from waiting import wait_until

CHROOT = pytest.mark.parametrize("chroot", [True, False],
                                 ids=["chroot y", "chroot n"])
WAYS = [tls_client.TLS12_TICKET, tls_client.TLS12_SESSION_ID,
        tls_client.TLS13]
TLSMGR_LOG = r"postfix/tlsmgr\S*\[%d\]: "


def assert_no_complaints(postfix, but=()):
    """Nothing in the log that an administrator would have to look into."""
    lines = [line for line in postfix.complaints()
             if not any(re.search(each, line) for each in but)]
    assert lines == []


def tlsmgr_pid(postfix):
    """The one tlsmgr that serves now."""
    with postfix.client() as client:
        assert client.policy("smtpd").status == OK
        pids = postfix.tlsmgr_pids()
    assert len(pids) == 1, postfix.processes()
    return pids[0]


@pytest.fixture(scope="module", params=[True, False],
                ids=["chroot y", "chroot n"])
def shared_postfix(request, binary):
    with PostfixInstance(binary, chroot=request.param) as postfix:
        yield postfix
        print(postfix.log())


@pytest.mark.parametrize("scenario", scenarios.ALL,
                         ids=lambda scenario: scenario.__name__)
def test_scenario(shared_postfix, scenario):
    scenario(shared_postfix)
    root = os.readlink("/proc/%d/root" % tlsmgr_pid(shared_postfix))
    assert root == (shared_postfix.directory + "/queue"
                    if shared_postfix.jail == "y" else "/")
    assert_no_complaints(shared_postfix)


def test_log_goes_to_postlogd(make_postfix):
    """Our lines are in maillog_file, of the form of all the others."""
    postfix = make_postfix()
    scenarios.resume_by_session_id(postfix)
    pid = tlsmgr_pid(postfix)
    opened = postfix.wait_for_log(
        r"^\w{3} [ \d]\d \d\d:\d\d:\d\d mail " + TLSMGR_LOG % pid +
        r"open smtpd TLS cache btree:(\S+)$")
    assert opened == [postfix.directory + "/data/smtpd_scache"]


@pytest.mark.ours("logs as the command it was started as")
def test_log_name_stays(make_postfix):
    postfix = make_postfix()
    pid = tlsmgr_pid(postfix)
    postfix.wait_for_log(r" postfix/tlsmgr\[%d\]: " % pid)
    assert TLSMGR_COMMAND + "[" not in postfix.log()


@CHROOT
def test_reload(make_postfix, chroot):
    postfix = make_postfix(chroot=chroot)
    for scenario in scenarios.ALL:
        scenario(postfix)
    before = tlsmgr_pid(postfix)
    postfix.reload()
    for scenario in scenarios.ALL:
        scenario(postfix)
    after = tlsmgr_pid(postfix)
    assert after != before
    postfix.stop()
    assert_no_complaints(postfix)


@pytest.mark.ours("dies while the old process has the files", strict=False)
def test_many_reloads(make_postfix):
    postfix = make_postfix()
    for _ in range(10):
        postfix.reload()
        connection = tls_client.connect(postfix.port, tls_client.TLS13)
        assert connection.protocol == "TLSv1.3", connection
    scenarios.resume_by_session_id(postfix)
    postfix.stop()
    assert_no_complaints(postfix)


@pytest.mark.ours("forgets everything")
@pytest.mark.parametrize("options", WAYS, ids=" ".join)
def test_session_outlives_a_reload(make_postfix, options):
    postfix = make_postfix(settings="tlsmgr_ticket_key_file = "
                                    "${data_directory}/ticket_keys\n")
    _, session = scenarios.open_session(postfix, options)
    before = tlsmgr_pid(postfix)
    postfix.reload()
    again = tls_client.connect(postfix.port, options, session_in=session)
    assert again.resumed, again.output
    assert tlsmgr_pid(postfix) != before


@pytest.mark.parametrize("options", WAYS, ids=" ".join)
def test_session_does_not_outlive_other_settings(make_postfix, options):
    settings = "tlsmgr_ticket_key_file = ${data_directory}/ticket_keys\n"
    postfix = make_postfix(settings=settings)
    _, session = scenarios.open_session(postfix, options)
    postfix.write_config(settings + "smtpd_tls_fingerprint_digest = sha512\n")
    postfix.reload()
    again = tls_client.connect(postfix.port, options, session_in=session)
    assert again.protocol and not again.resumed, again.output


@CHROOT
def test_stop_and_start(make_postfix, chroot):
    postfix = make_postfix(chroot=chroot)
    scenarios.resume_by_session_id(postfix)
    tlsmgr_pid(postfix)
    exchange = postfix.directory + "/data/prng_exch"
    postfix.stop()
    assert os.path.getsize(exchange) == 1024
    postfix.start()
    scenarios.resume_by_session_id(postfix)
    postfix.stop()
    assert_no_complaints(postfix)


@pytest.mark.ours("saves no state on a signal")
def test_stop_saves_state(make_postfix):
    postfix = make_postfix(settings="tls_random_prng_update_period=1000d\n")
    scenarios.resume_by_ticket(postfix)
    path = postfix.directory + "/data/prng_exch"
    with open(path, "rb") as exchange:
        before = exchange.read()
    postfix.stop()
    with open(path, "rb") as exchange:
        assert exchange.read() != before


def test_abort(make_postfix):
    postfix = make_postfix()
    scenarios.resume_by_ticket(postfix)
    postfix.postfix("abort")
    postfix.wait_stopped()
    assert_no_complaints(postfix)


KILLED = (r"postfix/master\[\d+\]: warning: process \S+/" + TLSMGR_COMMAND +
          r" pid \d+ killed by signal 9",)


@CHROOT
def test_kill_and_recovery(make_postfix, chroot):
    """master starts another at once; it throttles nothing."""
    postfix = make_postfix(chroot=chroot)
    scenarios.resume_by_session_id(postfix)
    for _ in range(3):
        pid = tlsmgr_pid(postfix)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: pid not in postfix.processes(), "its end")
        scenarios.resume_by_session_id(postfix)
        scenarios.resume_tls13(postfix)
        assert tlsmgr_pid(postfix) != pid
    scenarios.deliver_twice(postfix)
    postfix.stop()
    assert "throttling" not in postfix.log()
    assert_no_complaints(postfix, but=KILLED)


def test_wakeup_by_master(make_postfix):
    """master's trigger is no request, and no reason to complain."""
    postfix = make_postfix()
    pid = tlsmgr_pid(postfix)
    for _ in range(5):
        with postfix.client() as client:
            client.send(b"W")
            client.send(b"\0")
            assert client.wait_closed() == b""
    assert tlsmgr_pid(postfix) == pid
    assert_no_complaints(postfix)


def test_tlsproxy(make_postfix):
    """smtp(8) asks through tlsproxy(8) where it keeps connections open."""
    postfix = make_postfix(settings="smtp_tls_connection_reuse = yes\n")
    mark = postfix.log_mark()
    for count in (1, 2):
        scenarios.send_message(postfix)
        postfix.wait_for_log(scenarios.SENT, mark, count=count)
    postfix.wait_for_log(r"postfix/tlsproxy\[\d+\]: .*TLS connection "
                         r"established to ", mark)
    postfix.stop()
    assert_no_complaints(postfix)


# The suite itself

def snapshot(directory):
    """What would change if anything in there did."""
    return {path: (entry.st_mtime_ns, entry.st_ctime_ns, entry.st_size)
            for parent, names, files in os.walk(directory)
            for path in [parent] + [os.path.join(parent, name)
                                    for name in names + files]
            for entry in [os.lstat(path)]}


def test_host_is_left_alone(make_postfix):
    directories = [installed.default("config_directory"),
                   installed.default("daemon_directory")]
    before = [snapshot(each) for each in directories]
    postfix = make_postfix()
    scenarios.resume_by_ticket(postfix)
    postfix.reload()
    postfix.stop()
    assert [snapshot(each) for each in directories] == before


def test_nothing_is_left_behind(make_postfix):
    """Not even where it was not stopped."""
    postfix = make_postfix()
    scenarios.resume_by_ticket(postfix)
    assert postfix.processes()
    postfix.remove()
    assert not postfix.processes()
    assert not os.path.exists(postfix.directory)


@pytest.mark.parametrize("scenario", scenarios.ALL,
                         ids=lambda scenario: scenario.__name__)
def test_scenario_needs_a_tlsmgr(make_postfix, tmp_path, scenario,
                                 monkeypatch):
    program = tmp_path / "useless"
    program.write_text("#!/bin/sh\nexit 1\n")
    postfix = make_postfix(program=str(program))
    for module in (postfix_instance, tls_client):
        monkeypatch.setattr(module, "TIMEOUT_S", 3)
    with pytest.raises((AssertionError, TimeoutError)):
        scenario(postfix)
    assert "throttling" in postfix.log()
