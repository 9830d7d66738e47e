"""tlsmgrctl: each subcommand, against the daemon.

Covers ctl_ask.c, ctl_change.c, ctl_config.c, ctl_error.c, ctl_list.c,
ctl_options.c, ctl_ping.c, ctl_seed.c, ctl_settings.c, ctl_statistics.c,
ctl_status.c, ctl_status_json.c, ctl_status_prometheus.c and ctl_status_text.c.
"""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time

import pytest

import admin
import attributes
import ctl
import installed
from conftest import CACHES
from metrics import parse_metrics
from pipeline import store_all

OK, NO, USAGE, UNREACHABLE, OTHER = range(5)
TYPES = ("smtpd", "smtp", "lmtp")
ESCAPE = "\x1b[31mred\x07\\\""
ours = pytest.mark.ours("it knows no such request")


@pytest.fixture
def master(make_master):
    """A daemon with two caches, and some sessions in one of them."""
    made = make_master(CACHES)
    made.start()
    made.wait_ready()
    with made.client() as client:
        for i in range(5):
            client.update("smtpd", "id-%d" % i, bytes(100))
    return made


def tell(master, *arguments, **keywords):
    return ctl.run(master.config_directory, *arguments, **keywords)


# The command line

@pytest.mark.parametrize("arguments", [
    [], ["nosuch"], ["--nosuch"], ["status", "extra"], ["status", "--changed"],
    ["list"], ["list", "nosuch"], ["list", "smtpd", "a", "b"], ["flush"],
    ["flush", "nosuch"], ["delete", "smtpd"], ["delete", "nosuch", "id"],
    ["seed"], ["seed", "0"], ["seed", "256"], ["seed", "-1"], ["seed", "1x"],
    ["status", "--json", "--prometheus"], ["flush", "smtpd", "--json"],
    ["ping", "--timeout", "0"], ["ping", "--timeout", "x"],
    ["status", "--watch=0"], ["trace", "smtp", "a", "b"],
    ["trace", "nosuch", "a"], ["trace", "--json"], ["verbose"],
    ["help", "nosuch"], ["rotate", "now"]])
def test_a_wrong_command_line_is_refused(arguments):
    result = ctl.run(None, *arguments)
    assert result.status == USAGE, result
    assert result.err and not result.out


@ours
@pytest.mark.parametrize("environment", [{}, {"POSIXLY_CORRECT": "1"}])
@pytest.mark.parametrize("arguments", [
    ["--json", "status"], ["status", "--json"],
    ["--timeout", "9", "status", "--json"]])
def test_options_stand_before_or_behind_the_subcommand(
        master, arguments, environment):
    result = tell(master, *arguments, environment=environment)
    assert result.status == OK, result
    assert json.loads(result.out)["pid"] == master.daemons[-1].pid


def test_help_names_every_subcommand():
    commands = subcommands()
    assert {"status", "top", "list", "flush", "delete", "rotate",
            "flush-tickets",
            "save", "seed", "shared", "secret", "config", "check", "ping",
            "exporter", "history", "reload", "trace", "verbose",
            "enable", "disable", "help"} == set(commands)
    for command in commands:
        for arguments in (["help", command], [command, "--help"]):
            result = ctl.run(None, *arguments)
            assert result.status == OK and "usage: tlsmgrctl" in result.text
            assert re.search(r"\] %s\b" % command, result.text)


def subcommands():
    text = ctl.run(None, "--help").text
    return re.findall(r"^  ([a-z-]+) .*", text.split("Options:")[0], re.M)


def test_version_is_shown():
    result = ctl.run(None, "--version")
    assert re.fullmatch(r"tlsmgrctl \d+\.\d+\n", result.text), result


