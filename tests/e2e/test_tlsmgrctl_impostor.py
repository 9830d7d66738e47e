"""tlsmgrctl against daemons that are not as they should be. Covers
ctl_client.c."""

import itertools
import json
import os
import re
import socket
import time

import pytest

import attributes
import ctl
import installed
from conftest import CACHES
from ctl import Impostor
from metrics import parse_metrics

OK, NO, USAGE, UNREACHABLE, OTHER = range(5)
TYPES = ("smtpd", "smtp", "lmtp")
ESCAPE = "\x1b[31mred\x07\\\""
ours = pytest.mark.ours("it knows no such request")


def answers(**known):
    """Statistics, and then what is given by name of request."""
    def answer(request):
        if request["request"] == "stats":
            return known.get("stats", ctl.statistics())
        return known[request["request"]]
    return answer


def test_a_socket_that_is_not_there_is_named():
    with Impostor(None) as impostor:
        os.unlink(impostor.socket_path)
        result = impostor.run("ping")
    assert result.status == UNREACHABLE
    assert "there is no such socket" in result.complaint


def test_a_socket_where_nobody_listens_is_named():
    with Impostor(None) as impostor:
        os.unlink(impostor.socket_path)
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).bind(
            impostor.socket_path)
        result = impostor.run("ping")
    assert result.status == UNREACHABLE
    assert "nobody listens" in result.complaint


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be another")
def test_who_may_not_connect_is_told():
    with Impostor(answers()) as impostor:
        os.chmod(impostor.queue_directory + "/private", 0o700)
        result = impostor.run("status", user="nobody")
    assert result.status == UNREACHABLE
    assert "permission denied; only root" in result.complaint


@pytest.mark.parametrize("greeting", [b"", attributes.encode(
    attributes.ANNOUNCEMENT)])
def test_the_announcement_makes_no_difference(greeting):
    with Impostor(answers(save=ctl.reply(0)), greeting) as impostor:
        assert impostor.run("save").status == OK


@pytest.mark.parametrize("command", ["status", "ping", "save"])
def test_a_daemon_that_hangs_is_not_waited_for(command):
    with Impostor(lambda request: None) as impostor:
        began = time.monotonic()
        result = impostor.run("--timeout", "1", command)
        took = time.monotonic() - began
    assert result.status == UNREACHABLE
    assert "no answer within 1000 ms" in result.complaint
    assert 0.9 < took < 10


def test_nor_one_that_hangs_in_mid_answer():
    with Impostor(lambda request: ctl.statistics()[:-1]) as impostor:
        result = impostor.run("--timeout", "1", "status")
    assert result.status == UNREACHABLE
    assert "no answer within" in result.complaint


def test_nor_one_that_hangs_later():
    with Impostor(answers(save=None)) as impostor:
        result = impostor.run("--timeout", "1", "save")
    assert result.status == UNREACHABLE
    assert "no answer within" in result.complaint


def test_a_daemon_that_closes_is_named():
    def close(request):
        raise EOFError
    with Impostor(close) as impostor:
        result = impostor.run("status")
    assert result.status == UNREACHABLE
    assert "closed the connection" in result.complaint


@pytest.mark.parametrize("answer", [
    b"\0", attributes.encode([("name", "value")]), b"HTTP/1.1 400 Bad\r\n\0\0\0"
], ids=["empty", "other attributes", "other protocol"])
def test_what_is_no_tlsmgr_is_named(answer):
    with Impostor(lambda request: answer) as impostor:
        for command in ("status", "ping"):
            result = impostor.run(command)
            assert result.status == UNREACHABLE
            assert "no tlsmgr" in result.complaint or \
                "makes no sense" in result.complaint


def test_an_endless_answer_ends():
    with Impostor(lambda request: b"x" * 10000000) as impostor:
        result = impostor.run("status")
    assert result.status == UNREACHABLE
    assert "longer than any can be" in result.complaint


def test_an_answer_may_come_byte_by_byte():
    data = ctl.statistics(**{"request.seed": "7"})
    pieces = [data[i:i + 1] for i in range(len(data))]
    with Impostor(answers(stats=pieces)) as impostor:
        status = json.loads(impostor.run("status", "--json").out)
    assert status["pid"] == 77 and status["requests"] == {"seed": 7}


def test_an_older_daemon_is_named():
    with Impostor(lambda request: ctl.reply(-2)) as impostor:
        result = impostor.run("status")
    assert result.status == OTHER and "older" in result.complaint


@pytest.mark.parametrize("command", ["status", "rotate", "config"])
def test_the_daemon_of_postfix_is_named(make_master, command):
    master = make_master(CACHES, program=installed.stock_tlsmgr())
    daemon = master.start()
    result = ctl.run(master.config_directory, command)  # which has it start, too
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


def test_a_refusal_points_to_the_log():
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
def test_a_wrong_seed_makes_no_sense(pairs):
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
def test_a_wrong_list_makes_no_sense(pairs):
    with Impostor(answers(list=ctl.reply(0, *pairs))) as impostor:
        result = impostor.run("list", "smtpd")
    assert result.status == UNREACHABLE
    assert "makes no sense" in result.complaint


def test_a_cursor_that_stands_still_makes_no_sense():
    with Impostor(answers(list=ctl.reply(0, ("cursor", "5")))) as impostor:
        result = impostor.run("list", "smtpd")
        assert len(impostor.requests) == 3
    assert result.status == UNREACHABLE


