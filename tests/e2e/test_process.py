"""The process: options, privileges, status records. Covers daemon.c and
stdio_client.c."""

import contextlib
import os
import pty
import select
import signal
import socket
import stat
import time

import pytest

import installed
from attributes import ERR, FAIL, OK, Client, encode
from conftest import CACHES
from fake_master import BASE_ARGUMENTS
from limits import start_under
from waiting import wait_until

def assert_refused(master, daemon, pattern):
    """Exit status 1 after a line that begins with "fatal: "."""
    assert daemon.wait() == 1
    master.wait_for_log("^fatal: .*" + pattern)


def assert_serves(master):
    with master.client() as client:
        assert client.policy("smtpd").status == OK


# Options

@pytest.mark.parametrize("arguments, pattern", [
    (("-t", "unix", "-u"), "process limit"),
    (("-l", "-u", "-t", "unix", "-Q"), "Q"),
    (("-l", "-u", "-t", "unix", "-o", "no assignment"), "no assignment"),
    (("-l", "-u", "-t", "unix", "-s", "0"), "0"),
    (("-l", "-u", "-t", "unix", "-s", "x"), "x"),
    (("-l", "-u", "-t", "unix", "-s", "-1"), "-1")])
def test_a_bad_option_is_refused(make_master, arguments, pattern):
    master = make_master()
    daemon = master.start(base=arguments)
    assert_refused(master, daemon, pattern)


@pytest.mark.ours("takes 16 seconds to refuse", strict=False)
def test_an_argument_that_is_no_option_is_refused(make_master):
    master = make_master()
    assert_refused(master, master.start("argument"), "argument")


@pytest.mark.parametrize("arguments", [
    ("-v",), ("-v", "-v"), ("-i", "100"), ("-m", "1"), ("-i", "1", "-m", "1"),
    ("-s", "1"), ("-o", "tls_random_bytes=16"),
    ("-o", "tls_random_bytes=16", "-o", "tls_random_reseed_period=10s")])
def test_an_option_of_master_is_accepted(make_master, arguments):
    master = make_master()
    daemon = master.start(*arguments)
    assert_serves(master)
    assert_serves(master)
    assert daemon.is_running()


def test_an_override_wins_over_main_cf(make_master):
    master = make_master({"smtpd_tls_session_cache_timeout": "1000"})
    master.start("-o", "smtpd_tls_session_cache_timeout=2000",
                 "-o", "smtp_tls_session_cache_timeout = 3000")
    with master.client() as client:
        assert client.policy("smtpd").number("timeout") == 2000
        assert client.policy("smtp").number("timeout") == 3000


def test_two_listeners_are_served(make_master):
    master = make_master()
    second = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    path = master.directory + "/second"
    second.bind(path)
    second.listen(5)
    second.setblocking(False)
    master.start("-s", "2", listeners=[master.listener, second])
    assert_serves(master)
    with Client(path, master.announced) as client:
        assert client.policy("smtpd").status == OK
    second.close()


def test_a_listener_that_blocks_holds_up_nobody(make_master):
    """Those of master do not; but nothing tells who else starts it."""
    master = make_master()
    second = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    path = master.directory + "/second"
    second.bind(path)
    second.listen(5)
    daemon = master.start("-s", "2", listeners=[master.listener, second])
    for _ in range(2):
        with Client(path, master.announced) as client:
            assert client.policy("smtpd").status == OK
        assert_serves(master)
    assert daemon.terminate() == 0
    second.close()


def test_v_logs_more(make_master):
    quiet, verbose = make_master(), make_master()
    quiet.start()
    verbose.start("-v")
    assert_serves(quiet)
    assert_serves(verbose)
    wait_until(lambda: len(verbose.messages()) > len(quiet.messages()),
               "lines written because of -v")


def test_a_terminal_on_standard_input_is_refused(make_master):
    master = make_master()
    outer, inner = pty.openpty()
    daemon = master.start(stdin=inner)
    assert_refused(master, daemon, "by hand")
    os.close(inner)
    os.close(outer)


def test_a_terminal_with_d_is_served(make_master):
    master = make_master()
    outer, inner = pty.openpty()
    master.start("-d", stdin=inner)
    assert_serves(master)
    os.close(inner)
    os.close(outer)


def start_on_stdio(master, *arguments):
    """Client and daemon of -S, which sends no announcement."""
    ours, theirs = socket.socketpair()
    with theirs:
        daemon = master.start("-S", *arguments, stdin=theirs.fileno(),
                              stdout=theirs.fileno())
    return Client.over(ours, announced=False), daemon


def test_a_client_on_standard_input_and_output_is_served(make_master):
    client, daemon = start_on_stdio(make_master(CACHES))
    with client:
        assert client.policy("smtpd") == [
            ("status", "0"), ("cachable", "1"), ("timeout", "3600")]
    assert daemon.wait() == 0