def test_the_configuration_directory_can_be_given(master):
    directory = master.config_directory
    assert ctl.run(None, "-c", directory, "ping").status == OK
    assert ctl.run(None, "ping", "--config", directory).status == OK
    assert ctl.run("/nonexistent", "-c", directory, "ping").status == OK
    assert ctl.run(directory, "ping").status == OK
    relative = ctl.run(None, "-c", "etc", "ping", cwd=master.directory)
    assert relative.status == OK, relative
    gone = ctl.run("/nonexistent", "ping")
    assert gone.status == NO and "/nonexistent" in gone.complaint


def test_output_that_cannot_be_written_is_an_error():
    with open("/dev/full", "wb") as full:
        process = subprocess.run([ctl.PROGRAM, "--help"], stdout=full,
                                 stderr=subprocess.PIPE, check=False)
    assert process.returncode == NO and b"standard output" in process.stderr


# Against the daemon

@ours
def test_what_cannot_be_printed_does_not_go_to_the_daemon(master):
    """The connection must not have the number of standard output."""
    with master.client() as client:
        store_all(client, {"k%d" % number: b"session"
                           for number in range(500)})
        for closed in ("1>&-", "0<&- 1>&-", "0<&- 1>&- 2>&-"):
            result = ctl.run_closed(master.config_directory, closed, "list",
                                    "smtpd")
            assert result.status == NO, result
            if "2>" not in closed:
                assert b"standard output" in result.err
        assert admin.statistics(client)["complaints"] == 0


@ours
def test_status_is_a_screenful(master):
    with master.client() as client:
        client.lookup("smtpd", "id-1")
        client.lookup("smtpd", "absent")
        client.ticket_key()
    text = tell(master, "status").text
    assert re.search(r"^tlsmgr \d+\.\d+ with Postfix %s, process %d, up " % (
        re.escape(installed.default("mail_version")),
        master.daemons[0].pid), text)
    assert re.search(r"^smtpd cache +btree:.*/data/smtpd_scache$", text, re.M)
    assert "5 sessions, " in text
    assert "2 lookups, 50.0% found; 5 stored, 0 deleted, 0 failed" in text
    assert re.search(r"^lmtp cache +off", text, re.M)
    assert re.search(r"^Ticket keys +one in use for \d+ s, the next in", text,
                     re.M)
    assert "dev:/dev/urandom, read" in text
    assert "\x1b" not in text
    assert len(text.splitlines()) <= 24
    assert all(len(line) <= 100 for line in text.splitlines()
               if "/tmp/" not in line)


@ours
def test_status_as_json_has_every_statistic(master):
    with master.client() as client:
        client.lookup("smtpd", "id-1")
    status = json.loads(tell(master, "status", "--json").out)
    assert status["pid"] == master.daemons[0].pid
    assert status["postfix_version"] == installed.default("mail_version")
    assert status["requests"]["update"] == 5
    assert status["requests"]["lookup"] == 1
    latency = status["latency"]["update"]
    assert latency["count"] == latency["le.5000000"] == 5
    assert 0 <= latency["sum_us"] < 60e6 and 0 <= latency["le.10"] <= 5
    assert status["announce"] is installed.announces()
    assert set(status["caches"]) == set(TYPES)
    assert status["caches"]["smtpd"]["entries"] == 5
    assert status["caches"]["smtpd"]["hits"] == 1
    assert status["caches"]["smtpd"]["enabled"] is True
    assert status["caches"]["lmtp"]["enabled"] is False
    # The tool and the daemon are of one version: nothing is absent.
    assert None not in status.values()
    assert None not in status["caches"]["smtpd"].values()


