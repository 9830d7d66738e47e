"""What the daemon may do once its start is done.

The rest of the suite runs in the sandbox as well. Where the machine has no
seccomp or no Landlock, or the daemon was built without, the tests prove that
this is told, and skip what cannot be had.
"""

import errno
import os
import signal
import socket

import pytest

import container
from attributes import ERR, OK
from clock_shift import ClockShift
from conftest import CACHES
from temptation import Temptation
from waiting import wait_until

pytestmark = pytest.mark.ours("has no sandbox")

INCOMPLETE = "the sandbox is incomplete: "
CALLS, FILES = "system calls: ", "files: "
REASON = "^" + INCOMPLETE


def status_of(daemon, name):
    with open("/proc/%d/status" % daemon.pid) as status:
        for line in status:
            if line.startswith(name + ":"):
                return int(line.split()[1])
    return None


def missing(master):
    """What the sandbox lacks here; each daemon says so once at most."""
    lines = [line for line in master.messages()
             if line.startswith(INCOMPLETE)]
    assert len(lines) <= len(master.daemons)
    return lines[0] if lines else ""


def skip_without(part, master):
    if part in missing(master):
        pytest.skip(missing(master))


def serves(master):
    with master.client() as client:
        assert client.policy("smtpd").status == OK
        assert len(client.seed(32).data("seed")) == 32


@pytest.fixture(params=[False, True], ids=["no jail", "jail"])
def chroot(request):
    return request.param


@pytest.fixture
def tempted(make_master, chroot):
    """tempted(settings): a master, its daemon, and what it can be told."""
    def make(settings=None, own_settings=None):
        master = make_master({**CACHES, **(settings or {})}, own_settings)
        path = master.queue_directory + "/public/readable"
        with open(path, "w"):
            pass
        os.chmod(path, 0o666)
        temptation = Temptation(
            master.directory, "/public/readable" if chroot else path)
        daemon = master.start(chroot=chroot,
                              environment=temptation.environment)
        master.wait_ready()
        return master, daemon, temptation
    return make


# It is there

def test_it_is_in_force(make_master, chroot):
    master = make_master(CACHES)
    daemon = master.start(chroot=chroot)
    serves(master)
    assert status_of(daemon, "NoNewPrivs") == 1
    if CALLS in missing(master):
        assert status_of(daemon, "Seccomp") == 0
        pytest.skip(missing(master))
    assert status_of(daemon, "Seccomp") == 2


@pytest.mark.parametrize("deed, name", [
    ("make a socket", "socket"), ("execute", "execve"),
    ("make memory executable", "mmap2?"), ("write", "openat|open")])
def test_a_forbidden_call_ends_the_process_and_is_named(tempted, deed, name):
    master, daemon, temptation = tempted()
    skip_without(CALLS, master)
    temptation.tempt(deed)
    with master.client() as client:
        client.send(b"request\0")  # so that the loop comes round
        assert daemon.wait() == -signal.SIGABRT
    master.wait_for_log("^panic: forbidden system call: (%s)$" % name)
    assert temptation.result is None


def test_a_forbidden_file_cannot_be_opened(tempted):
    """One that it could read before the start was done."""
    master, daemon, temptation = tempted()
    skip_without(FILES, master)
    temptation.tempt("read")
    serves(master)
    assert temptation.result == errno.EACCES
    serves(master)


def test_it_can_be_turned_off(tempted):
    master, daemon, temptation = tempted(own_settings={
        "tlsmgr_sandbox": "no"})
    assert status_of(daemon, "NoNewPrivs") == 1
    assert status_of(daemon, "Seccomp") == 0
    for deed in "make a socket", "read", "write":
        temptation.tempt(deed)
        serves(master)
        assert temptation.result == 0, deed
    assert missing(master) == ""


def test_a_bad_value_leaves_it_on(make_master):
    master = make_master(own_settings={"tlsmgr_sandbox": "perhaps"})
    daemon = master.start()
    serves(master)
    master.wait_for_log("^warning: .*tlsmgr_sandbox.*perhaps")
    skip_without(CALLS, master)
    assert status_of(daemon, "Seccomp") == 2


@pytest.mark.skipif(os.uname().machine not in container.MACHINES,
                    reason="the numbers of its system calls are not known")
@pytest.mark.parametrize("action", container.ACTIONS)
def test_surroundings_that_forbid_it_cost_one_line(
        make_master, binary, chroot, action):
    """One line, and the service."""
    master = make_master(CACHES)
    master.binary = container.script(master.directory + "/contained", action,
                                     binary)
    daemon = master.start(chroot=chroot)
    serves(master)
    line = master.wait_for_log(REASON)
    assert CALLS in line and FILES in line
    with master.client() as client:
        assert client.update("smtpd", "id", b"session").status == OK
    assert daemon.terminate() == 0
    assert missing(master) == line


