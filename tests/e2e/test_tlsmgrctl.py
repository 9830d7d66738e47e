"""tlsmgrctl: each subcommand, against the daemon and against impostors."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import socket
import struct
import subprocess
import termios
import time

import pytest

import attributes
import ctl
import installed
from conftest import CACHES
from ctl import Impostor

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
    ["status", "--watch=0"], ["help", "nosuch"], ["rotate", "now"]])
def test_usage(arguments):
    result = ctl.run(None, *arguments)
    assert result.status == USAGE, result
    assert result.err and not result.out


def test_help_names_every_subcommand():
    commands = subcommands()
    assert {"status", "list", "flush", "delete", "rotate", "flush-tickets",
            "save", "seed", "config", "check", "ping", "enable", "disable",
            "help"} == set(commands)
    for command in commands:
        for arguments in (["help", command], [command, "--help"]):
            result = ctl.run(None, *arguments)
            assert result.status == OK and "usage: tlsmgrctl" in result.text
            assert " %s " % command in result.text


def subcommands():
    text = ctl.run(None, "--help").text
    return re.findall(r"^  ([a-z-]+) .*", text.split("Options:")[0], re.M)


@pytest.mark.parametrize("words,expected", [
    ([""], "every"), (["fl"], ["flush", "flush-tickets"]),
    (["flush", ""], ["smtpd", "smtp", "lmtp", "all"]),
    (["list", ""], ["smtpd", "smtp", "lmtp"]), (["list", "smtp", ""], []),
    (["-c", "/x", "st"], ["status"]), (["help", "ch"], ["check"]),
    (["config", "--ch"], ["--changed"]), (["rotate", "--ch"], []),
    (["--timeout", ""], [])])
def test_completion(words, expected):
    script = """. "$1"; shift; COMP_WORDS=(tlsmgrctl "$@"); COMP_CWORD=$#
        _tlsmgrctl; printf '%s\n' "${COMPREPLY[@]}" """
    output = subprocess.run(
        ["bash", "-c", script, "bash",
         ctl.REPOSITORY + "/conf/tlsmgrctl.bash", *words],
        env={"PATH": "%s:%s" % (os.path.dirname(ctl.PROGRAM),
                                os.environ["PATH"])},
        stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
    assert output.split() == (
        subcommands() if expected == "every" else expected)


def test_version():
    result = ctl.run(None, "--version")
    assert re.fullmatch(r"tlsmgrctl \d+\.\d+\n", result.text), result


def test_configuration_directory(master):
    directory = master.config_directory
    assert ctl.run(None, "-c", directory, "ping").status == OK
    assert ctl.run(None, "ping", "--config", directory).status == OK
    assert ctl.run("/nonexistent", "-c", directory, "ping").status == OK
    assert ctl.run(directory, "ping").status == OK
    relative = ctl.run(None, "-c", "etc", "ping", cwd=master.directory)
    assert relative.status == OK, relative
    gone = ctl.run("/nonexistent", "ping")
    assert gone.status == NO and "/nonexistent" in gone.complaint


def test_output_that_cannot_be_written():
    with open("/dev/full", "wb") as full:
        process = subprocess.run([ctl.PROGRAM, "--help"], stdout=full,
                                 stderr=subprocess.PIPE, check=False)
    assert process.returncode == NO and b"standard output" in process.stderr


# Against the daemon

@ours
def test_status(master):
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
def test_status_json(master):
    with master.client() as client:
        client.lookup("smtpd", "id-1")
    status = json.loads(tell(master, "status", "--json").out)
    assert status["pid"] == master.daemons[0].pid
    assert status["postfix_version"] == installed.default("mail_version")
    assert status["requests"]["update"] == 5
    assert status["requests"]["lookup"] == 1
    assert status["announce"] is installed.announces()
    assert set(status["caches"]) == set(TYPES)
    assert status["caches"]["smtpd"]["entries"] == 5
    assert status["caches"]["smtpd"]["hits"] == 1
    assert status["caches"]["smtpd"]["enabled"] is True
    assert status["caches"]["lmtp"]["enabled"] is False
    # The tool and the daemon are of one version: nothing is absent.
    assert None not in status.values()
    assert None not in status["caches"]["smtpd"].values()


SAMPLE = re.compile(r"([a-z_0-9]+)(\{(?:[a-z_]+=\"(?:[^\"\\\n]|\\.)*\",?)*\})?"
                    r" (-?[0-9.]+)")


def parse_metrics(text):
    """{name: [(labels, value)]}; every line is as the format demands."""
    metrics, head = {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            head = line.split()[2]
            assert head not in metrics
            metrics[head] = []
        elif line.startswith("# TYPE "):
            assert line.split()[2] == head
            kind = line.split()[3]
            assert (kind == "counter") == head.endswith("_total"), line
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample and sample.group(1) == head, line
            metrics[head].append((sample.group(2) or "",
                                  float(sample.group(3))))
    return metrics


@ours
def test_prometheus(master):
    with master.client() as client:
        client.lookup("smtpd", "id-1")
    text = tell(master, "status", "--prometheus").text
    metrics = parse_metrics(text)
    assert metrics["tlsmgr_up"] == [("", 1)]
    assert ('{cache="smtpd"}', 5) in metrics["tlsmgr_cache_entries"]
    assert ('{cache="smtpd"}', 1) in metrics["tlsmgr_cache_hits_total"]
    assert ('{request="lookup"}', 1) in metrics["tlsmgr_requests_total"]
    assert ('{cache="smtpd"}', 3600) in metrics["tlsmgr_cache_timeout_seconds"]
    assert 0 < metrics["tlsmgr_latency_p50_seconds"][0][1] < 60
    assert "tlsmgr_cache_bytes" in metrics
    assert "tlsmgr_started_at_timestamp_seconds" in metrics
    assert not [name for name in metrics if name.endswith(("_us", "_ms"))]
    assert all(metrics.values()), "a head without a sample"


@ours
@pytest.mark.skipif(not shutil.which("promtool"), reason="needs promtool")
def test_promtool(master):
    status = tell(master, "status", "--prometheus")
    assert status.status == OK
    text = status.out
    result = subprocess.run(["promtool", "check", "metrics"], input=text,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=60, check=False)
    assert result.returncode == 0 and not result.stdout, result.stdout


@ours
def test_list(master):
    text = tell(master, "list", "smtpd").text
    lines = text.splitlines()
    assert lines[0].split() == ["Age", "Left", "Size", "Id"]
    assert [line.split()[-1] for line in lines[1:]] == [
        "id-%d" % i for i in range(5)]
    assert all(" 100 B " in line and " 60 min " in line for line in lines[1:])
    assert tell(master, "list", "smtp").text.splitlines() == lines[:1]
    only = tell(master, "list", "smtpd", "-3").status
    assert only == USAGE  # looks like an option
    only = tell(master, "list", "smtpd", "--", "-3").text.splitlines()
    assert [line.split()[-1] for line in only[1:]] == ["id-3"]


@ours
def test_list_json(master):
    now = time.time()
    sessions = json.loads(tell(master, "list", "smtpd", "--json").out)
    assert [each["id"] for each in sessions] == ["id-%d" % i for i in range(5)]
    for each in sessions:
        assert each["size"] == 100 and abs(each["time"] - now) < 60
        assert each["expires"] == each["time"] + 3600
    assert json.loads(tell(master, "list", "smtp", "--json").out) == []


@ours
def test_list_in_slices(master):
    """More than one answer holds, in order, each once."""
    count = 3000
    with master.client() as client:
        for i in range(count):
            client.update("smtp", "%06d%s" % (i, "x" * 60), b"session")
    sessions = json.loads(tell(master, "list", "smtp", "--json").out)
    assert [int(each["id"][:6]) for each in sessions] == list(range(count))


@ours
def test_list_without_a_cache(master):
    result = tell(master, "list", "lmtp")
    assert result.status == NO and result.text == "", result
    assert "there is no lmtp cache" in result.complaint


@ours
def test_flush(master):
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


def test_delete(master):
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
def test_rotate_and_flush_tickets(master):
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
def test_save(master):
    with open(master.exchange_path, "rb") as exchange:
        before = exchange.read()
    result = tell(master, "save")
    assert result.status == OK, result
    with open(master.exchange_path, "rb") as exchange:
        assert exchange.read() != before


def test_seed(master):
    for size in (1, 32, 255):
        result = tell(master, "seed", str(size))
        assert re.fullmatch("[0-9a-f]{%d}\n" % (2 * size), result.text)
    assert tell(master, "seed", "32").out != tell(master, "seed", "32").out


@ours
def test_config(make_master):
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
def test_config_with_a_value_that_is_too_long_for_the_wire(make_master):
    names = "VARIABLE " * 1000
    master = make_master({"import_environment": names})
    master.start()
    master.wait_ready()
    values = json.loads(tell(master, "config", "--json").out)
    assert values["import_environment"]["value"] == names[:4096]
    assert values["tls_random_bytes"]["value"] == "32"


def test_ping(master, is_stock):
    text = tell(master, "ping").text
    assert re.search(r"first answer [\d.]+ m?s, then 20: [\d.]+ ms at least",
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
def test_colour_on_a_terminal_only(master):
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


# Daemons that are not as they should be

def answers(**known):
    """Statistics, and then what is given by name of request."""
    def answer(request):
        if request["request"] == "stats":
            return known.get("stats", ctl.statistics())
        return known[request["request"]]
    return answer


def test_no_socket():
    with Impostor(None) as impostor:
        os.unlink(impostor.socket_path)
        result = impostor.run("ping")
    assert result.status == UNREACHABLE
    assert "there is no such socket" in result.complaint


def test_nobody_listens():
    with Impostor(None) as impostor:
        os.unlink(impostor.socket_path)
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).bind(
            impostor.socket_path)
        result = impostor.run("ping")
    assert result.status == UNREACHABLE
    assert "nobody listens" in result.complaint


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another")
def test_no_permission():
    with Impostor(answers()) as impostor:
        os.chmod(impostor.queue_directory + "/private", 0o700)
        result = impostor.run("status", user="nobody")
    assert result.status == UNREACHABLE
    assert "permission denied; only root" in result.complaint


@pytest.mark.parametrize("greeting", [b"", attributes.encode(
    attributes.ANNOUNCEMENT)])
def test_announced_or_not(greeting):
    with Impostor(answers(save=ctl.reply(0)), greeting) as impostor:
        assert impostor.run("save").status == OK


@pytest.mark.parametrize("command", ["status", "ping", "save"])
def test_hangs(command):
    with Impostor(lambda request: None) as impostor:
        began = time.monotonic()
        result = impostor.run("--timeout", "1", command)
        took = time.monotonic() - began
    assert result.status == UNREACHABLE
    assert "no answer within 1000 ms" in result.complaint
    assert 0.9 < took < 10


def test_hangs_in_mid_answer():
    with Impostor(lambda request: ctl.statistics()[:-1]) as impostor:
        result = impostor.run("--timeout", "1", "status")
    assert result.status == UNREACHABLE
    assert "no answer within" in result.complaint


def test_hangs_later():
    with Impostor(answers(save=None)) as impostor:
        result = impostor.run("--timeout", "1", "save")
    assert result.status == UNREACHABLE
    assert "no answer within" in result.complaint


def test_closes():
    def close(request):
        raise EOFError
    with Impostor(close) as impostor:
        result = impostor.run("status")
    assert result.status == UNREACHABLE
    assert "closed the connection" in result.complaint


@pytest.mark.parametrize("answer", [
    b"\0", attributes.encode([("name", "value")]), b"HTTP/1.1 400 Bad\r\n\0\0\0"
], ids=["empty", "other attributes", "other protocol"])
def test_is_no_tlsmgr(answer):
    with Impostor(lambda request: answer) as impostor:
        for command in ("status", "ping"):
            result = impostor.run(command)
            assert result.status == UNREACHABLE
            assert "no tlsmgr" in result.complaint or \
                "makes no sense" in result.complaint


def test_endless_answer():
    with Impostor(lambda request: b"x" * 10000000) as impostor:
        result = impostor.run("status")
    assert result.status == UNREACHABLE
    assert "longer than any can be" in result.complaint


def test_byte_by_byte():
    data = ctl.statistics(**{"request.seed": "7"})
    pieces = [data[i:i + 1] for i in range(len(data))]
    with Impostor(answers(stats=pieces)) as impostor:
        status = json.loads(impostor.run("status", "--json").out)
    assert status["pid"] == 77 and status["requests"] == {"seed": 7}


def test_older_daemon():
    with Impostor(lambda request: ctl.reply(-2)) as impostor:
        result = impostor.run("status")
    assert result.status == OTHER and "older" in result.complaint


@pytest.mark.parametrize("command", ["status", "rotate", "config"])
def test_stock_daemon(make_master, command):
    master = make_master(CACHES, program=installed.stock_tlsmgr())
    daemon = master.start()
    result = tell(master, command)  # which has it start, too
    daemon.kill()
    assert result.status == OTHER
    assert "Postfix's own tlsmgr answers" in result.complaint


def test_slow_daemon_is_not_taken_for_stock():
    """It takes longer for its statistics than we are patient."""
    def answer(request):
        if request["request"] == "stats":
            time.sleep(1.6)
            return ctl.statistics()
        if request["request"] == "policy":
            return ctl.reply(0, ("cachable", "0"), ("timeout", "0"))
        return ctl.reply(0, ("cursor", "0"), *entry("one"))
    with Impostor(answer) as impostor:
        sessions = json.loads(impostor.run("list", "smtpd", "--json").out)
        assert [each["request"] for each in impostor.requests] == [
            "stats", "policy", "policy", "list"]
    assert [each["id"] for each in sessions] == ["one"]


def test_refusals():
    no = ctl.reply(-1)
    enabled = ctl.statistics(**{"smtpd.enabled": "1"})
    with Impostor(answers(stats=enabled, save=no, rotate=no, flush=no,
                          flush_tickets=no, config=no, delete=no,
                          seed=ctl.reply(-1, ("seed", "")),
                          list=no, policy=no)) as impostor:
        for command in (["save"], ["rotate"], ["flush", "smtpd"],
                        ["flush", "all"], ["flush-tickets"], ["config"],
                        ["delete", "smtpd", "id"], ["seed", "8"],
                        ["list", "smtpd"], ["ping"]):
            result = impostor.run(*command)
            assert result.status == NO and result.err, result


@pytest.mark.parametrize("pairs", [
    [], [("seed", "")], [("seed", "YWJj")], [("seed", "!!!!")],
    [("other", "YWJjZGVmZ2g=")]])
def test_wrong_seed(pairs):
    with Impostor(answers(seed=ctl.reply(0, *pairs))) as impostor:
        result = impostor.run("seed", "8")
    assert result.status == UNREACHABLE and not result.out


def entry(cache_id, size="1", put_at="1700000000"):
    return [("cache_id", cache_id), ("size", size), ("time", put_at)]


@pytest.mark.parametrize("pairs", [
    [], [("cursor", "0"), ("cache_id", "id")],
    [("cursor", "0"), *entry("id", size="-")],
    [("cursor", "0"), *entry("id", put_at="99999999999999999999")],
    [("cursor", "0"), *entry("id", put_at="9223372036854775807")],
    [("cursor", "0"), ("size", "1"), ("cache_id", "id"), ("time", "1")]])
def test_wrong_list(pairs):
    with Impostor(answers(list=ctl.reply(0, *pairs))) as impostor:
        result = impostor.run("list", "smtpd")
    assert result.status == UNREACHABLE
    assert "makes no sense" in result.complaint


def test_cursor_that_stands_still():
    with Impostor(answers(list=ctl.reply(0, ("cursor", "5")))) as impostor:
        result = impostor.run("list", "smtpd")
        assert len(impostor.requests) == 3
    assert result.status == UNREACHABLE


def test_cursor_is_handed_back():
    def answer(request):
        if request["request"] == "stats":
            return ctl.statistics()
        cursor = request["cursor"]
        assert request["filter"] == "text"
        if cursor == "0":
            return ctl.reply(0, ("cursor", "a"), *entry("1"), *entry("2"))
        if cursor == "a":
            return ctl.reply(0, ("cursor", "b"))
        return ctl.reply(0, ("cursor", "0"), *entry("3"))
    with Impostor(answer) as impostor:
        sessions = json.loads(
            impostor.run("list", "smtpd", "text", "--json").out)
    assert [each["id"] for each in sessions] == ["1", "2", "3"]


# Bytes that mean something to a terminal or a parser

NASTY = b"a\x1b]0;owned\x07\x9b\r\n\t\x7f\"\\{}\xff\xc3\xa9\xc0\x80\xed\xa0\x80"


def nasty_answers():
    """Every text that comes from the daemon is nasty."""
    nasty = ctl.statistics(**{
        "version": NASTY, "postfix_version": NASTY, "entropy_source": NASTY,
        "exchange_file": NASTY, "ticket_key_file": NASTY, "pid": NASTY,
        "ticket_lifetime": "3600", "smtpd.enabled": "1", "smtpd.cachable": "1",
        "smtpd.ready": "1", "smtpd.database": NASTY})
    nasty = nasty[:-1] + attributes.encode([(b"request." + NASTY, "1")])
    return answers(
        stats=nasty, policy=ctl.reply(0, ("cachable", "1"), ("timeout", "9")),
        list=ctl.reply(0, ("cursor", "0"), *entry(NASTY)),
        config=ctl.reply(0, ("parameter", NASTY), ("value", NASTY),
                         ("origin", NASTY)))


@pytest.mark.parametrize("command", [
    ["status"], ["list", "smtpd"], ["config"], ["ping"], ["check"]])
def test_nothing_moves_a_cursor(command):
    with Impostor(nasty_answers()) as impostor:
        result = impostor.run(*command)
    printed = result.out + result.err
    assert set(printed) <= set(range(32, 127)) | {10}, printed
    if command != ["check"]:
        assert b"a\\x1b]0;owned\\x07\\x9b\\x0d\\x0a" in printed


@pytest.mark.parametrize("command", [
    ["status", "--json"], ["list", "smtpd", "--json"], ["config", "--json"]])
def test_json_of_any_bytes(command):
    with Impostor(nasty_answers()) as impostor:
        result = impostor.run(*command)
    text = result.out.decode("utf-8", "strict")
    kept = "a\x1b]0;owned\x07\ufffd\r\n\t\x7f\"\\{}\ufffdé\ufffd\ufffd" + \
        "\ufffd" * 3
    assert kept in str_values(json.loads(text)), text


def str_values(value):
    """Every string in it, names included."""
    if isinstance(value, dict):
        return [each for pair in value.items() for part in pair
                for each in str_values(part)]
    if isinstance(value, list):
        return [each for part in value for each in str_values(part)]
    return [value]


def test_labels_of_any_bytes():
    with Impostor(nasty_answers()) as impostor:
        out = impostor.run("status", "--prometheus").out
    lines = [line for line in out.decode("utf-8", "strict").split("\n")
             if line.startswith("tlsmgr_info{")]
    assert len(lines) == 1 and lines[0].endswith("} 1")
    assert 'version="a\x1b]0;owned\x07\ufffd\r\\n\t\x7f\\"\\\\{}' in lines[0]


def test_no_daemon_for_prometheus():
    with Impostor(None) as impostor:
        os.unlink(impostor.socket_path)
        result = impostor.run("status", "--prometheus")
    assert result.status == UNREACHABLE
    assert parse_metrics(result.text) == {"tlsmgr_up": [("", 0)]}


def test_long_queue_directory():
    """Longer than the address of a socket may be."""
    with Impostor(answers(save=ctl.reply(0))) as impostor:
        deep = impostor.queue_directory + "/" + "d" * 120
        os.makedirs(deep)
        os.rename(impostor.queue_directory + "/private", deep + "/private")
        with open(impostor.config_directory + "/main.cf", "a") as output:
            output.write("queue_directory = %s\n" % deep)
        result = impostor.run("save")
    assert result.status == OK, result


def test_other_service_name():
    with Impostor(answers(save=ctl.reply(0))) as impostor:
        os.rename(impostor.socket_path, impostor.socket_path + "-two")
        with open(impostor.config_directory + "/main.cf", "a") as output:
            output.write("tlsmgr_service_name = tlsmgr-two\n")
        result = impostor.run("save")
    assert result.status == OK, result
