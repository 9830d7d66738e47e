"""tlsmgrctl top, and what else is renewed in place, on terminals of some sizes.
Covers ctl_top.c, ctl_top_feed.c, ctl_terminal.c and ctl_in_place.c."""

import os
import re
import signal
import time

import pytest

import ctl
from attributes import encode, lookup_request
from conftest import CACHES
from pipeline import ask_all
from waiting import wait_until

pytest.importorskip("pyte", reason="python3-pyte is not installed")

from screen import Screen  # noqa: E402

pytestmark = pytest.mark.ours("has no such requests")

DIGEST = "291ED68369DC3C4ECB8069C49870AF4B84B3415D2A94E0FB4ECA27438404FEA3"
FOOT = "q quit   p pause   s sort by: "


@pytest.fixture
def master(make_master):
    master = make_master(CACHES)
    master.start()
    master.wait_ready()
    return master


@pytest.fixture
def make_screen():
    made = []

    def make(config_directory, columns=80, rows=24, program=ctl.PROGRAM,
             arguments=("top",), **environment):
        made.append(Screen(
            [program, *arguments], columns, rows, {
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                "TZ": "UTC", "TERM": "screen", "MAIL_CONFIG": config_directory,
                **environment}))
        return made[-1]
    yield make
    for screen in made:
        screen.close()


def id_of(host):
    return "&".join(["smtp", "example.com", host, "192.0.2.1", "", DIGEST])


def look_up(master, hosts):
    with master.client() as client:
        for _ in ask_all(client, [lookup_request("smtp", id_of(host))
                                  for host in hosts]):
            pass


def destinations_on(screen):
    """The first words of the rows of destinations, from top to bottom."""
    lines = screen.lines
    title = [at for at, line in enumerate(lines) if "DESTINATIONS" in line][0]
    return [line.split("[")[0] for line in lines[title + 1:] if "[" in line]


# What is on it

@pytest.mark.parametrize("columns, rows", [(80, 24), (200, 50)])
def test_the_screen_has_it_all_and_fits(master, make_screen, columns, rows):
    look_up(master, ["one.example"] * 3 + ["two.example"])
    screen = make_screen(master.config_directory, columns, rows)
    screen.wait_for("one.example[192.0.2.1]")
    lines = screen.lines
    assert len(lines) == rows
    assert lines[0].startswith("tlsmgr ")
    assert "process %d," % master.daemons[0].pid in lines[0]
    assert lines[1] == "no trouble is known"
    assert lines[-1].startswith(FOOT + "lookups")
    for text in ("REQUESTS", "ANSWERED WITHIN", "lookup ", "ticket key ",
                 "CACHES", "smtpd ", "smtp ", "lmtp    off, as configured",
                 "tickets ", "DESTINATIONS, of the last ", "*lookups"):
        assert text in screen.text, text
    assert destinations_on(screen) == ["one.example", "two.example"]


def test_rates_follow_and_bars_grow(master, make_screen):
    screen = make_screen(master.config_directory)
    screen.wait_for("REQUESTS")

    def is_seen():
        look_up(master, ["one.example"] * 20)
        return re.search(r"^lookup +[1-9]\d* +[1-9]\d* .*[▁-█]{2}",
                         screen.text, re.MULTILINE)
    wait_until(is_seen, "rates")


def test_a_terminal_without_utf8_gets_ascii_alone(master, make_screen):
    screen = make_screen(master.config_directory, LANG="C", LC_ALL="C")
    screen.wait_for("no trouble is known")
    screen.wait_for("__")
    assert screen.text.isascii()


def test_names_cannot_steer_the_terminal(master, make_screen):
    look_up(master, ["\x1b]0;owned\x07\x1b[31mhost"])
    screen = make_screen(master.config_directory, 132, 40)
    screen.wait_for("\\x1b]0;owned\\x07\\x1b[31mhost[192.0.2.1]")
    assert b"\x1b]0;" not in screen.output
    assert b"\x07" not in screen.output