def test_a_cursor_that_rises_for_ever_makes_no_sense():
    """A slice passes by at least one session, and there are but five."""
    cursors = itertools.count(1)
    with Impostor(answers(
            stats=ctl.statistics(**{"smtpd.enabled": "1",
                                    "smtpd.entries": "5"}),
            policy=ctl.reply(0, ("cachable", "1"), ("timeout", "9")))) as im:
        im.answer = lambda request, known=im.answer: \
            ctl.reply(0, ("cursor", str(next(cursors)))) \
            if request["request"] == "list" else known(request)
        result = im.run("list", "smtpd")
    assert result.status == UNREACHABLE, result
    assert "makes no sense" in result.complaint


@pytest.mark.parametrize("timeout", [
    -2**63, 2**63 - 1, -1, "x", "9" * 30])
def test_a_timeout_may_be_any_number(timeout):
    with Impostor(answers(
            stats=ctl.statistics(**{"smtpd.enabled": "1",
                                    "smtpd.timeout": str(timeout)}),
            list=ctl.reply(0, ("cursor", "0"), *entry("one"),
                           *entry("two", put_at="253402300799")))) as impostor:
        text = impostor.run("list", "smtpd")
        sessions = impostor.run("list", "smtpd", "--json")
    assert text.status == OK and not text.err, text
    for each in json.loads(sessions.out):
        assert each["time"] <= each["expires"] < each["time"] + 2**31


def test_the_cursor_is_handed_back():
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

NASTY = (b"a\x1b]0;owned\x07\x9b\r\n\t\x7f\"\\{}\xff\xc3\xa9\xc0\x80\xed\xa0\x80"
         b"\xc2\x9b31m\xe2\x80\xae")
# C0 but for line ends, DEL, C1, overrides of direction
MOVES = r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"


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
def test_json_may_hold_any_bytes(command):
    with Impostor(nasty_answers()) as impostor:
        result = impostor.run(*command)
    text = result.out.decode("utf-8", "strict")
    kept = "a\x1b]0;owned\x07\ufffd\r\n\t\x7f\"\\{}\ufffdé\ufffd\ufffd" + \
        "\ufffd" * 3 + "\x9b31m\u202e"
    assert kept in str_values(json.loads(text)), text
    assert not re.search(MOVES, text), text


def str_values(value):
    """Every string in it, names included."""
    if isinstance(value, dict):
        return [each for pair in value.items() for part in pair
                for each in str_values(part)]
    if isinstance(value, list):
        return [each for part in value for each in str_values(part)]
    return [value]


def test_labels_may_hold_any_bytes():
    with Impostor(nasty_answers()) as impostor:
        out = impostor.run("status", "--prometheus").out
    text = out.decode("utf-8", "strict")
    assert not re.search(MOVES, text), text
    assert parse_metrics(text)
    line, = [line for line in text.split("\n")
             if line.startswith("tlsmgr_info{")]
    assert line.endswith("} 1")
    assert (r'version="a\\u{1b}]0;owned\\u{7}' + "\ufffd" +
            r'\\u{d}\n\\u{9}\\u{7f}\"\\{}') in line


@pytest.mark.parametrize("form", ["--prometheus", "--openmetrics"])
def test_what_a_daemon_does_not_say_is_no_metric(form):
    """An older one, or one that has not answered anything yet."""
    with Impostor(answers()) as impostor:
        text = impostor.run("status", form).text
    assert "tlsmgr_up 1" in text
    assert "seconds histogram" not in text


def test_requests_are_not_those_with_which_this_program_looks():
    looks = {"request.%s" % name: "5"
             for name in ("stats", "destinations", "history")}
    with Impostor(answers(stats=ctl.statistics(
            **looks, **{"request.seed": "7", "request.flush": "1"}),
                          history=ctl.reply(-2))) as impostor:
        text = impostor.run("status").text
    assert re.search("^Requests +8, 0 malformed$", text, re.MULTILINE), text


@pytest.mark.parametrize("count, words", [("1", ("lookup", "read")),
                                          ("2", ("lookups", "reads"))])
def test_one_of_a_kind_is_no_plural(count, words):
    names = ("smtpd.lookups", "shared.lookups", "entropy_reads")
    with Impostor(answers(stats=ctl.statistics(
            **{"smtpd.enabled": "1", "shared.server": "here:1"},
            **dict.fromkeys(names, count)))) as impostor:
        text = impostor.run("status").text
    lookup, read = words
    assert re.findall(r"\b%s (lookups?|reads?)\b" % count, text) == [
        lookup, lookup, read]


def test_prometheus_is_told_that_there_is_no_daemon():
    with Impostor(None) as impostor:
        os.unlink(impostor.socket_path)
        result = impostor.run("status", "--prometheus")
    assert result.status == UNREACHABLE
    assert parse_metrics(result.text) == {"tlsmgr_up": [("", 0)]}


def test_the_queue_directory_may_be_long():
    """Longer than the address of a socket may be."""
    with Impostor(answers(save=ctl.reply(0))) as impostor:
        deep = impostor.queue_directory + "/" + "d" * 120
        os.makedirs(deep)
        os.rename(impostor.queue_directory + "/private", deep + "/private")
        with open(impostor.config_directory + "/main.cf", "a") as output:
            output.write("queue_directory = %s\n" % deep)
        result = impostor.run("save")
    assert result.status == OK, result


def test_the_service_may_have_another_name():
    with Impostor(answers(save=ctl.reply(0))) as impostor:
        os.rename(impostor.socket_path, impostor.socket_path + "-two")
        with open(impostor.config_directory + "/main.cf", "a") as output:
            output.write("tlsmgr_service_name = tlsmgr-two\n")
        result = impostor.run("save")
    assert result.status == OK, result