@ours
def test_metrics_are_in_the_format_of_prometheus(master):
    with master.client() as client:
        client.lookup("smtpd", "id-1")
    text = tell(master, "status", "--prometheus").text
    metrics = parse_metrics(text)
    assert metrics["tlsmgr_up"] == [("", 1)]
    assert ('{cache="smtpd"}', 5) in metrics["tlsmgr_cache_entries"]
    assert ('{cache="smtpd"}', 1) in metrics["tlsmgr_cache_hits_total"]
    assert ('{request="lookup"}', 1) in metrics["tlsmgr_requests_total"]
    assert ('{cache="smtpd"}', 3600) in metrics["tlsmgr_cache_timeout_seconds"]
    assert ('{request="lookup"}', 1) in \
        metrics["tlsmgr_request_duration_seconds_count"]
    assert not [name for name in metrics if "latency_p" in name]
    assert "tlsmgr_cache_bytes" in metrics
    assert "tlsmgr_process_start_time_seconds" in metrics
    assert not [name for name in metrics if name.endswith(("_us", "_ms"))]
    assert all(metrics.values()), "a head without a sample"


@ours
@pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool")
def test_promtool_finds_no_fault_with_the_metrics(master):
    status = tell(master, "status", "--prometheus")
    assert status.status == OK
    text = status.out
    result = subprocess.run(["promtool", "check", "metrics"], input=text,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=60, check=False)
    assert result.returncode == 0 and not result.stdout, result.stdout


@ours
def test_status_tells_what_files_take_on_disk_and_their_length(master):
    told = json.loads(tell(master, "status", "--json").text)
    cache = told["caches"]["smtpd"]
    path = master.data_directory + "/smtpd_scache.journal"
    assert cache["disk"] == os.stat(path).st_size
    assert cache["allocated"] == os.stat(path).st_blocks * 512
    assert re.search(r"5 sessions, .* \([\d.]+ k?B on disk, [\d.]+ k?B long\)",
                     tell(master, "status").text)


@ours
def test_list_shows_sessions_oldest_first(master):
    text = tell(master, "list", "smtpd").text
    lines = text.splitlines()
    assert lines[0].split() == ["Age", "Left", "Size", "Destination"]
    assert lines.pop() == "5 sessions, 500 B"
    assert [line.split()[-1] for line in lines[1:]] == [
        "id-%d" % i for i in range(5)]
    # A second may have passed since they were stored.
    assert all(" 100 B " in line and re.search(" (60|59) min ", line)
               for line in lines[1:])
    assert tell(master, "list", "smtp").text.splitlines() == [
        lines[0], "0 sessions, 0 B"]
    only = tell(master, "list", "smtpd", "-3").status
    assert only == USAGE  # looks like an option
    only = tell(master, "list", "smtpd", "--", "-3").text.splitlines()
    assert [line.split()[-1] for line in only[1:-1]] == ["id-3"]


CLIENT_ID = "smtp&example.com:25&mx.example.com&192.0.2.1&&" + 32 * "0A"
SERVER_ID = 16 * "AC52" + "&s=smtpd&l=805306672"


@ours
def test_list_shows_destinations_and_with_raw_ids(master):
    with master.client() as client:
        client.update("smtp", CLIENT_ID, bytes(300))
        client.update("smtp", "smtp&of&another&form", bytes(100))
        client.update("smtp", SERVER_ID, bytes(200))
    lines = tell(master, "list", "smtp").text.splitlines()
    assert [line.split("B  ", 1)[1] for line in lines[1:-1]] == [
        "mx.example.com[192.0.2.1] for example.com:25",
        "smtp&of&another&form", "smtpd, AC52AC52AC52"]
    raw = tell(master, "list", "smtp", "--raw").text.splitlines()
    assert raw[0].split() == ["Age", "Left", "Size", "Id"]
    assert [line.split()[-1] for line in raw[1:-1]] == [
        CLIENT_ID, "smtp&of&another&form", SERVER_ID]
    assert [each["id"] for each in json.loads(tell(
        master, "list", "smtp", "--json", "--sort", "size").text)] == [
            CLIENT_ID, SERVER_ID, "smtp&of&another&form"]
    lines = tell(master, "list", "smtp", "--sort", "destination",
                 "--limit", "2").text.splitlines()
    assert [line.split("B  ", 1)[1] for line in lines[1:-1]] == [
        "mx.example.com[192.0.2.1] for example.com:25",
        "smtp&of&another&form"]
    assert lines[-1] == "3 sessions, 600 B; the first 2 are shown"
    for wrong in (["--sort", "colour"], ["--limit", "0"], ["--limit", "x"]):
        assert tell(master, "list", "smtp", *wrong).status == USAGE


