"""An old and a new process at the same time."""

import os
import signal
import subprocess

import pytest

import key_directories
from attributes import OK
from conftest import CACHES
from waiting import wait_until


def is_in_memory(path):
    name = subprocess.run(["stat", "-f", "-c", "%T", path], check=True,
                          capture_output=True, text=True).stdout.strip()
    return name in ("tmpfs", "ramfs")


def start_over(master, old, chroot):
    """Reload while the old process is held up in what it does."""
    old.signal(signal.SIGSTOP)
    old.hang_up()
    return master.start(chroot=chroot, generation=2)


@pytest.mark.ours("dies: unable to get exclusive lock")
@pytest.mark.parametrize("chroot", [True, False])
def test_new_process_waits_for_the_files(make_master, chroot):
    master = make_master(CACHES)
    old = master.start(chroot=chroot)
    with master.client() as client:
        assert client.update("smtpd", "x", b"session").status == OK
    new = start_over(master, old, chroot)
    with master.client() as client:
        # What needs no file is served meanwhile.
        assert len(client.seed(32).data("seed")) == 32
        assert client.ticket_key().status == OK
        assert client.policy("smtpd").status == OK
        assert new.is_running()
        old.signal(signal.SIGCONT)
        assert old.wait() == 0
        wait_until(lambda: client.update("smtpd", "y", b"new").status == OK,
                   "the new process has the cache")
        assert client.lookup("smtpd", "y").data("session") == b"new"
        assert client.policy("smtpd").number("cachable") == 1
    new.hang_up()
    assert new.wait() == 0
    assert os.path.getsize(master.exchange_path) == 1024
    assert not [line for line in master.messages()
                if line.startswith(("error", "fatal", "panic"))]


@pytest.mark.ours("dies: unable to get exclusive lock")
def test_old_process_that_is_killed_frees_the_files(make_master):
    master = make_master(CACHES)
    old = master.start()
    master.wait_ready()
    new = start_over(master, old, chroot=False)
    with master.client() as client:
        assert client.policy("smtpd").status == OK
        old.kill()
        wait_until(lambda: client.update("smtpd", "y", b"new").status == OK,
                   "the new process has the cache")
    assert new.is_running()


def test_one_after_the_other(make_master):
    master = make_master(CACHES)
    for generation in range(1, 6):
        daemon = master.start(generation=generation)
        with master.client() as client:
            assert client.update("smtpd", "x", b"%d" % generation).status == OK
            assert client.lookup("smtpd", "x").status == OK
        daemon.hang_up()
        assert daemon.wait() == 0
    assert not [line for line in master.messages()
                if line.startswith(("warning", "error", "fatal", "panic"))]


@pytest.mark.ours("forgets everything")
@pytest.mark.parametrize("chroot", [True, False])
def test_sessions_and_keys_outlive_a_reload(make_master, chroot):
    master = make_master(CACHES, own_settings={
        "tlsmgr_ticket_key_file": "${data_directory}/ticket_keys"})
    old = master.start(chroot=chroot)
    with master.client() as client:
        assert client.update("smtpd", "x", b"session").status == OK
        assert client.update("smtp", "y", b"of a client").status == OK
        key = client.ticket_key()
    old.hang_up()
    assert old.wait() == 0
    master.start(chroot=chroot)
    with master.client() as client:
        assert client.lookup("smtpd", "x").data("session") == b"session"
        assert client.lookup("smtp", "y").data("session") == b"of a client"
        assert client.ticket_key() == key


@pytest.mark.ours("forgets everything")
def test_keys_outlive_a_reload_by_default(make_master):
    """In /run, or where that is on a disk in /dev/shm."""
    if not any(is_in_memory(path) for path in ("/run", "/dev/shm")):
        pytest.skip("neither /run nor /dev/shm is in memory")
    master = make_master(CACHES)
    old = master.start()
    with master.client() as client:
        key = client.ticket_key()
    new = {path for path in key_directories.contents()
           if path.endswith(".keys")}
    assert new
    assert {os.stat(path).st_mode & 0o777 for path in new} == {0o600}
    old.hang_up()
    assert old.wait() == 0
    master.start()
    with master.client() as client:
        assert client.ticket_key() == key


def test_kill_leaves_a_service_that_starts(make_master):
    master = make_master(CACHES)
    for _ in range(3):
        daemon = master.start()
        with master.client() as client:
            for number in range(100):
                client.update("smtpd", str(number), b"x" * 2000)
        assert daemon.kill() == -signal.SIGKILL
    master.start()
    with master.client() as client:
        assert client.policy("smtpd").number("cachable") == 1
        assert client.update("smtpd", "x", b"session").status == OK
        assert client.lookup("smtpd", "x").data("session") == b"session"