@pytest.mark.ours("ends after one request")
def test_requests_on_standard_input_are_answered_to_the_last(make_master):
    client, daemon = start_on_stdio(make_master(CACHES))
    with client:
        assert client.update("smtpd", "x", b"session").status == OK
        assert client.lookup("smtpd", "x").data("session") == b"session"
        assert client.ask([("request", "nonsense")]).status == FAIL
        assert len(client.seed(20).data("seed")) == 20
        assert daemon.is_running()
    assert daemon.wait() == 0


@pytest.mark.parametrize("number", [
    signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.ours("ends after one request")
def test_a_signal_ends_standard_input_and_output(make_master, number):
    client, daemon = start_on_stdio(make_master(CACHES))
    with client:
        assert client.update("smtpd", "x", b"session").status == OK
        daemon.signal(number)
        assert daemon.wait() == 0


@pytest.mark.ours("ends after one request")
def test_a_signal_ends_it_where_standard_output_is_not_read(make_master):
    requests, output = os.pipe(), os.pipe()
    daemon = make_master(CACHES).start("-S", stdin=requests[0],
                                       stdout=output[1])
    os.close(requests[0])
    os.write(requests[1], encode([("request", "config")]) * 50)
    wait_until(lambda: not select.select([], [output[1]], [], 0)[1],
               "its output takes no more")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    for each in (requests[1], *output):
        os.close(each)


def files_of(master, but=()):
    """Name, inode and content of all that is kept."""
    found = {}
    for name in set(os.listdir(master.data_directory)) - set(but):
        path = os.path.join(master.data_directory, name)
        with open(path, "rb") as file:
            found[name] = (os.stat(path).st_ino, file.read())
    return found


@pytest.mark.ours("empties the caches at each start")
@pytest.mark.parametrize("arguments", [
    [], ["-o", "smtpd_tls_mandatory_ciphers=high"],
    ["-o", "smtpd_tls_session_cache_timeout=200"]], ids=repr)
@pytest.mark.parametrize("is_running", [False, True])
def test_client_on_standard_input_leaves_the_files_alone(
        make_master, arguments, is_running):
    """Though master.cf may have other settings for the service."""
    master = make_master(CACHES, own_settings={
        "tlsmgr_ticket_key_file": "${data_directory}/ticket_keys"})
    daemon = master.start("-o", "smtpd_tls_mandatory_ciphers=medium")
    with master.client() as client:
        assert client.update("smtpd", "x", b"session").status == OK
        key = client.ticket_key()
        assert client.ask([("request", "save")]).status == OK
    if not is_running:
        assert daemon.terminate() == 0
    # At random times the daemon itself writes that one.
    but = ["prng_exch"] if is_running else []
    before = files_of(master, but)
    assert len(before) >= 3
    theirs, other = start_on_stdio(master, *arguments)
    with theirs:
        assert theirs.policy("smtpd").number("cachable") == 1
        assert theirs.lookup("smtpd", "x").status == ERR
        assert theirs.update("smtpd", "y", b"of no account").status == OK
        assert theirs.lookup("smtpd", "y").status == OK
        assert theirs.ticket_key() != key
        assert theirs.ask([("request", "flush"),
                           ("cache_type", "smtpd")]).status == OK
        assert theirs.ask([("request", "save")]).status == OK
        assert theirs.ask([("request", "flush_tickets")]).status == OK
    assert other.wait() == 0
    assert files_of(master, but) == before
    if not is_running:
        master.start("-o", "smtpd_tls_mandatory_ciphers=medium")
    with master.client() as client:
        assert client.lookup("smtpd", "x").data("session") == b"session"
        assert client.ticket_key() == key
    assert not [line for line in master.messages() if "warning" in line]


@pytest.mark.ours("ends after one request")
def test_a_silent_client_on_standard_input_is_no_hang(make_master):
    """The watchdog is for a process that hangs, not for one that waits."""
    master = make_master({"daemon_timeout": "1s", **CACHES})
    client, daemon = start_on_stdio(master)
    with client:
        assert client.policy("smtpd").status == OK
        time.sleep(2)
        assert client.policy("smtpd").status == OK
    assert daemon.wait() == 0


def test_the_log_goes_to_standard_error_as_well_with_V(make_master):
    master = make_master({"smtpd_tls_loglevel": "2", **CACHES})
    daemon = master.start("-V")
    assert_serves(master)
    wait_until(lambda: b"open smtpd TLS cache" in daemon.stderr,
               lambda: "the log on standard error: %r" % daemon.stderr)


def test_the_debugger_is_started(make_master):
    master = make_master()
    mark = master.directory + "/started"
    master.configure({"debugger_command":
                      "echo $process_name $process_id >" + mark})
    daemon = master.start("-D")
    wait_until(lambda: os.path.exists(mark) and os.path.getsize(mark),
               "the debugger's output")
    with open(mark) as text:
        assert text.read().split()[-1] == str(daemon.pid)
    with master.client(15) as client:
        assert client.policy("smtpd").status == OK


def test_without_u_it_stays_root(make_master):
    master = make_master()
    daemon = master.start(base=("-l", "-t", "unix"))
    assert_serves(master)
    assert ids(daemon.pid, "Uid") == {0}


@pytest.mark.parametrize("chroot", [True, False])
def test_no_privileges_are_left(make_master, chroot):
    master = make_master(CACHES)
    daemon = master.start(chroot=chroot)
    assert_serves(master)
    assert ids(daemon.pid, "Uid") == {master.owner.pw_uid}
    assert ids(daemon.pid, "Gid") == {master.owner.pw_gid}
    assert ids(daemon.pid, "Groups") <= {master.owner.pw_gid}
    root = os.readlink("/proc/%d/root" % daemon.pid)
    assert root == (master.queue_directory if chroot else "/")
    assert os.readlink("/proc/%d/cwd" % daemon.pid) == master.queue_directory


def ids(pid, name):
    with open("/proc/%d/status" % pid) as status:
        for line in status:
            if line.startswith(name + ":"):
                return {int(each) for each in line.split()[1:]}
    raise AssertionError("no %s in the status of %d" % (name, pid))


@pytest.mark.parametrize("chroot", [True, False])
def test_no_directory_outside_is_held(make_master, chroot):
    """Who holds one can walk out of the jail through it."""
    master = make_master(CACHES)
    daemon = master.start(chroot=chroot)
    assert_serves(master)
    directory = "/proc/%d/fd" % daemon.pid
    for fd in os.listdir(directory):
        with contextlib.suppress(FileNotFoundError):  # a client's, meanwhile
            assert not stat.S_ISDIR(os.stat(directory + "/" + fd).st_mode), \
                os.readlink(directory + "/" + fd)


# Status records

@pytest.mark.parametrize("channel", ["socket", "pipe"])
def test_status_records_come_in_pairs(make_master, channel):
    master = make_master()
    daemon = master.start(generation=0o17, status=channel)
    assert_serves(master)
    wait_until(lambda: len(daemon.status) >= 2, "a pair of status records")
    assert [each.available for each in daemon.status[:2]] == [0, 1]
    for each in daemon.status:
        assert (each.pid, each.generation) == (daemon.pid, 0o17)


def test_the_last_status_is_available(make_master):
    """Else master would start another process for the next client."""
    master = make_master()
    daemon = master.start()
    for _ in range(50):
        assert_serves(master)
    wait_until(lambda: daemon.status and daemon.status[-1].available == 1,
               lambda: daemon.status)
    available = [each.available for each in daemon.status]
    assert available == [0, 1] * (len(available) // 2)


@pytest.mark.ours("writes a pair for every request")
def test_status_does_not_wake_master_for_every_request(make_master):
    master = make_master()
    daemon = master.start()
    with master.client() as client:
        for _ in range(1000):
            client.policy("smtpd")
    assert 2 <= len(daemon.status) < 200


@pytest.mark.ours("waits for master to read")
def test_a_status_channel_that_is_full_is_no_hang(make_master):
    master = make_master()
    daemon = master.start(status="full")
    assert_serves(master)
    assert daemon.is_running()


def test_the_arguments_here_are_those_of_master(make_postfix):
    """The fake master starts a daemon as the real one does."""
    postfix = make_postfix(chroot=False)
    with postfix.client() as client:
        assert client.policy("smtpd").status == OK
    pid, = postfix.tlsmgr_pids()
    with open("/proc/%d/cmdline" % pid) as command:
        assert tuple(command.read().split("\0")[1:-1]) == BASE_ARGUMENTS


# Limits

def ask(client, request, **attributes):
    return client.ask([("request", request), *attributes.items()]).status


@pytest.mark.ours("has no such requests")
def test_a_small_stack_is_enough(make_master):
    """It is wiped as well: when a session has been written, at the latest."""
    if installed.sanitizer_options():
        pytest.skip("the sanitizer takes more")
    master = make_master(CACHES)
    journal = os.path.join(master.data_directory, "smtp_scache.journal")
    start_under(master, "-s", 64)
    daemon = master.start(chroot=True)
    with master.client() as client:
        assert client.update("smtp", "x", b"session").status == OK
        assert client.lookup("smtp", "x").status == OK
        assert client.delete("smtp", "y").status == ERR
        assert client.update("smtpd", "x" * 4096, b"x" * 262144).status == OK
        assert client.seed(255).status == OK
        assert client.ticket_key().status == OK
        for request in ("stats", "config", "rotate", "flush_tickets", "save"):
            assert ask(client, request) == OK, request
        assert ask(client, "list", cache_type="smtp", cursor="0",
                   filter="") == OK
        assert ask(client, "destinations", cache_type="smtp",
                   count="256") == OK
        assert ask(client, "history", cursor="0") == OK
        size = os.path.getsize(journal)
        assert client.update("smtp", "x", b"session").status == OK
    wait_until(lambda: os.path.getsize(journal) > size, "the session in it")
    assert_serves(master)
    assert daemon.terminate() == 0
