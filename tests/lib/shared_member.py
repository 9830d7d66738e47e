"""Hosts of a group with an engine, for tests: see conftest.py for make_member."""

import os

import engine as engines
from attributes import OK
from shared_host import SECRET
from waiting import wait_until

# As OpenSSL writes them, of TLS 1.2 and 1.3.
SESSION = b"\x30\x81\xa0\x02\x01\x01\x02\x02\x03\x03" + bytes(range(200))
TLS13 = b"\x30\x81\xa0\x02\x01\x01\x02\x02\x03\x04" + bytes(range(130))


def make_member(make_host, engine, *secrets, wait=True, is_started=True,
                clock_s=0, server=None, **own):
    """A host that uses the engine, or what is in front of it; started, and in
    touch with it, unless told otherwise."""
    host = make_host(*(secrets or (SECRET,)), is_started=False,
                     clock_s=clock_s)
    host.settings["smtpd_tls_session_cache_database"] = "btree:%s/s" % \
        host.master.data_directory
    host.settings["smtp_tls_session_cache_database"] = "internal:smtp"
    host.password_path = os.path.join(host.master.config_directory,
                                      "tlsmgr.password")
    with open(os.open(host.password_path, os.O_CREAT | os.O_WRONLY, 0o600),
              "w") as output:
        output.write(engines.USER + "\n")
    # A busy machine must not look like a slow engine.
    host.own.update({
        "tlsmgr_shared_servers": server or engine.server,
        "tlsmgr_shared_password_file": host.password_path,
        "tlsmgr_shared_lookup_ms": "1000",
        "tlsmgr_shared_refresh": "0s"})
    host.own.update(own)
    if is_started:
        host.start()
        if wait:
            wait_up(host)
    return host


def give_key_file(host):
    """In which its ticket keys outlive a reload, from the next one on."""
    path = host.master.directory + "/keys"
    os.close(os.open(path, os.O_CREAT, 0o600))
    os.chown(path, host.master.owner.pw_uid, -1)
    host.own["tlsmgr_ticket_key_file"] = path


def statistics(host):
    return dict(host.client.ask([("request", "stats")]))


def number(host, name):
    return int(statistics(host)["shared." + name])


def is_up(host):
    return statistics(host)["shared.state"] == "up"


def wait_up(host):
    """And all that it asked for then, the keys of the group, is answered."""
    wait_until(lambda: is_up(host) and number(host, "ticket_key") == 1 and
               number(host, "queue") == 0,
               lambda: "in touch with the engine: %s" % host.log())


def wait_down(host):
    wait_until(lambda: statistics(host)["shared.state"] == "down",
               lambda: "out of touch: %s" % host.log())


def update(host, name, session=SESSION, cache="smtpd"):
    assert host.client.update(cache, name, session).status == OK


def store(host, name, session=SESSION, cache="smtpd"):
    """And wait until the engine has it."""
    before = number(host, "stores")
    update(host, name, session, cache)
    wait_until(lambda: number(host, "stores") > before, "it is stored")


def find(host, name, cache="smtpd"):
    reply = host.client.lookup(cache, name)
    return reply.data("session") if reply.status == OK else None


def poll(engine, *hosts):
    """Make hosts ask for keys now: they do when they connect."""
    for host in hosts:
        before = number(host, "connects")
        engine.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        wait_until(lambda: number(host, "connects") > before, "it connects")
        wait_up(host)
