"""Fixtures of the end-to-end tests.

TLSMGR_BINARY names the daemon to test; build/tlsmgr by default. With the
installed Postfix's own tlsmgr the suite tests itself: tests marked `ours`,
for what that daemon does not do, must then fail.
"""

import filecmp
import functools
import os
import pathlib
import signal
import sys

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "lib"))

import attributes  # noqa: E402
import engine as engines  # noqa: E402
import installed  # noqa: E402
import key_directories  # noqa: E402
import shared_member  # noqa: E402
from exporter import Exporter  # noqa: E402
from fake_master import FakeMaster  # noqa: E402
from postfix_instance import PostfixInstance  # noqa: E402
from shared_host import Host, clock_ahead_s  # noqa: E402

CACHES = {
    "smtpd_tls_session_cache_database": "btree:${data_directory}/smtpd_scache",
    "smtp_tls_session_cache_database": "btree:${data_directory}/smtp_scache",
}


def tested_binary():
    return os.environ.get("TLSMGR_BINARY",
                          str(REPOSITORY / "build" / "tlsmgr"))


def testing_stock():
    return filecmp.cmp(tested_binary(), installed.stock_tlsmgr(),
                       shallow=False)


def interrupt(*_):
    raise KeyboardInterrupt("terminated")


def pytest_configure(config):
    # So that a run that is stopped, by timeout(1) say, cleans up as well.
    signal.signal(signal.SIGTERM, interrupt)
    # In the background, or below nohup(1), these are ignored; programs that
    # are tested would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    config.addinivalue_line(
        "markers", "ours(reason): the stock tlsmgr fails this by design")


def pytest_collection_modifyitems(items):
    if not os.access(tested_binary(), os.X_OK):
        pytest.exit("no daemon to test at %s" % tested_binary(), 4)
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(
                reason="needs root, to start daemons as master(8) does"))
    elif testing_stock():
        attributes.reply_timeout_s = 3  # it is silent where ours says FAIL
        for item in items:
            marker = item.get_closest_marker("ours")
            if marker:
                item.add_marker(pytest.mark.xfail(
                    reason="stock: " + marker.args[0],
                    strict=marker.kwargs.get("strict", True)))


@pytest.fixture(scope="session", autouse=True)
def no_keys_left():
    with key_directories.left_as_they_were():
        yield


@pytest.fixture(scope="session")
def binary():
    return tested_binary()


@pytest.fixture(scope="session")
def is_stock(binary):
    return testing_stock()


def finish(master, is_stock):
    """End the daemons of a test in the usual way; nothing may be amiss."""
    running = [daemon for daemon in master.daemons if daemon.is_running()]
    try:
        for daemon in running:
            daemon.terminate()
    finally:
        print("\n".join(master.log))
        for daemon in master.daemons:
            print(daemon.stderr.decode("utf-8", "backslashreplace"))
        master.close()
    for daemon in master.daemons:
        assert b"Sanitizer" not in daemon.stderr
        assert b"runtime error" not in daemon.stderr
    assert is_stock or {daemon.exit_status for daemon in running} <= {0}


@pytest.fixture
def make_master(binary, is_stock):
    """make_master(settings, own_settings): a FakeMaster, not yet started."""
    masters = []

    def make(settings=None, own_settings=None, program=binary, **keywords):
        masters.append(FakeMaster(program, settings, own_settings,
                                  **keywords))
        return masters[-1]
    yield make
    for master in masters:
        finish(master, is_stock)


@pytest.fixture
def master(make_master):
    """A daemon with two caches, of which nobody has asked anything yet."""
    master = make_master(CACHES)
    master.start()
    return master


@pytest.fixture
def make_host(make_master):
    """make_host(secrets, ...): a Host of a group, started or not."""
    made = []
    ahead_s = clock_ahead_s()

    def make(*secrets, clock_s=0, is_started=True, **own):
        host = Host(make_master(), ahead_s + clock_s)
        made.append(host)
        host.own.update(own)
        if secrets:
            host.give(*secrets)
        if is_started:
            host.start()
        return host
    yield make
    for host in made:
        if host.client:
            host.client.close()


@pytest.fixture
def engine(tmp_path):
    with engines.Engine(str(tmp_path / "engine")) as running:
        yield running


@pytest.fixture
def make_member(make_host, engine):
    """make_member(secrets, ...): a host in touch with the engine."""
    return functools.partial(shared_member.make_member, make_host, engine)


@pytest.fixture(scope="module")
def shared_master(binary, is_stock):
    """One daemon with two caches, for tests that leave it as it was."""
    with FakeMaster(binary, CACHES) as master:
        master.start()
        master.wait_ready()
        yield master
        finish(master, is_stock)


@pytest.fixture
def service(shared_master):
    """The shared daemon, which has to outlive the test."""
    daemon = shared_master.daemons[-1]
    yield shared_master
    assert daemon.is_running(), "the daemon died: %s" % daemon.exit_status


@pytest.fixture
def client(service):
    with service.client() as client:
        yield client


@pytest.fixture
def make_exporter():
    """make_exporter(config_directory, ...): an Exporter that runs."""
    made = []

    def make(*arguments):
        made.append(Exporter(*arguments))
        return made[-1]
    yield make
    for exporter in made:
        if exporter.process.poll() is None:
            status, complaints = exporter.end()
            print(complaints)
            assert status == 0


@pytest.fixture
def make_postfix(binary):
    """make_postfix(chroot=..., settings=...): a running PostfixInstance."""
    instances = []

    def make(program=binary, **keywords):
        instance = PostfixInstance(program, **keywords)
        instances.append(instance)
        return instance.__enter__()
    yield make
    for instance in instances:
        print(instance.log())
        instance.remove()