def test_of_more_destinations_than_counters_the_heavy_ones_are_on_top(
        master, make_screen):
    for at in range(20):
        look_up(master, ["rare%d" % each for each in range(at * 30,
                                                           at * 30 + 30)])
        look_up(master, ["heavy%d" % each for each in range(5)] * 6)
    screen = make_screen(master.config_directory, 132, 50)
    screen.wait_for(" unseen")
    assert sorted(destinations_on(screen)[:5]) == [
        "heavy%d" % each for each in range(5)]
    for line in screen.lines:
        if line.startswith("heavy"):
            assert re.search(r" 120 +0 +0.0% +0( |$)", line), line


# Keys, and the window

def test_q_ends_it_and_the_terminal_is_as_it_was(master, make_screen):
    screen = make_screen(master.config_directory)
    screen.wait_for(FOOT)
    assert not screen.is_restored()
    screen.type("xq")
    assert screen.wait_end() == 0
    wait_until(screen.is_restored, "the terminal")


def test_s_sorts_by_one_key_after_the_other(master, make_screen):
    with master.client() as client:
        client.update("smtp", id_of("b"), b"x")
        for host in "b" * 3 + "c" * 5 + "a" * 4:
            client.lookup("smtp", id_of(host))
        for host in "cd":
            for _ in range(2 if host == "d" else 1):
                client.update("smtp", id_of(host), b"x")
    screen = make_screen(master.config_directory)
    for key, order in (("lookups", "cabd"), ("hits", "bacd"),
                       ("stores", "dbca"), ("name", "abcd"),
                       ("lookups", "cabd")):
        screen.wait_for(FOOT + key)
        wait_until(lambda: destinations_on(screen) == list(order),
                   lambda: "%s by %s:\n%s" % (order, key, screen.text))
        assert ("*lookups" in screen.text) == (key == "lookups")
        screen.type("s")


def test_the_first_order_can_be_given(master, make_screen):
    look_up(master, ["b"] * 3 + ["c"] * 5 + ["a"] * 4)
    for key, order in ("name", "abc"), ("lookups", "cab"):
        once = ctl.run(master.config_directory, "top", "--once", "--sort", key)
        assert once.status == 0, once
        assert re.findall(r"^(.)\[", once.text, re.MULTILINE) == list(order)
    screen = make_screen(master.config_directory,
                         arguments=("top", "--sort=name"))
    screen.wait_for(FOOT + "name")
    wait_until(lambda: destinations_on(screen) == list("abc"),
               lambda: "abc:\n" + screen.text)
    wrong = ctl.run(master.config_directory, "top", "--sort", "age")
    assert (wrong.status, wrong.complaint) == (
        2, "tlsmgrctl: --sort age: must be lookups, hits, stores or name\n")


def test_p_pauses_and_goes_on(master, make_screen):
    screen = make_screen(master.config_directory)
    screen.wait_for("no trouble is known")
    screen.type("p")
    screen.wait_for("PAUSED, p goes on")
    look_up(master, ["late.example"])
    clock = screen.lines[0].split()[-1]
    # The key is served, and what is shown is still of that moment.
    screen.type("s")
    screen.wait_for(FOOT + "hits")
    assert "late.example" not in screen.text
    assert screen.lines[0].split()[-1] == clock
    screen.type("p")
    screen.wait_for("late.example")
    screen.wait_without("PAUSED")


def cpu_s(pid):
    with open("/proc/%d/stat" % pid) as source:
        fields = source.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_pause_takes_no_cpu_though_the_daemon_goes_away(
        master, make_screen):
    screen = make_screen(master.config_directory)
    screen.wait_for("no trouble is known")
    screen.type("p")
    screen.wait_for("PAUSED")
    master.daemons[0].hang_up()
    assert master.daemons[0].wait() == 0
    before, started = cpu_s(screen.process.pid), time.monotonic()
    wait_until(lambda: time.monotonic() - started > 2, "two seconds")
    elapsed = time.monotonic() - started
    assert cpu_s(screen.process.pid) - before < elapsed / 4
    daemon = master.start(generation=2)
    screen.type("p")
    screen.wait_for("process %d," % daemon.pid)


