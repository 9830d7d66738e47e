"""An old and a new process at the same time."""

import contextlib
import fcntl
import os
import selectors
import signal
import subprocess
import threading
import time

import pytest

import key_directories
from attributes import OK, encode, lookup_request
from conftest import CACHES
from pipeline import store_all
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
def test_the_new_process_waits_for_the_files(make_master, chroot):
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
def test_an_old_process_that_is_killed_frees_the_files(make_master):
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


def test_processes_one_after_the_other_all_serve(make_master):
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
def test_ticket_keys_outlive_a_reload_by_default(make_master):
    """In /run, or where that is on a disk in /dev/shm."""
    if not any(is_in_memory(path) for path in ("/run", "/dev/shm")):
        pytest.skip("neither /run nor /dev/shm is in memory")
    master = make_master(CACHES)
    old = master.start()
    with master.client() as client:
        key = client.ticket_key()
    # As key_directories.remove_of() expects it.
    name = "%016x.keys" % key_directories.checksum(
        master.queue_directory.encode())
    path, = [path for path in key_directories.contents()
             if os.path.basename(path) == name]
    assert os.stat(path).st_mode & 0o777 == 0o600
    old.hang_up()
    assert old.wait() == 0
    master.start()
    with master.client() as client:
        assert client.ticket_key() == key


def test_a_kill_leaves_a_service_that_starts(make_master):
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


# How long an end may take here. It is a second at most; a busy machine may
# take longer, and what is not bounded takes a minute.
END_S = 8

PIPELINES = {
    "list": encode([("request", "list"), ("cache_type", "smtpd"),
                    ("cursor", "0"), ("filter", "nothing that there is")]),
    "flush": encode([("request", "flush"), ("cache_type", "smtpd")]),
    "save": encode([("request", "save")]),
    "config": encode([("request", "config")]),
    "rotate": encode([("request", "rotate")]),
    "lookup": encode(lookup_request("smtpd", "large")),
}


class Pipelines:
    """Clients that have sent as much as their sockets take, and read all
    replies."""

    def __init__(self, master):
        self.master = master
        self.clients = []
        self.is_ended = False
        self.thread = threading.Thread(target=self.read)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_ended = True
        if self.thread.is_alive():
            self.thread.join()
        for client in self.clients:
            client.close()

    def connect(self):
        self.clients.append(self.master.client())
        self.clients[-1].read_announcement()
        self.clients[-1].socket.setblocking(False)

    def send(self, data):
        for client in self.clients:
            with contextlib.suppress(BlockingIOError):
                while True:
                    client.socket.send(data)

    def read(self):
        """In a thread, until all are closed by the daemon."""
        with selectors.DefaultSelector() as selector:
            for client in self.clients:
                selector.register(client.socket, selectors.EVENT_READ)
            while selector.get_map() and not self.is_ended:
                for key, _ in selector.select(0.1):
                    with contextlib.suppress(ConnectionResetError):
                        if key.fileobj.recv(1 << 16):
                            continue
                    selector.unregister(key.fileobj)


@pytest.mark.ours("answers all there is first")
@pytest.mark.parametrize("request_name", PIPELINES)
@pytest.mark.parametrize("is_reload", [True, False])
def test_the_end_comes_soon_whatever_is_asked(make_master, request_name,
                                              is_reload):
    master = make_master(CACHES)
    daemon = master.start()
    with master.client() as client:
        sessions = {"key-%d" % number: bytes(100) for number in range(50000)}
        assert store_all(client, sessions) == sessions
        assert client.update("smtpd", "large", bytes(50000)).status == OK
    with Pipelines(master) as pipelines:
        for _ in range(8):
            pipelines.connect()
        daemon.signal(signal.SIGSTOP)
        pipelines.send(PIPELINES[request_name] * 500)
        pipelines.thread.start()
        started = time.monotonic()
        if is_reload:
            daemon.hang_up()
        else:
            daemon.signal(signal.SIGTERM)
        daemon.signal(signal.SIGCONT)
        assert daemon.wait(60) == 0
        took_s = time.monotonic() - started
    assert took_s < END_S


@pytest.mark.ours("knows no such requests")
def test_past_the_limit_the_next_client_does_not_wait(make_master):
    """All others have pipelines of what takes long."""
    master = make_master(CACHES, {"tlsmgr_client_limit": "10"})
    daemon = master.start()
    with master.client() as client:
        sessions = {"key-%d" % number: bytes(100) for number in range(50000)}
        assert store_all(client, sessions) == sessions
    with Pipelines(master) as pipelines:
        for _ in range(10):
            pipelines.connect()
        daemon.signal(signal.SIGSTOP)
        pipelines.send(PIPELINES["list"] * 500)
        pipelines.thread.start()
        started = time.monotonic()
        daemon.signal(signal.SIGCONT)
        with contextlib.ExitStack() as others:
            for _ in range(10):
                client = others.enter_context(master.client())
                assert client.policy("smtpd").status == OK
        took_s = time.monotonic() - started
    assert took_s < END_S


@pytest.mark.ours("waits for the lock for ever")
def test_the_watchdog_does_not_end_the_end(make_master):
    """Though a client does not read, and somebody has the exchange file."""
    master = make_master({**CACHES, "daemon_timeout": "1s"})
    daemon = master.start()
    master.wait_ready()
    with master.client() as client, \
            open(master.exchange_path, "r+b") as exchange:
        assert client.update("smtpd", "large", bytes(50000)).status == OK
        client.send(PIPELINES["lookup"] * 100)
        fcntl.lockf(exchange, fcntl.LOCK_EX)
        assert daemon.terminate() == 0
    assert not [line for line in master.messages()
                if line.startswith(("fatal", "panic"))]
