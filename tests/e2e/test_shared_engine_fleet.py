"""Several Postfix that share sessions through an engine: what is promised of
the daemon, under the real smtpd(8) and smtp(8)."""

import contextlib
import itertools
import json
import os
import random

import pytest

import ctl
import engine as engines
import postfix_fleet
import scenarios
import smtp_tls
from waiting import wait_until

pytestmark = [
    pytest.mark.ours("it shares nothing"),
    pytest.mark.skipif(not engines.program(),
                       reason="neither valkey-server nor redis-server"),
]

RECONNECTS = 72


def new_secret():
    return ctl.run(None, "secret").text.strip()


@pytest.fixture
def make_fleet(binary, tmp_path):
    """make_fleet(...): (a Fleet, an Engine in its network), both not started;
    all mail goes to one sink."""
    with contextlib.ExitStack() as stack:
        def make(own=(), **keywords):
            fleet = postfix_fleet.Fleet(binary, **keywords)
            fleet.route_to_one_sink()
            stack.enter_context(fleet)
            engine = engines.Engine(str(tmp_path / "engine"))
            stack.callback(engine.stop)
            # A busy machine must not look like a slow engine.
            fleet.share_engine(engine.server, engines.USER, new_secret(),
                               tlsmgr_shared_lookup_ms="300", **dict(own))
            stack.callback(lambda: [print(host.address, host.log()[-3000:])
                                    for host in fleet.hosts])
            return fleet, engine
        yield make


def shared(host):
    """What the daemon of a host counts; started if need be."""
    host.client().close()
    return json.loads(ctl.run(host.config_directory, "status",
                              "--json").text)["shared"]


def wait_up(fleet):
    for host in fleet.hosts:
        wait_until(lambda: shared(host)["state"] == "up" and
                   shared(host)["ticket_key"], "in touch with the engine")


def hit_rates(fleet):
    return {kind: postfix_fleet.reconnect(
        kind, lambda: random.choice(fleet.addresses), RECONNECTS).percent
        for kind in smtp_tls.KINDS}


def test_sessions_of_all_are_taken_by_all(make_fleet):
    """Tickets and session ids; with the engine silent tickets alone."""
    fleet, engine = make_fleet()
    engine.start()
    fleet.start()
    wait_up(fleet)
    shared_rates = hit_rates(fleet)
    engine.pause()
    silent_rates = hit_rates(fleet)
    engine.resume()
    wait_up(fleet)
    after_rates = hit_rates(fleet)
    print(shared_rates, silent_rates, after_rates)
    for kind in smtp_tls.KINDS:
        assert shared_rates[kind] >= 99
        assert after_rates[kind] >= 99
    for kind in smtp_tls.TICKETS:
        assert silent_rates[kind] >= 99
    assert silent_rates["session id"] <= 60


@pytest.mark.parametrize("kind", smtp_tls.KINDS)
def test_sessions_of_tlsproxy_are_taken_by_that_of_others(make_fleet, kind):
    """It does TLS for postscreen(8)."""
    fleet, engine = make_fleet()
    engine.start()
    for host in fleet.hosts:
        postfix_fleet.put_postscreen_in_front(host)
    fleet.start()
    wait_up(fleet)
    addresses = itertools.cycle(fleet.addresses)
    tally = postfix_fleet.reconnect(kind, lambda: next(addresses), 5)
    assert tally.resumed == tally.tried == 5
    for host in fleet.hosts:
        host.wait_for_log(r"postfix/tlsproxy\[\d+\]: .*Reusing old session")


def test_sessions_of_tls_13_do_not_fill_the_engine(make_fleet):
    """smtpd(8) stores each, and nobody can ask for one."""
    fleet, engine = make_fleet()
    engine.start()
    fleet.start()
    wait_up(fleet)
    before = len(engine.names())
    for _ in range(20):
        smtp_tls.Client("ticket 1.3").connect(fleet.addresses[0],
                                              postfix_fleet.PORT)
    status = json.loads(ctl.run(fleet.hosts[0].config_directory, "status",
                                "--json").text)
    assert status["caches"]["smtpd"]["updates"] >= 20
    assert len(engine.names()) == before


def reused(host, mark):
    """Did it send the mail with a session of before?"""
    host.wait_for_log(scenarios.SENT, mark)
    log = host.log(mark)
    assert "Reusing old session" in log or "save session" in log
    return "Reusing old session" in log


def send(host):
    mark = host.log_mark()
    scenarios.send_message(host)
    return reused(host, mark)


