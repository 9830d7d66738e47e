"""A real Prometheus with the rules and the dashboard in conf/: what they ask
for is there."""

import pytest

import engine as engines
import prometheus
from attributes import OK
from conftest import CACHES
from shared_host import SECRET
from test_monitoring import (HISTOGRAMS, NODE_EXPORTERS, RULES,
                             dashboard_expressions, names_in,
                             rule_expressions)
from waiting import wait_until

pytestmark = [
    pytest.mark.ours("it has no statistics"),
    pytest.mark.skipif(not prometheus.is_there(),
                       reason="no prometheus; it is a package of Debian"),
    pytest.mark.skipif(not engines.program(),
                       reason="neither valkey-server nor redis-server")]

# A scrape every three seconds, on a machine that may be busy.
TIMEOUT_S = 90


def use(client, number):
    for each in range(20):
        identifier = "id-%d-%d" % (number, each)
        assert client.update("smtpd", identifier, b"session").status == OK
        client.lookup("smtpd", identifier)
        client.lookup("smtpd", "absent")
    client.seed(32)
    client.ticket_key()
    client.delete("smtpd", "id-%d-0" % number)


def make_load(clients):
    """A bit more, each time that it is called."""
    numbers = iter(range(10 ** 9))

    def load():
        number = next(numbers)
        for client in clients():
            use(client, number)
    return load


@pytest.fixture
def hosts(make_master, make_host, make_member):
    """{name: configuration directory} of hosts of each kind, and their load."""
    plain = make_master({**CACHES, "tls_random_prng_update_period": "1s"},
                        {"tlsmgr_cache_max_entries": "100"})
    plain.start()
    secret = make_host(SECRET, is_started=False)
    secret.settings.update(CACHES)
    secret.start()
    member = make_member()
    with plain.client() as client:
        assert client.ask([("request", "rotate")])[0][1] == "0"

    def clients():
        with plain.client() as client:
            yield client
        yield secret.client
        yield member.client
    return {"plain": plain, "secret": secret.master,
            "member": member.master}, make_load(clients)


@pytest.fixture
def running(hosts, make_exporter, tmp_path):
    """(Prometheus, masters, load), when it knows all three."""
    masters, load = hosts
    load()
    addresses = {name: "%s:%d" % make_exporter(
        master.config_directory).address for name, master in masters.items()}
    with prometheus.Prometheus(tmp_path, RULES, addresses) as server:
        wait_until(lambda: len(server.query("tlsmgr_up == 1")) == 3,
                   lambda: server.ask("targets"), TIMEOUT_S)
        yield server, masters, load


def wait_for_data(server, load, expressions):
    """Those for which none came, after a while in which there is load."""
    without = dict.fromkeys(expressions)

    def ask():
        load()
        for expression in list(without):
            if server.query(expression):
                del without[expression]
        return not without
    wait_until(ask, lambda: "no data for %s" % list(without), TIMEOUT_S)


def test_each_panel_of_the_dashboard_has_data(running):
    server, masters, load = running
    # What the annotations show.
    masters["plain"].daemons[-1].hang_up()
    assert masters["plain"].daemons[-1].wait() == 0
    masters["plain"].start()
    expressions = dashboard_expressions()
    assert len(expressions) > 40
    wait_for_data(server, load, expressions)


def test_each_rule_has_what_it_goes_by(running):
    """Recorded series have values, and alerts the series they look at."""
    server, _, load = running
    expressions = rule_expressions()
    recorded = [name for name in expressions if ":" in name]
    names = {name for expression in expressions.values()
             for name in names_in(expression)} - NODE_EXPORTERS
    assert len(names) > 20
    wait_for_data(server, load, recorded + [
        name + "_count" if name in HISTOGRAMS else name
        for name in sorted(names)])
    wait_until(lambda: all(rule["health"] == "ok"
                           for rule in server.rules()),
               lambda: [(rule["name"], rule.get("lastError"))
                        for rule in server.rules()
                        if rule["health"] != "ok"], TIMEOUT_S)
    assert {rule["name"] for rule in server.rules()} == set(expressions)


def test_a_healthy_fleet_raises_nothing_and_one_that_is_down_does(running):
    server, masters, load = running

    def raised():
        return {(rule["name"], alert["labels"].get("instance"))
                for rule in server.rules() if rule["type"] == "alerting"
                for alert in rule["alerts"]}
    wait_for_data(server, load, [
        "instance:tlsmgr_request_duration_seconds:p99_rate5m"])
    # Slow is what this machine may be, and bounds are what the load reaches.
    assert {name for name, _ in raised()} <= {"TlsmgrSlow",
                                              "TlsmgrCacheEvicts"}
    masters["secret"].daemons[-1].hang_up()
    assert masters["secret"].daemons[-1].wait() == 0
    wait_until(lambda: ("TlsmgrDown", "secret") in raised(),
               lambda: raised(), TIMEOUT_S)
    assert ("TlsmgrDown", "plain") not in raised()