def test_it_follows_the_size_of_the_window(master, make_screen):
    look_up(master, ["one.example"])
    screen = make_screen(master.config_directory)
    screen.wait_for("one.example")
    for columns, rows in ((200, 50), (40, 12), (10, 3), (1, 1), (132, 24),
                          (80, 24)):
        screen.resize(columns, rows)
        wait_until(lambda:
                   screen.lines[-1].startswith(FOOT[:max(columns - 3, 0)])
                   and (rows < 10 or screen.lines[1].startswith("no trou")),
                   lambda: "%d by %d:\n%s" % (columns, rows, screen.text))
    screen.wait_for("one.example")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT,
                                    signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_ends_it_and_the_terminal_is_as_it_was(
        master, make_screen, number):
    screen = make_screen(master.config_directory)
    screen.wait_for(FOOT)
    screen.process.send_signal(number)
    assert screen.wait_end() == -number
    wait_until(screen.is_restored, "the terminal")


def test_control_c_ends_it(master, make_screen):
    screen = make_screen(master.config_directory)
    screen.wait_for(FOOT)
    screen.type("\x03")
    assert screen.wait_end() == -signal.SIGINT
    wait_until(screen.is_restored, "the terminal")


# A daemon in trouble

def test_a_stalled_daemon_is_said_and_keys_are_served(master, make_screen):
    daemon = master.daemons[0]
    screen = make_screen(master.config_directory)
    screen.wait_for("no trouble is known")
    daemon.signal(signal.SIGSTOP)
    try:
        screen.wait_for("NO ANSWER for ")
        assert screen.is_red("NO ANSWER")
        screen.type("s")
        screen.wait_for(FOOT + "hits")
        # Meanwhile it has connected again, which waits as well.
        screen.wait_for("NO ANSWER for 7 s")
    finally:
        daemon.signal(signal.SIGCONT)
    screen.wait_for("no trouble is known")


def test_it_goes_on_with_the_next_process_after_a_reload(master, make_screen):
    screen = make_screen(master.config_directory)
    screen.wait_for("process %d," % master.daemons[0].pid)
    for generation in (2, 3):
        master.daemons[-1].hang_up()
        assert master.daemons[-1].wait() == 0
        daemon = master.start(generation=generation)
        screen.wait_for("process %d," % daemon.pid)
        screen.wait_for("no trouble is known")


def test_where_nobody_listens_it_waits_until_somebody_does(make_screen):
    with ctl.Impostor(lambda request: ctl.statistics(entropy_answering="1")
                      if request["request"] == "stats" else None) as impostor:
        path = impostor.socket_path
        os.rename(path, path + ".away")
        screen = make_screen(impostor.config_directory)
        screen.wait_for("NO ANSWER for ")
        screen.wait_for("there is no such socket")
        os.rename(path + ".away", path)
        screen.wait_for("no trouble is known")
        assert "process 77," in screen.text


def test_what_is_wrong_is_red(make_screen):
    answer = ctl.statistics(**{
        "entropy_answering": "0", "entropy_source": "dev:/dev/none",
        "smtpd.enabled": "1", "smtpd.cachable": "0",
        "shared.state": "down", "shared.server": "10.0.0.1:6379",
        "shared.down_since": "1700000000"})
    with ctl.Impostor(lambda request: answer) as impostor:
        screen = make_screen(impostor.config_directory, 132, 40)
        for text in ("the smtpd cache cannot be used",
                     "the engine 10.0.0.1:6379 is not used since 2023-11-14",
                     "the entropy source dev:/dev/none does not answer",
                     "cannot be used: nothing is stored; the log says why",
                     "10.0.0.1:6379 down"):
            screen.wait_for(text)
            assert screen.is_red(text), text
        screen.resize(80, 24)
        screen.wait_for("(+2)")


@pytest.mark.parametrize("answer", [
    b"\0", encode([("status", "0")]), encode([("status", "x")]),
    encode([("version", "1")]), b"x" * 500000,
    ctl.reply(-2), ctl.reply(0, ("version", "9"), ("smtp.enabled", "1"))])