@pytest.mark.parametrize("words", [["list", "smtpd"], ["delete", "smtpd"],
                                   ["trace"], ["trace", "smtpd"]])
def test_a_text_that_no_id_can_have_is_named(words):
    """Before a daemon is asked, which would take it for malformed."""
    with ctl.Impostor(None) as impostor:
        result = impostor.run(*words, "x" * 4097)
    assert (result.status, result.complaint) == (
        USAGE, "tlsmgrctl: %s...: is 4097 bytes long, and no id is longer "
        "than 4096\n" % ("x" * 32))


@ours
def test_list_as_json_has_times_of_day(master):
    now = time.time()
    sessions = json.loads(tell(master, "list", "smtpd", "--json").out)
    assert [each["id"] for each in sessions] == ["id-%d" % i for i in range(5)]
    for each in sessions:
        assert each["size"] == 100 and abs(each["time"] - now) < 60
        assert each["expires"] == each["time"] + 3600
    assert json.loads(tell(master, "list", "smtp", "--json").out) == []


@ours
def test_a_long_list_comes_in_slices_each_session_once(master):
    """More than one answer holds, in order, each once."""
    count = 3000
    with master.client() as client:
        for i in range(count):
            client.update("smtp", "%06d%s" % (i, "x" * 60), b"session")
    sessions = json.loads(tell(master, "list", "smtp", "--json").out)
    assert [int(each["id"][:6]) for each in sessions] == list(range(count))


@ours
def test_list_without_a_cache_is_refused(master):
    result = tell(master, "list", "lmtp")
    assert result.status == NO and result.text == "", result
    assert "there is no lmtp cache" in result.complaint


@ours
def test_flush_removes_all_sessions_of_a_cache(master):
    with master.client() as client:
        client.update("smtp", "other", b"session")
        result = tell(master, "flush", "smtpd")
        assert result.status == OK and "smtpd: 5 sessions" in result.text
        assert client.lookup("smtpd", "id-1").status == attributes.ERR
        assert client.lookup("smtp", "other").status == attributes.OK
        result = tell(master, "flush", "all")
        assert result.status == OK and "smtp: 1 session removed" in result.text
        assert "lmtp: there is no cache" in result.text
        assert client.lookup("smtp", "other").status == attributes.ERR


def test_delete_removes_one_session(master):
    with master.client() as client:
        client.update("smtpd", "-odd " + ESCAPE, b"session")
        assert tell(master, "delete", "smtpd", "id-1").status == OK
        assert client.lookup("smtpd", "id-1").status == attributes.ERR
        assert client.lookup("smtpd", "id-2").status == attributes.OK
        assert tell(master, "delete", "smtpd", "--",
                    "-odd " + ESCAPE).status == OK
    again = tell(master, "delete", "smtpd", "id-1")
    assert again.status == NO and "no session" in again.complaint


@ours
def test_rotate_keeps_the_key_before_and_flush_tickets_none(master):
    with master.client() as client:
        first = client.ticket_key().data("keybuf")
        assert tell(master, "rotate").status == OK
        second = client.ticket_key().data("keybuf")
        assert second != first
        assert client.ticket_key(first[:16]).data("keybuf")[:80] == first[:80]
        assert tell(master, "flush-tickets").status == OK
        assert client.ticket_key(first[:16]).status == attributes.ERR
        assert client.ticket_key(second[:16]).status == attributes.ERR


@ours
def test_save_writes_the_exchange_file(master):
    with open(master.exchange_path, "rb") as exchange:
        before = exchange.read()
    result = tell(master, "save")
    assert result.status == OK, result
    with open(master.exchange_path, "rb") as exchange:
        assert exchange.read() != before


