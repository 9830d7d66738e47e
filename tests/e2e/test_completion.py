"""What bash, zsh and fish offer while tlsmgrctl is typed in."""

import re

import pytest

import completion
import ctl
from attributes import OK
from conftest import CACHES

ID = "smtp&example.com&mx%d.example.com&192.0.2.%d&&" + 32 * "AB"
ESCAPED = "smtp&bad\x01&mx.example.com&192.0.2.9&&" + 32 * "AB"


@pytest.fixture(params=sorted(completion.SHELLS))
def offers(request, tmp_path):
    """offers(line, master=None): a list, in whatever order."""
    if not completion.is_there(request.param):
        pytest.skip("no " + request.param)

    def ask(line, master=None):
        return completion.SHELLS[request.param](line, master, tmp_path)
    return ask


def helped(*arguments):
    """(what there is, options) of the help."""
    head, options = ctl.run(None, "help", *arguments).text.split("Options:")
    return re.findall(r"^  ([a-z-]+) ", head, re.MULTILINE), options


@pytest.mark.parametrize("line, expected", [
    ("tlsmgrctl fl", ["flush", "flush-tickets"]),
    ("tlsmgrctl flush ", ["all", "lmtp", "smtp", "smtpd"]),
    ("tlsmgrctl flush s", ["smtp", "smtpd"]),
    ("tlsmgrctl list ", ["lmtp", "smtp", "smtpd"]),
    ("tlsmgrctl list --raw ", ["lmtp", "smtp", "smtpd"]),
    ("tlsmgrctl trace ", ["lmtp", "smtp", "smtpd"]),
    ("tlsmgrctl history --since 1", ["12h", "1h", "1m"]),
    ("tlsmgrctl history --c", ["--config", "--csv"]),
    ("tlsmgrctl top --on", ["--once"]),
    ("tlsmgrctl list smtp ", []),
    ("tlsmgrctl list --sort ", ["age", "destination", "left", "size"]),
    ("tlsmgrctl top --sort ", ["hits", "lookups", "name", "stores"]),
    ("tlsmgrctl history --since ", ["12h", "1h", "1m", "24h", "2h", "30m",
                                    "5m"]),
    ("tlsmgrctl history --step 2h --cs", ["--csv"]),
    ("tlsmgrctl -c /x st", ["status"]),
    ("tlsmgrctl --timeout 3 pi", ["ping"]),
    ("tlsmgrctl help ch", ["check"]),
    ("tlsmgrctl config --ch", ["--changed"]),
    ("tlsmgrctl rotate --ch", []),
    ("tlsmgrctl exporter ", ["127.0.0.1:9847"]),
    ("tlsmgrctl rotate ", []),
    ("tlsmgrctl --timeout ", [])])
def test_words_are_completed(offers, line, expected):
    assert sorted(offers(line)) == expected


def test_every_subcommand_is_offered(offers):
    subcommands, _ = helped()
    assert len(subcommands) > 15
    assert sorted(offers("tlsmgrctl ")) == sorted(subcommands)
    assert sorted(offers("tlsmgrctl help ")) == sorted(subcommands)


def test_every_option_is_offered_where_it_belongs(offers):
    for subcommand in "", "status", "list", "rotate":
        arguments = [subcommand] if subcommand else []
        options = set(re.findall(r"--[a-z]+", helped(*arguments)[1]))
        assert "--timeout" in options
        offered = offers(" ".join(["tlsmgrctl", *arguments, "--"]))
        assert set(offered) == options


def test_no_value_is_taken_for_a_subcommand(offers):
    """Behind each option that has to have one."""
    with_value = re.findall(r"(--[a-z]+) [A-Z]+ ", helped()[1])
    assert {"--config", "--timeout", "--sort", "--limit"} <= set(with_value)
    for option in with_value:
        assert offers("tlsmgrctl %s value pi" % option) == ["ping"], option


@pytest.mark.ours("it lists nothing")
def test_ids_are_those_of_the_daemon(make_master, offers):
    master = make_master(CACHES)
    master.start()
    ids = [ID % (number, number) for number in (1, 2, 3)]
    with master.client() as client:
        for each in [*ids, ESCAPED]:
            assert client.update("smtp", each, b"session").status == OK
    assert unquoted(offers("tlsmgrctl delete smtp ", master)) == ids
    assert unquoted(offers("tlsmgrctl delete smtp smtp", master)) == ids
    assert offers("tlsmgrctl delete smtpd ", master) == []


@pytest.mark.ours("it lists nothing")
def test_no_more_than_a_hundred_ids_are_offered(make_master, offers):
    master = make_master(CACHES)
    master.start()
    with master.client() as client:
        for number in range(150):
            assert client.update("smtp", ID % (number, number),
                                 b"session").status == OK
    assert len(offers("tlsmgrctl delete smtp ", master)) == 100


def unquoted(ids):
    return sorted(re.sub(r"\\(.)", r"\1", each) for each in ids)