PROTOCOLS = {"TLS 1.2": "smtp_tls_mandatory_protocols = TLSv1.2\n"
                        "smtp_tls_protocols = TLSv1.2\n",
             "TLS 1.3": "smtp_tls_mandatory_protocols = TLSv1.3\n"
                        "smtp_tls_protocols = TLSv1.3\n",
             "tlsproxy": "smtp_tls_connection_reuse = yes\n"}


@pytest.mark.parametrize("how", PROTOCOLS)
def test_what_one_sender_was_given_another_comes_back_with(make_fleet, how):
    fleet, engine = make_fleet(settings=PROTOCOLS[how])
    engine.start()
    fleet.start()
    wait_up(fleet)
    assert not send(fleet.hosts[1])
    wait_until(lambda: shared(fleet.hosts[1])["queue"] == 0, "it is stored")
    assert send(fleet.hosts[2])
    assert shared(fleet.hosts[2])["hits"] > 0


def deliver(host):
    """Twenty mails."""
    mark = host.log_mark()
    for _ in range(20):
        scenarios.send_message(host)
    host.wait_for_log(scenarios.SENT, mark, count=20)


def test_mail_goes_on_without_the_engine(make_fleet):
    """From the start, killed, silent."""
    fleet, engine = make_fleet()
    fleet.start()
    host = fleet.hosts[1]
    deliver(host)
    engine.start()
    wait_up(fleet)
    deliver(host)
    engine.pause()
    deliver(host)
    engine.stop()
    deliver(host)


def test_mail_goes_on_with_an_engine_that_lies_or_is_slow(make_fleet):
    fleet, engine = make_fleet(hosts=2)
    engine.start()
    with contextlib.closing(engines.Proxy(engine)) as proxy:
        fleet.share_engine(proxy.server, engines.USER, new_secret(),
                           tlsmgr_shared_lookup_ms="300")
        fleet.start()
        wait_up(fleet)
        for proxy.delay_s, proxy.change in (
                (0.1, lambda data: data), (1, lambda data: data),
                (0, lambda data: os.urandom(len(data))),
                (0, lambda data: None)):
            deliver(fleet.hosts[1])
        proxy.change = lambda data: data
        wait_up(fleet)


def test_trust_does_not_travel(make_fleet, tmp_path):
    """At level secure a host that does not trust the next hop must not send,
    also where another one has a session with it."""
    fleet, engine = make_fleet(settings="smtp_tls_security_level = secure\n"
                               "smtp_tls_secure_cert_match = "
                               "mail.example.test\n")
    trusted = fleet.hosts[0].directory + "/etc/cert.pem"
    fleet.hosts[1].settings += "smtp_tls_CAfile = %s\n" % trusted
    fleet.hosts[0].settings += "smtp_tls_CAfile = %s\n" % trusted
    fleet.hosts[2].settings += "smtp_tls_CAfile = %s\n" % (
        fleet.hosts[2].directory + "/etc/cert.pem")
    for host in fleet.hosts:
        host.write_config(host.settings)
    engine.start()
    fleet.start()
    wait_up(fleet)
    assert not send(fleet.hosts[1])
    wait_until(lambda: shared(fleet.hosts[1])["queue"] == 0, "it is stored")
    assert send(fleet.hosts[0])
    mark = fleet.hosts[2].log_mark()
    scenarios.send_message(fleet.hosts[2])
    fleet.hosts[2].wait_for_log("status=deferred", mark)
    assert "Reusing old session" not in fleet.hosts[2].log(mark)


def test_trust_is_what_a_file_holds_not_where_it_is(make_fleet, tmp_path):
    """The same settings on all hosts; what is at that path is replaced."""
    path = tmp_path / "ca.pem"
    fleet, engine = make_fleet(settings="smtp_tls_security_level = secure\n"
                               "smtp_tls_secure_cert_match = "
                               "mail.example.test\n"
                               "smtp_tls_CAfile = %s\n" % path)
    tmp_path.chmod(0o755)
    engine.start()
    for number, trusted in ((0, 0), (1, 0), (2, 1)):
        host = fleet.hosts[number]
        # The sink is that of the first host.
        path.write_text(open(fleet.hosts[trusted].directory +
                             "/etc/cert.pem").read())
        path.chmod(0o644)
        host.start()
        wait_until(lambda: shared(host)["state"] == "up", "in touch")
        mark = host.log_mark()
        scenarios.send_message(host)
        if trusted == 1:
            host.wait_for_log("status=deferred", mark)
            assert "Reusing old session" not in host.log(mark)
        else:
            assert reused(host, mark) == (number == 1)
            wait_until(lambda: shared(host)["queue"] == 0, "it is stored")
