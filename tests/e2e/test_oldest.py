"""A main.cf that follows the oldest documentation: files beside main.cf, of a
type that is long gone, and an EGD server."""

import os

import pytest

import scenarios
from attributes import OK
from egd_server import EgdServer
from waiting import wait_until

FILES = ("smtpd_scache", "smtp_scache", "prng_exch")
MAIN_CF = """\
smtpd_tls_session_cache_database = sdbm:{config_directory}/smtpd_scache
smtpd_tls_session_cache_timeout = 3600s
smtp_tls_session_cache_database = sdbm:{config_directory}/smtp_scache
smtp_tls_session_cache_timeout = 3600s
tls_random_source = egd:{egd}
tls_random_bytes = 32
tls_random_reseed_period = 3600s
tls_random_exchange_name = {config_directory}/prng_exch
tls_random_prng_update_period = 60s
"""
CHROOT = pytest.mark.parametrize("chroot", [True, False],
                                 ids=["chroot y", "chroot n"])


@pytest.fixture
def egd(tmp_path):
    server = EgdServer(str(tmp_path / "egd"),
                       lambda command: command[1:] + os.urandom(command[1]))
    yield server
    server.close()


def assert_files(config_directory, data_directory):
    """In the data directory, and not beside main.cf."""
    kept = os.listdir(data_directory)
    assert {"smtpd_scache.journal", "smtp_scache.journal", "prng_exch"} <= set(kept)
    misplaced = [name for name in os.listdir(config_directory)
                 if name.startswith(FILES)]
    assert misplaced == []


def expected_messages(config_directory, data_directory):
    """Two warnings for each file, and a note on the type of each cache."""
    redirected = ["file %s/prng_exch" % config_directory,
                  "table sdbm:%s/smtpd_scache" % config_directory,
                  "table sdbm:%s/smtp_scache" % config_directory]
    warnings = [line for each in redirected for line in (
        "warning: request to update %s in non-postfix directory %s" %
        (each, config_directory),
        "warning: redirecting the request to postfix-owned data_directory " +
        data_directory)]
    return warnings + [
        "{0} TLS cache sdbm:{1}/{0}_scache is kept in the file "
        "{1}/{0}_scache.journal".format(kind, data_directory)
        for kind in ("smtpd", "smtp")]


@pytest.mark.ours("does not know the type")
@CHROOT
def test_the_oldest_configuration_is_served(make_master, egd, chroot):
    master = make_master()
    master.configure(MAIN_CF.format(
        config_directory=master.config_directory, egd=egd.path))
    daemon = master.start(chroot=chroot)
    with master.client() as client:
        for kind in ("smtpd", "smtp"):
            assert client.policy(kind) == [
                ("status", "0"), ("cachable", "1"), ("timeout", "3600")]
            assert client.update(kind, "x", b"session").status == OK
            assert client.lookup(kind, "x").data("session") == b"session"
        assert len(client.seed(255).data("seed")) == 255
    wait_until(lambda: egd.commands, "a command")
    assert egd.commands[0] == bytes([1, 32])
    expected = expected_messages(master.config_directory,
                                 master.data_directory)
    wait_until(lambda: len(master.remarks()) >= len(expected),
               master.remarks)
    assert master.remarks() == expected
    assert daemon.terminate() == 0
    assert_files(master.config_directory, master.data_directory)


@pytest.mark.ours("does not know the type")
@CHROOT
def test_the_oldest_configuration_works_in_postfix(make_postfix, egd, chroot):
    postfix = make_postfix(chroot=chroot, settings=MAIN_CF.format(
        config_directory="${config_directory}", egd=egd.path))
    scenarios.resume_by_session_id(postfix)
    scenarios.deliver_twice(postfix)
    assert egd.commands
    postfix.stop()
    data_directory = postfix.directory + "/data"
    assert_files(postfix.config_directory, data_directory)
    for line in expected_messages(postfix.config_directory, data_directory):
        assert "]: " + line in postfix.log(), line
