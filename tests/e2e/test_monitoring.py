"""What conf/ has for Prometheus and Grafana goes by the names and the output
of tlsmgrctl status --prometheus. Covers ctl_metric.c, ctl_metric_process.c and
service_latency.c."""

import json
import os
import re
import shutil
import subprocess

import pytest

import ctl
import engine as engines
from conftest import CACHES, REPOSITORY
from shared_member import find, number

RULES = REPOSITORY / "conf/prometheus-rules.yml"
RULE_TESTS = REPOSITORY / "tests/lib/prometheus-rules.test.yml"
DASHBOARD = REPOSITORY / "conf/grafana-dashboard.json"
UNIT = REPOSITORY / "conf/tlsmgr-metrics.service"

SUFFIXES = {"COUNTER": "_total", "GAUGE": "", "FLAG": "", "BYTES": "_bytes",
            "TIME": "_timestamp_seconds", "SECONDS": "_seconds",
            "MICROSECONDS": "_seconds"}
HISTOGRAMS = {"tlsmgr_request_duration_seconds",
              "tlsmgr_shared_round_trip_seconds"}
# Not in counters.def: put in by tlsmgrctl, and by node_exporter.
OTHERS = HISTOGRAMS | {
    "tlsmgr_up", "tlsmgr_info", "tlsmgr_cache_info", "tlsmgr_shared_info",
    "tlsmgr_requests_total", "tlsmgr_process_start_time_seconds",
    "tlsmgr_process_open_fds", "tlsmgr_process_resident_memory_bytes",
    "tlsmgr_process_cpu_seconds_total"}
NODE_EXPORTERS = {"node_textfile_mtime_seconds", "node_textfile_scrape_error"}
# Those that conventions want to be called otherwise than in the protocol.
RENAMED = {"accepted": "clients_accepted", "refused": "clients_refused",
           "limit_closes": "clients_closed_for_limit",
           "memory_closes": "clients_closed_for_memory",
           "client_limit": "clients_limit",
           "client_memory_max": "client_memory_limit",
           "complaints": "requests_malformed",
           "entries_max": "limit_entries", "bytes_max": "limit"}

# A name that no other name, quote or brace of a matcher is part of.
METRIC = re.compile(r"(?<![\w:])(?:\w+:)?(?:tlsmgr|node)_\w+(?::\w+)?")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="no promtool; it is in Debian's package prometheus")
ours = pytest.mark.ours("it knows no such request")


def rows(macro):
    text = (REPOSITORY / "include/counters.def").read_text()
    return re.findall(r"^%s(?:_KEPT)?\((\w+), (\w+),\s" % macro, text,
                      re.MULTILINE)


def prometheus_name(prefix, name, kind):
    name = RENAMED.get(name, name)
    if kind == "MICROSECONDS":
        name = re.sub("_us$", "", name)
    if kind == "TIME":
        name = re.sub("_at$", "", name)
    suffix = SUFFIXES[kind]
    return prefix + (name if name == suffix[1:] else name + suffix)


def known_names():
    text = (REPOSITORY / "include/counters.def").read_text()
    counted = re.findall(r'^CACHE_COUNTED\((\w+), "', text, re.MULTILINE)
    return OTHERS | {
        prometheus_name("tlsmgr_", *row) for row in rows("PROCESS")
        if row[1] in SUFFIXES and row[0] != "started_at"
        and not row[0].startswith("latency_")} | {
        prometheus_name("tlsmgr_shared_", *row) for row in rows("SHARED")
        if row[1] in SUFFIXES and not row[0].startswith("round_trip_")} | {
        prometheus_name("tlsmgr_cache_", *row) for row in rows("CACHE") +
        [(name, "COUNTER") for name in counted] if row[1] in SUFFIXES}


def names_in(expression):
    """Without what a histogram has behind its name."""
    return {re.sub("_seconds_(bucket|count|sum)$", "_seconds", name)
            for name in METRIC.findall(STRING.sub('""', expression))}


def rule_expressions():
    """{name of a rule: its expression}; as the file is written, not YAML."""
    found = {}
    for rule in re.split(r"^ +- (?=record:|alert:)", RULES.read_text(),
                         flags=re.MULTILINE)[1:]:
        expression = re.search(r"^ +expr: (?:>-\n)?(.*(?:\n {10,}.*)*)", rule,
                               re.MULTILINE)
        found[rule.split()[1]] = expression.group(1)
    return found