# It is wide enough

@pytest.mark.parametrize("source", ["dev:/dev/urandom", "egd", "file"])
def test_a_whole_life_makes_no_forbidden_call(make_master, chroot, source):
    """All that a daemon does between its start and its end."""
    master = make_master()
    clock = ClockShift(master.directory)
    egd = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if source == "egd":
        source = "egd:" + master.directory + "/egd"
        egd.bind(master.directory + "/egd")
        os.chmod(master.directory + "/egd", 0o666)
        egd.listen(5)
    elif source == "file":
        source = master.directory + "/seed"
        with open(source, "wb") as seed:
            seed.write(os.urandom(64))
    master.configure({
        "smtpd_tls_loglevel": "2", "tls_random_source": source,
        "tls_random_reseed_period": "1s",
        "tls_random_prng_update_period": "1s",
        "smtpd_tls_session_cache_timeout": "600", **CACHES},
        {"tlsmgr_ticket_key_file": master.data_directory + "/keys"})
    daemon = master.start("-v", chroot=chroot, environment=clock.environment)
    with master.client() as client:
        live_through_it(master, client, clock)
    wait_until(lambda: changes(master.exchange_path), "exchange file saved")
    egd.close()
    assert daemon.terminate() == 0
    assert not [line for line in master.messages() if "forbidden" in line]


def live_through_it(master, client, clock):
    for number in range(200):
        assert client.update("smtpd", "id%d" % number,
                             os.urandom(9000)).status == OK
    assert client.lookup("smtpd", "id7").status == OK
    assert client.delete("smtpd", "id7").status == OK
    assert client.lookup("smtpd", "id7").status == ERR
    key = client.ticket_key().data("keybuf")
    assert client.ticket_key(key[:16]).data("keybuf") == key
    restart_log(master)
    mark = master.log_mark()
    client.lookup("smtpd", "after the log's restart")
    master.wait_for_log("after the log's restart", mark)
    clock.step(700)
    assert client.lookup("smtpd", "id8").status == ERR
    assert client.ticket_key().data("keybuf") != key
    wait_until(lambda: os.path.getsize(
        master.data_directory + "/smtpd_scache.journal") < 1200 * 1024,
        "the journal is cut when all has expired")


def restart_log(master):
    """What a restart of postlogd(8) does to its socket."""
    path = master.queue_directory + "/public/postlog"
    os.unlink(path)
    master.pump.remove(master._log_fd)
    renewed = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    renewed.bind(path)
    os.chmod(path, 0o666)
    master._log_fd = renewed.detach()
    master.resume_log()


def changes(path, seen=set()):
    with open(path, "rb") as content:
        seen.add(content.read())
    return len(seen) > 2


def test_caches_that_are_locked_at_the_start_are_read_later(
        make_master, chroot):
    """They are read, and made, when the sandbox is closed already."""
    master = make_master(CACHES)
    previous = master.start(chroot=chroot)
    with master.client() as client:
        assert client.update("smtpd", "id", b"session").status == OK
        daemon = master.start(chroot=chroot)
        previous.hang_up()
        assert previous.wait() == 0
    with master.client() as client:
        wait_until(lambda: client.lookup("smtpd", "id").status == OK,
                   "the session, when the lock is free")
        assert client.update("smtpd", "id", b"other").status == OK
    assert daemon.is_running()


def test_the_watchdog_ends_a_process_in_it(tempted):
    master, daemon, temptation = tempted({"daemon_timeout": "1s"})
    temptation.tempt("hang")
    with master.client() as client:
        client.send(b"request\0")
        assert daemon.wait() == -signal.SIGABRT
    master.wait_for_log("^fatal: watchdog timeout$")


def test_a_source_that_is_there_again_is_opened(make_master):
    """It may be opened again as long as it is the same file."""
    master = make_master()
    path = master.directory + "/source"
    os.mkfifo(path, 0o644)
    master.configure({"tls_random_source": "dev:" + path,
                      "tls_random_reseed_period": "1s"})
    daemon = master.start()
    serves(master)
    for _ in range(2):
        with open(path, "wb", buffering=0) as source:
            source.write(os.urandom(32))
        serves(master)
    assert daemon.is_running()


def test_a_source_that_comes_late_takes_a_fresh_start(make_master):
    """What was not there when the sandbox closed takes a fresh start."""
    master = make_master()
    path = master.directory + "/device"
    master.configure({"tls_random_source": "dev:" + path,
                      "tls_random_reseed_period": "1s"})
    daemon = master.start("-v")
    serves(master)
    skip_without(FILES, master)
    os.symlink("/dev/urandom", path)
    assert daemon.wait() == 0
    mark = master.log_mark()
    master.start("-v")
    serves(master)
    master.wait_for_log("^opened entropy device " + path, mark)