def test_answers_that_make_no_sense_are_said_or_passed_over(
        make_screen, answer):
    with ctl.Impostor(lambda request: answer) as impostor:
        screen = make_screen(impostor.config_directory)
        screen.wait_for(FOOT)
        screen.wait_for("tlsmgr 9" if b"\x009\0" in answer else "NO ANSWER")
        screen.type("q")
        assert screen.wait_end() == 0


def older_daemon():
    """It counts and logs who asks for what it does not know."""
    complaints = 0

    def answer(request):
        nonlocal complaints
        if request["request"] != "stats":
            complaints += 1
            return ctl.reply(-2)
        return ctl.statistics(**{"smtp.enabled": "1", "smtp.cachable": "1",
                                 "smtp.ready": "1", "entropy_answering": "1",
                                 "complaints": str(complaints)})
    return ctl.Impostor(answer)


def test_an_older_daemon_is_not_asked_for_destinations(make_screen):
    with older_daemon() as impostor:
        screen = make_screen(impostor.config_directory)
        screen.wait_for("not counted by a daemon of this version")
        wait_until(lambda: len(impostor.requests) > 4, "more requests")
        assert "no trouble is known" in screen.text
        once = impostor.run("top", "--once")
        assert (once.status, once.complaint) == (0, "")
        assert "no trouble is known" in once.text
        assert {each["request"] for each in impostor.requests} == {"stats"}


# Where it cannot be

def test_without_a_terminal_it_says_what_there_is(master):
    result = ctl.run(master.config_directory, "top")
    assert (result.status, result.text) == (1, "")
    assert result.complaint == (
        "tlsmgrctl: this needs a terminal; without one: --once\n")


def test_a_terminal_that_nobody_knows_is_named(master, make_screen):
    screen = make_screen(master.config_directory, 132,
                         TERM="no-such-terminal")
    assert screen.wait_end() == 1
    screen.wait_for("there is no description of the terminal "
                    "no-such-terminal; set TERM, or")
    screen = make_screen(master.config_directory, 132, TERM="")
    screen.wait_for("description of the terminal (no TERM); set TERM, or")


# One screen

def test_once_prints_a_screen_of_80_by_24(master):
    look_up(master, ["host%d" % each for each in range(40)])
    result = ctl.run(master.config_directory, "top", "--once")
    assert (result.status, result.complaint) == (0, "")
    lines = result.text.splitlines()
    assert len(lines) == 24
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in result.text
    assert lines[1] == "no trouble is known"
    assert re.match(r"host\d+\[192\.0\.2\.1\] for example\.com +1 ",
                    lines[-1])


def test_once_fits_the_terminal_that_it_is_printed_on(master, make_screen):
    look_up(master, ["host%d" % each for each in range(40)])
    screen = make_screen(master.config_directory, 120, 30,
                         arguments=("top", "--once"))
    assert screen.wait_end() == 0
    wait_until(lambda: len(re.findall(r"^host", screen.text, re.M)) >= 10,
               lambda: "a screen:\n" + screen.text)
    assert b"\x1b[1;31m" not in screen.output


def test_once_says_where_there_is_no_daemon():
    with ctl.Impostor(lambda request: None) as impostor:
        os.unlink(impostor.socket_path)
        result = impostor.run("top", "--once")
        assert (result.status, result.text) == (3, "")
        assert "there is no such socket" in result.complaint


def test_status_in_place_fits_80_by_24(master, make_screen):
    screen = make_screen(master.config_directory,
                         arguments=("status", "--watch=1"))
    # Twice, so that the second is in the place of the first.
    for host, lookups in (("one.example", "1 lookup,"),
                          ("two.example", "2 lookups,")):
        screen.wait_for("Entropy ")
        assert screen.lines[0].startswith("tlsmgr ")
        assert sum(line.startswith("smtp cache") for line in screen.lines) == 1
        look_up(master, [host])
        screen.wait_for(lookups)
    screen.resize(60, 12)
    wait_until(lambda: len([line for line in screen.lines if line]) == 12
               and screen.lines[0].startswith("tlsmgr "),
               lambda: "12 rows:\n" + screen.text)
    screen.type("\x03")
    screen.wait_end()