def test_seed_prints_random_bytes(master):
    for size in (1, 32, 255):
        result = tell(master, "seed", str(size))
        assert re.fullmatch("[0-9a-f]{%d}\n" % (2 * size), result.text)
    assert tell(master, "seed", "32").out != tell(master, "seed", "32").out


@ours
def test_config_shows_values_and_where_they_are_from(make_master):
    master = make_master(CACHES, {"tlsmgr_client_limit": "${unset:1234}"})
    master.start("-o", "tls_random_bytes=16")
    master.wait_ready()
    values = json.loads(tell(master, "config", "--json").out)
    assert values["tls_random_bytes"] == {"value": "16", "origin": "-o"}
    assert values["tlsmgr_client_limit"]["value"] == "1234"
    assert re.fullmatch(r"/.*/tlsmgr\.cf, line 1",
                        values["tlsmgr_client_limit"]["origin"])
    assert values["daemon_timeout"]["origin"] == "default"
    changed = json.loads(tell(master, "config", "--changed", "--json").out)
    assert "daemon_timeout" not in changed and "process_id" not in changed
    assert changed["tls_random_bytes"] == values["tls_random_bytes"]
    assert set(changed) < set(values)
    text = tell(master, "config", "--changed").text
    assert "tls_random_bytes = 16  (-o)" in text.splitlines()
    assert len(text.splitlines()) == len(changed)


@ours
def test_config_cuts_a_value_that_is_too_long_for_the_wire(make_master):
    names = "VARIABLE " * 1000
    master = make_master({"import_environment": names})
    master.start()
    master.wait_ready()
    values = json.loads(tell(master, "config", "--json").out)
    assert values["import_environment"]["value"] == names[:4096]
    assert values["tls_random_bytes"]["value"] == "32"


def test_ping_shows_who_answers_and_how_fast(master, is_stock):
    text = tell(master, "ping").text
    assert re.search(r"first answer [\d.]+ [mu]?s, then 20: [\d.]+ [mu]?s at least",
                     text)
    assert ("Postfix's own tlsmgr answers" if is_stock else
            "(process %d) answers" % master.daemons[0].pid) in text


# On a terminal

def on_terminal(master, *arguments, until=None, **environment):
    """What is written to a terminal, to the end or until `until` is there."""
    ours_fd, theirs_fd = pty.openpty()
    fcntl.ioctl(theirs_fd, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    process = subprocess.Popen(
        [ctl.PROGRAM, *arguments], stdin=theirs_fd, stdout=theirs_fd,
        stderr=theirs_fd, env={"MAIL_CONFIG": master.config_directory,
                               "TERM": "xterm", **environment})
    os.close(theirs_fd)
    text, deadline = b"", time.monotonic() + 20
    try:
        while time.monotonic() < deadline and not (until and until(text)):
            if select.select([ours_fd], [], [], 0.1)[0]:
                try:
                    text += os.read(ours_fd, 65536)
                except OSError:  # the last of them closed it
                    break
    finally:
        process.terminate()  # SIGINT may be ignored: nohup, cron
        process.wait()
        os.close(ours_fd)
    return text.decode("ascii")


@ours
def test_there_is_colour_on_a_terminal_only(master):
    assert "\x1b[1m" in on_terminal(master, "status")
    assert "\x1b" not in on_terminal(master, "status", NO_COLOR="1")
    assert "\x1b" not in on_terminal(master, "status", TERM="dumb")
    assert "\x1b" not in on_terminal(master, "list", "smtpd", "--json")


@ours
def test_watch_refreshes_in_place(master):
    text = on_terminal(master, "status", "--watch=1",
                       until=lambda text: text.count(b"\x1b[H") >= 3)
    assert text.count("\x1b[H\x1b[J") >= 3
    assert text.count("smtpd cache") >= 2
