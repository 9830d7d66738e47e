"""Hosts that share sessions and ticket keys through an engine: what they share,
in what form, and what they do without it (covers daemon_engine.c,
ticket_key_ring.c).
"""

import os
import signal
import time

import pytest

import ctl
import engine as engines
import shared_format
import shared_group
from attributes import ERR, OK
from shared_host import EPOCH_S, OTHER, SECRET, TIMEOUT_S
from waiting import wait_until

pytestmark = [
    pytest.mark.ours("it shares nothing"),
    pytest.mark.skipif(not engines.program(),
                       reason="neither valkey-server nor redis-server"),
]

SESSION = b"\x30\x81\xa0\x02\x01\x01\x02\x02\x03\x03" + bytes(range(200))
TLS13 = b"\x30\x81\xa0\x02\x01\x01\x02\x02\x03\x04" + bytes(range(130))
USER = "tlsmgr " + engines.PASSWORD.replace(" ", "-") + "\n"


@pytest.fixture
def engine(tmp_path):
    with engines.Engine(str(tmp_path / "engine")) as running:
        yield running


@pytest.fixture
def make_member(make_host, engine):
    """make_member(secrets, ...): a host that uses the engine, and is up."""
    def make(*secrets, wait=True, is_started=True, clock_s=0, server=None,
             **own):
        host = make_host(*(secrets or (SECRET,)), is_started=False,
                         clock_s=clock_s)
        host.settings["smtpd_tls_session_cache_database"] = "btree:%s/s" % \
            host.master.data_directory
        host.settings["smtp_tls_session_cache_database"] = "internal:smtp"
        host.password_path = os.path.join(host.master.config_directory,
                                          "tlsmgr.password")
        with open(os.open(host.password_path, os.O_CREAT | os.O_WRONLY,
                          0o600), "w") as output:
            output.write(USER)
        host.own.update({
            "tlsmgr_shared_servers": server or engine.server,
            "tlsmgr_shared_password_file": host.password_path,
            "tlsmgr_shared_refresh": "0s"})
        host.own.update(own)
        if is_started:
            host.start()
            if wait:
                wait_up(host)
        return host
    return make


def number(host, name):
    return int(statistics(host)["shared." + name])


def statistics(host):
    return dict(host.client.ask([("request", "stats")]))


def wait_up(host):
    wait_until(lambda: statistics(host)["shared.state"] == "up" and
               number(host, "ticket_key") == 1,
               lambda: "up: %s" % host.log())


def store(host, name, session=SESSION, cache="smtpd"):
    before = number(host, "stores")
    assert host.client.update(cache, name, session).status == OK
    wait_until(lambda: number(host, "stores") > before, "a session is stored")


def find(host, name, cache="smtpd"):
    reply = host.client.lookup(cache, name)
    return reply.data("session") if reply.status == OK else None


# What is shared

@pytest.mark.parametrize("chroot", [False, True], ids=["no jail", "jail"])
def test_a_session_of_one_host_is_found_by_the_other(make_member, chroot):
    one, other = make_member(), make_member(is_started=False)
    other.chroot = chroot
    other.start()
    wait_up(other)
    store(one, "AB&s=smtp&l=1")
    assert find(other, "AB&s=smtp&l=1") == SESSION
    assert number(other, "hits") == 1
    # It is kept there, too.
    assert find(other, "AB&s=smtp&l=1") == SESSION
    assert number(other, "lookups") == 1
    assert find(other, "CD&s=smtp&l=1") is None
    assert number(other, "misses") == 1
    assert not one.warnings() + other.warnings()