def panels():
    return json.loads(DASHBOARD.read_text())["panels"]


def dashboard_expressions():
    dashboard = json.loads(DASHBOARD.read_text())
    return [target["expr"] for panel in dashboard["panels"]
            for target in panel.get("targets", [])] + [
        each["expr"] for each in dashboard["annotations"]["list"]] + [
        re.fullmatch(r"label_values\((.*), instance\)",
                     each["definition"]).group(1)
        for each in dashboard["templating"]["list"] if "definition" in each]


# Names

@ours
def test_names_are_those_of_tlsmgrctl(make_master):
    """What the other tests take for the list of names is that."""
    master = make_master(CACHES)
    master.start()
    master.wait_ready()
    text = ctl.run(master.config_directory, "status", "--prometheus").text
    shown = set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
    assert shown == known_names()


def test_the_rules_name_what_there_is():
    expressions = rule_expressions()
    assert len(expressions) > 10
    recorded = {name for name in expressions if ":" in name}
    for name, expression in expressions.items():
        names = names_in(expression)
        assert names, name
        assert names <= known_names() | NODE_EXPORTERS | recorded, name


def test_the_dashboard_names_what_there_is():
    recorded = {name for name in rule_expressions() if ":" in name}
    for expression in dashboard_expressions():
        names = names_in(expression)
        assert names, expression
        assert names <= known_names() | NODE_EXPORTERS | recorded, expression


def test_wrong_names_are_found():
    assert names_in('rate(tlsmgr_nosuch_total{a="tlsmgr_up"}[5m]) '
                    '/ on (job) x:tlsmgr_y:rate5m') == {
        "tlsmgr_nosuch_total", "x:tlsmgr_y:rate5m"}


def test_each_alert_is_documented():
    text = (REPOSITORY / "docs/administration.md").read_text()
    alerts = {name for name in rule_expressions() if ":" not in name}
    assert set(re.findall(r"`(Tlsmgr\w+)`", text)) == alerts


# Grafana

def test_the_dashboard_can_be_imported():
    """A data source is asked for, ids are unique, no panel covers another."""
    dashboard = json.loads(DASHBOARD.read_text())
    variables = {each["name"]: each
                 for each in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert "id" not in dashboard  # it would replace one that has that id
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))
    taken = set()
    for panel in panels():
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
    for panel in panels():
        for each in [panel] + panel.get("targets", []):
            if panel["type"] != "row":
                assert each["datasource"]["uid"] == "${datasource}"


def test_no_bound_flattens_what_is_below_it():
    """Bounds are shown as a share, and histograms as heat maps."""
    for panel in panels():
        for target in panel.get("targets", []):
            expression = target["expr"]
            assert "_limit" not in expression or "/" in expression or \
                "_for_limit" in expression, panel["title"]
            assert ("_bucket" in expression) == (panel["type"] == "heatmap")


# OpenMetrics

@ours
def test_openmetrics_is_what_another_parser_takes(make_master):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    master = make_master(CACHES)
    master.start()
    with master.client() as client:
        for _ in range(3):
            client.seed(8)
        client.policy("smtp")
    text = ctl.run(master.config_directory, "status", "--openmetrics").text
    families = {family.name: family
                for family in parser.text_string_to_metric_families(text)}
    assert text.endswith("# EOF\n")
    buckets = [sample for sample in
               families["tlsmgr_request_duration_seconds"].samples
               if sample.labels["request"] == "seed"]
    counts = [each.value for each in buckets if each.name.endswith("_bucket")]
    assert len(counts) > 10 and counts == sorted(counts) and counts[-1] == 3
    assert [each.value for each in buckets
            if each.name.endswith("_count")] == [3]
    assert 0 < [each.value for each in buckets
                if each.name.endswith("_sum")][0] < 60
    assert families["tlsmgr_clients_accepted"].type == "counter"
    assert families["tlsmgr_process_open_fds"].samples[0].value > 3
    assert families["tlsmgr_process_resident_memory_bytes"].samples[0].value \
        > 100000
    assert not [name for name in families if "_p50" in name or
                "_p99" in name]
    # There is no engine here.
    assert {each.value for each in families[
        "tlsmgr_shared_round_trip_seconds"].samples} == {0}


@ours
@pytest.mark.skipif(not engines.program(),
                    reason="neither valkey-server nor redis-server")
