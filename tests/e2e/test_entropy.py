"""The sources of randomness."""

import os
import time

import pytest

from egd_server import EgdServer
from waiting import wait_until

PROMPT_S = 5.0


def assert_seeds(master, timeout_s=PROMPT_S):
    with master.client(timeout_s) as client:
        assert len(client.seed(255).data("seed")) == 255


@pytest.fixture
def egd(make_master):
    """egd(answer, settings): a FakeMaster configured for a fake server."""
    servers = []

    def make(answer, **settings):
        master = make_master()
        servers.append(EgdServer(master.directory + "/egd", answer))
        master.configure({"tls_random_source": "egd:" + servers[-1].path,
                          **settings})
        return master, servers[-1]
    yield make
    for server in servers:
        server.close()


@pytest.mark.parametrize("wanted, asked", [(1, 1), (32, 32), (255, 255),
                                           (256, 255), (100000, 255)])
def test_an_egd_server_is_asked_for_bytes(egd, wanted, asked):
    master, server = egd(
        lambda command: command[1:] + os.urandom(command[1]),
        tls_random_bytes=wanted)
    master.start()
    assert_seeds(master)
    wait_until(lambda: server.commands, "a command")
    assert server.commands[0] == bytes([1, asked])
    assert master.remarks() == []


@pytest.mark.parametrize("chroot", [True, False])
def test_an_egd_server_is_asked_again(egd, chroot):
    master, server = egd(
        lambda command: command[1:] + os.urandom(command[1]),
        tls_random_reseed_period="1s")
    daemon = master.start(chroot=chroot)
    assert_seeds(master)
    wait_until(lambda: len(server.commands) >= 3, "three commands")
    assert daemon.is_running()
    assert master.remarks() == []


EGD_FAULTS = {
    "closes": lambda command: None,
    "sends nothing": lambda command: b"",
    "has none": lambda command: b"\0",
    "sends too little": lambda command: command[1:] + b"x",
    "has too little": lambda command: b"\1x"}


@pytest.mark.ours("does not serve without its source", strict=False)
@pytest.mark.parametrize("fault", EGD_FAULTS)
def test_a_bad_egd_server_is_no_reason_not_to_serve(egd, fault):
    master, server = egd(EGD_FAULTS[fault])
    started = time.monotonic()
    daemon = master.start()
    assert_seeds(master)
    assert time.monotonic() - started < PROMPT_S
    wait_until(lambda: server.commands, "a command")
    assert_seeds(master)
    assert daemon.is_running()


@pytest.mark.ours("exits")
@pytest.mark.parametrize("chroot", [True, False])
@pytest.mark.parametrize("source", ["dev:/nonexistent", "egd:/nonexistent",
                                    "/nonexistent", "dev:/dev/null"])
def test_a_source_that_fails_is_no_reason_not_to_serve(
        make_master, source, chroot):
    """A warning, and the service goes on; stock is gone after a second."""
    master = make_master({"tls_random_source": source,
                          "tls_random_reseed_period": "1000d"})
    daemon = master.start(chroot=chroot)
    assert_seeds(master)
    master.wait_for_log("^warning: ")
    if daemon.wait_or_none(2) is not None:
        # One period in 256 has no length; a jail is then left in peace.
        assert chroot and daemon.exit_status == 0
        master.start(chroot=chroot)
    assert_seeds(master)


@pytest.mark.ours("exits", strict=False)
def test_a_source_that_gives_nothing_is_not_waited_for(make_master):
    master = make_master()
    fifo = master.directory + "/fifo"
    os.mkfifo(fifo, 0o644)
    master.configure({"tls_random_source": "dev:" + fifo})
    started = time.monotonic()
    daemon = master.start()
    assert_seeds(master)
    assert time.monotonic() - started < PROMPT_S
    assert daemon.wait_or_none(2) is None
    assert_seeds(master)


@pytest.mark.ours("serves nobody until it is there")
def test_a_source_that_comes_back_is_read_again(make_master):
    """In the sandbox it takes a fresh start, as in the jail."""
    master = make_master(own_settings={"tlsmgr_sandbox": "no"})
    path = master.directory + "/device"
    master.configure({"tls_random_source": "dev:" + path,
                      "tls_random_reseed_period": "1s"})
    daemon = master.start()
    assert_seeds(master)
    master.wait_for_log("^warning: ")
    os.symlink("/dev/urandom", path)
    wait_until(lambda: opened(daemon.pid, "/dev/urandom"),
               "the device is opened")
    assert_seeds(master)


def opened(pid, path):
    directory = "/proc/%d/fd" % pid
    for fd in os.listdir(directory):
        try:
            if os.readlink(os.path.join(directory, fd)) == path:
                return True
        except FileNotFoundError:
            pass
    return False


@pytest.mark.ours("serves nobody until it is there")
def test_a_source_outside_the_jail_takes_a_fresh_start(make_master):
    """A fresh start, at an idle moment, can open it."""
    master = make_master()
    path = master.directory + "/device"
    master.configure({"tls_random_source": "dev:" + path,
                      "tls_random_reseed_period": "1s"})
    daemon = master.start(chroot=True)
    assert_seeds(master)
    os.symlink("/dev/urandom", path)
    assert daemon.wait() == 0
    master.start(chroot=True)
    assert_seeds(master)


def test_no_source_is_two_warnings(make_master):
    master = make_master({"tls_random_source": ""})
    daemon = master.start()
    assert_seeds(master)
    master.wait_for_log("^warning: .*tls_random_source")
    assert len([line for line in master.messages()
                if line.startswith("warning: ")]) == 2
    assert daemon.is_running()


def test_a_regular_file_is_read_once(make_master):
    master = make_master()
    path = master.directory + "/seed"
    with open(path, "wb") as output:
        output.write(os.urandom(64))
    master.configure({"tls_random_source": path,
                      "tls_random_reseed_period": "1s"})
    daemon = master.start(chroot=True)
    assert_seeds(master)
    os.unlink(path)
    assert daemon.wait_or_none(2) is None
    assert master.remarks() == []


@pytest.mark.parametrize("chroot", [True, False])
def test_a_device_is_read_again(make_master, chroot):
    master = make_master({"tls_random_reseed_period": "1s"})
    daemon = master.start(chroot=chroot)
    assert_seeds(master)
    read = characters_read(daemon.pid)
    wait_until(lambda: characters_read(daemon.pid) >= read + 64,
               "two more reads of the device")
    assert master.remarks() == []


def characters_read(pid):
    with open("/proc/%d/io" % pid) as counters:
        return int(counters.readline().split()[1])