def test_round_trips_to_the_engine_are_a_histogram(make_member):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    member = make_member()
    for each in range(5):
        assert find(member, "absent-%d" % each) is None
    expected = number(member, "misses")
    assert expected > 1
    families = {family.name: family for family in
                parser.text_string_to_metric_families(
                    member.run("status", "--openmetrics").text)}
    family = families["tlsmgr_shared_round_trip_seconds"]
    assert family.type == "histogram"
    samples = {(each.name.rpartition("_")[2], each.labels.get("le")):
               each.value for each in family.samples}
    counts = [value for (what, _), value in samples.items()
              if what == "bucket"]
    assert len(counts) > 10 and counts == sorted(counts)
    assert samples["bucket", "+Inf"] == samples["count", None] == expected
    longest_us = number(member, "round_trip_max_us")
    assert longest_us < round(samples["sum", None] * 1e6) <= \
        expected * longest_us
    assert [value for (what, le), value in samples.items() if what == "bucket"
            and float(le) * 1e6 >= longest_us][0] == expected


@ours
def test_without_a_daemon_openmetrics_says_so(make_master):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    master = make_master(CACHES)
    os.unlink(master.socket_path)
    text = ctl.run(master.config_directory, "status", "--openmetrics").text
    families = list(parser.text_string_to_metric_families(text))
    assert [(each.name, each.samples[0].value) for each in families] == [
        ("tlsmgr_up", 0)]


# promtool

def promtool(*arguments):
    result = subprocess.run(["promtool", *arguments], timeout=60,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            universal_newlines=True)
    assert result.returncode == 0, result.stdout


@needs_promtool
def test_the_rules_are_those_that_promtool_takes():
    promtool("check", "rules", str(RULES))
    promtool("test", "rules", str(RULE_TESTS))


def test_each_rule_is_tested():
    """Each has an expectation among their tests."""
    tests = RULE_TESTS.read_text()
    for name in rule_expressions():
        assert re.search(r'expr: %s$|\{alertname="%s"' % (name, name), tests,
                         re.MULTILINE), name


@needs_promtool
def test_the_expressions_of_the_dashboard_are_those_promtool_takes(tmp_path):
    rules = [{"record": "x", "expr": each.replace("$instance", ".*").replace(
        "$__rate_interval", "5m"),
              "labels": {"place": str(i)}}
             for i, each in enumerate(dashboard_expressions())]
    path = tmp_path / "rules.yml"  # of which JSON is a part
    path.write_text(json.dumps({"groups": [{"name": "x", "rules": rules}]}))
    promtool("check", "rules", str(path))


# The unit

def write_metrics(directory, config_directory, programs):
    """What the unit does at each tick; its exit status."""
    found = re.findall(r"^ExecStart=/bin/sh -c '(.*)'$", UNIT.read_text(),
                       re.MULTILINE)
    assert len(found) == 1
    return subprocess.run(
        ["/bin/sh", "-c", found[0]], stderr=subprocess.DEVNULL, timeout=60,
        env={"PATH": "%s:/usr/bin:/bin" % programs,
             "MAIL_CONFIG": config_directory,
             "FILE": str(directory / "tlsmgr.prom")}).returncode


@ours
def test_the_unit_is_one_that_systemd_takes(make_master, tmp_path):
    master = make_master(CACHES)
    master.start()
    master.wait_ready()
    path = tmp_path / "tlsmgr.prom"
    programs = os.path.dirname(ctl.PROGRAM)

    def write(where=programs):
        return write_metrics(tmp_path, master.config_directory, where)
    assert write() == 0
    assert "\ntlsmgr_up 1\n" in path.read_text()
    assert os.listdir(str(tmp_path)) == ["tlsmgr.prom"]

    # Nothing to run: the old statistics stay, and grow old.
    before = path.stat()
    assert write("/nonexistent") != 0
    assert path.stat() == before

    os.unlink(master.socket_path)
    assert write() == 0
    assert path.read_text().splitlines()[-1] == "tlsmgr_up 0"


@needs_promtool
@ours
def test_the_unit_writes_what_prometheus_reads(make_master, tmp_path):
    master = make_master(CACHES)
    master.start()
    master.wait_ready()
    write_metrics(tmp_path, master.config_directory,
                  os.path.dirname(ctl.PROGRAM))
    path = tmp_path / "tlsmgr.prom"
    assert len(path.read_text().splitlines()) > 100
    with open(str(path)) as metrics:
        result = subprocess.run(
            ["promtool", "check", "metrics"], stdin=metrics, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            universal_newlines=True)
    assert result.returncode == 0, result.stdout
