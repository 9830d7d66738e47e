"""tlsmgrctl history, and the rates in status: what people and programs see of
what was counted, and answers that are not as they must be. Covers
ctl_history.c, ctl_history_ask.c, ctl_history_export.c, ctl_history_figure.c,
ctl_history_plot.c, ctl_history_text.c, ctl_rates.c, ctl_screen.c,
ctl_status_cache.c and ctl_status_shared.c."""

import csv
import io
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time
import xml.etree.ElementTree

import pytest

import ctl
from attributes import OK as STATUS_OK
from clock_shift import ClockShift
from conftest import CACHES
from ctl import Impostor

OK, NO, USAGE, UNREACHABLE, OTHER = range(5)
ours = pytest.mark.ours("it keeps no history")


class Timed:
    """A daemon, a client, and a clock that both it and the program go by."""

    def __init__(self, master):
        self.master = master
        self.clock = ClockShift(master.directory)
        self.clock.step(65 - int(time.time()) % 60)
        self.first = self.minute()
        self.generation = 0
        self.start()

    def start(self):
        self.generation += 1
        self.daemon = self.master.start(generation=self.generation,
                                        environment=self.clock.environment)
        self.client = self.master.client()
        self.client.policy("smtpd")

    def minute(self):
        return (int(time.time()) + self.clock.seconds) // 60 * 60

    def serve(self, minutes, lookups, hits):
        """In each of so many minutes."""
        self.client.update("smtpd", "x", b"session")
        for _ in range(minutes):
            for number in range(lookups):
                self.client.lookup("smtpd", "x" if number < hits else "y")
            self.pass_time(60)

    def pass_time(self, seconds):
        self.clock.step(seconds)
        for _ in range(2):
            assert self.client.policy("smtpd").status == STATUS_OK

    def run(self, *arguments, **environment):
        return ctl.run(self.master.config_directory, *arguments, environment={
            **self.clock.environment, **environment})


@pytest.fixture
def timed(make_master):
    made = Timed(make_master(CACHES))
    yield made
    made.client.close()


def lines_of(text):
    """The lines of the table as lists of words, but for the head."""
    return [line.split() for line in text.splitlines()
            if re.match(r"\d\d:\d\d  ", line)]


@ours
def test_a_line_for_each_step_and_bars_for_each_figure(timed):
    timed.serve(10, lookups=6, hits=3)
    result = timed.run("history")
    assert result.status == OK, result
    lines = lines_of(result.text)
    assert len(lines) == 11
    assert [line[2] for line in lines] == ["50.0%"] * 10 + ["-"]
    assert all(0.1 <= float(line[1]) <= 0.3 for line in lines[1:10])
    # time, Req/s, three caches, Stores/s; two latencies of two words
    assert lines[5][3:5] == ["-", "-"]
    assert max(map(len, result.text.splitlines())) <= 80
    bars = dict(re.findall(r"^(\S.{11})(.*) \S+$", result.text, re.MULTILINE))
    assert bars["smtpd found "] == "#" * 10 + " "
    assert "Requests/s  " in bars and "Errors      " in bars
    assert bars["Errors      "] == "_" * 11


@ours
def test_bars_are_blocks_where_the_locale_has_them(timed):
    timed.serve(3, lookups=1, hits=1)
    plain = timed.run("history").out
    bars = timed.run("history", LANG="C.UTF-8").out.decode()
    assert plain.isascii()
    assert re.search("^smtpd found ███ ? +100%$", bars, re.MULTILINE)


@ours
def test_a_day_is_a_line_for_each_hour_and_two_hours_for_each_5_minutes(timed):
    for _ in range(1440):
        timed.pass_time(60)
    day = timed.run("history")
    assert ", by 60 min;" in day.text
    assert 24 <= len(lines_of(day.text)) <= 25
    hours = timed.run("history", "--since", "2h")
    assert ", by 5 min;" in hours.text
    assert 24 <= len(lines_of(hours.text)) <= 25
    for text in (day.text, hours.text):
        assert max(map(len, text.splitlines())) <= 80
    steps = timed.run("history", "--step", "2h").text
    assert 12 <= len(lines_of(steps)) <= 13
    # Each of them begins at a whole hour, of local time.
    offset = timed.run("history", TZ="Asia/Kathmandu").text
    for text in (day.text, offset):
        assert {line[0][3:] for line in lines_of(text)} == {"00"}


@ours
def test_a_gap_is_shown_as_one(timed):
    timed.serve(2, lookups=2, hits=2)
    timed.client.close()
    timed.daemon.hang_up()
    assert timed.daemon.wait() == 0
    timed.clock.step(600)
    timed.start()
    timed.serve(2, lookups=2, hits=2)
    text = timed.run("history", "--step", "1m").text
    lines = lines_of(text)
    assert len([line for line in lines if set(line[1:]) == {"-"}]) >= 9
    bars = re.search(r"^smtpd found (.*) \S+$", text, re.MULTILINE).group(1)
    assert re.fullmatch(r"## {9,10}## ?", bars)
    found = json.loads(timed.run("history", "--json").out)["steps"]
    assert len(found) <= 6


@ours
def test_json_and_csv_have_all_figures_by_the_minute(timed):
    timed.serve(3, lookups=4, hits=1)
    told = json.loads(timed.run("history", "--json").out)
    assert told["step"] == 60 and told["file"].endswith(".history")
    assert told["figures"]["smtpd.lookups"] == "counter"
    assert told["figures"]["clients"] == "gauge"
    assert [step["smtpd.lookups"] for step in told["steps"]][:3] == [4, 4, 4]
    assert [step["time"] for step in told["steps"]] == [
        timed.first + 60 * at for at in range(4)]
    assert all(set(step) == set(told["figures"]) | {"time", "seconds"}
               for step in told["steps"])
    rows = list(csv.DictReader(io.StringIO(
        timed.run("history", "--csv").text)))
    assert len(rows) == 4
    for row, step in zip(rows[:3], told["steps"]):
        for name in ("time", "smtpd.lookups", "smtpd.hits", "seconds"):
            assert float(row[name]) == step[name]
    # Larger steps have the sums, and the last of each gauge.
    hour = json.loads(timed.run("history", "--json", "--step", "24h").out)
    assert sum(step["smtpd.lookups"] for step in hour["steps"]) == 12
    assert sum(step["smtpd.hits"] for step in hour["steps"]) == 3
    assert hour["steps"][-1]["smtpd.entries"] == 1


@ours
def test_since_leaves_out_what_was_before(timed):
    timed.serve(20, lookups=1, hits=1)
    found = json.loads(timed.run(
        "history", "--json", "--since", "5m").out)["steps"]
    assert 5 <= len(found) <= 6


@pytest.mark.parametrize("arguments", [
    ["--since", "x"], ["--since", "0m"], ["--since", "25h"], ["--since", ""],
    ["--since", "2"], ["--since", "-1h"], ["--since", "1h30m"],
    ["--step", "30s"], ["--step", "99999999999999999999h"],
    ["--csv", "--json"], ["--plot", "x.svg", "--csv"], ["extra"], ["--sort",
                                                                  "age"]])
def test_a_command_line_that_is_wrong(arguments):
    result = ctl.run("/nonexistent", "history", *arguments)
    assert result.status == USAGE, result
    assert result.text == "" and result.complaint.startswith("tlsmgrctl: ")


# The plot

needs_gnuplot = pytest.mark.skipif(
    shutil.which("gnuplot") is None,
    reason="no gnuplot; it is in Debian's package gnuplot-nox")


@ours
@needs_gnuplot
@pytest.mark.parametrize("name", ["x.svg", "it's a name.svg", "|x", "`x`.svg"])
def test_a_plot_is_an_svg_in_that_file(timed, tmp_path, monkeypatch, name):
    timed.serve(5, lookups=4, hits=1)
    monkeypatch.chdir(tmp_path)
    result = timed.run("history", "--plot", name)
    assert result.status == OK and result.text == "", result
    assert os.listdir(tmp_path) == [name]
    root = xml.etree.ElementTree.parse(tmp_path / name).getroot()
    texts = {"".join(each.itertext()).strip() for each in root.iter()
             if each.tag.endswith("}text")}
    assert {"requests", "stores", "smtpd", "99 %", "clients"} <= texts


@ours
@needs_gnuplot
def test_a_plot_that_cannot_be_written_is_told(timed, tmp_path):
    timed.serve(1, lookups=1, hits=1)
    for path in (tmp_path / "none" / "x.svg", tmp_path / "new\nline"):
        result = timed.run("history", "--plot", str(path))
        assert result.status == NO
        assert "not drawn" in result.complaint or "control" in result.complaint
    assert os.listdir(tmp_path) == []


@ours
def test_a_plot_in_a_directory_that_is_gone_is_told(timed):
    """It is nowhere, and not in the root directory."""
    result = ctl.Result(subprocess.run(
        ["sh", "-c", 'd=$(mktemp -d) && cd "$d" && rmdir "$d" && '
         'exec "$0" "$@"', ctl.PROGRAM, "-c", timed.master.config_directory,
         "history", "--plot", "no-such.svg"], capture_output=True,
        timeout=ctl.TIMEOUT_S, check=False))
    assert (result.status, result.complaint) == (
        NO, "tlsmgrctl: no-such.svg: the working directory: "
        "No such file or directory\n")
    assert not os.path.exists("/no-such.svg")


@ours
@needs_gnuplot
def test_a_plot_on_a_full_disk_is_told(timed, tmp_path):
    timed.serve(1, lookups=1, hits=1)
    path = str(tmp_path / "x.svg")
    # As a file that may not grow, which every test can have.
    result = ctl.run(
        timed.master.config_directory, "history", "--plot", path,
        environment=timed.clock.environment, preexec_fn=lambda: (
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
            resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))))
    assert result.status == NO, result
    assert result.complaint == \
        "tlsmgrctl: %s: not written whole: is the disk full?\n" % path


@ours
def test_without_gnuplot_it_says_what_is_missing(timed, tmp_path):
    timed.serve(1, lookups=1, hits=1)
    result = timed.run("history", "--plot", str(tmp_path / "x.svg"),
                       PATH=str(tmp_path))
    assert result.status == NO
    assert "cannot run gnuplot" in result.complaint
    assert "gnuplot-nox" in result.complaint


# The rates in status

@ours
def test_status_has_the_rates_of_the_last_minute_and_hour(timed):
    timed.serve(30, lookups=60, hits=30)
    result = timed.run("status")
    found = re.search(r"^Requests .*; (\S+)/s last minute, (\S+)/s last hour$",
                      result.text, re.MULTILINE)
    assert found, result
    assert 0.4 < float(found.group(1)) < 1.2
    assert 0.9 < float(found.group(2)) < 1.2
    assert re.search(r"^ +last minute \S+/s, 50\.0% found; "
                     r"last hour \S+/s, 50\.0% found$", result.text,
                     re.MULTILINE), result
    rates = json.loads(timed.run("status", "--json").out)["rates"]
    assert set(rates) == {"minute", "hour"}
    assert 0.9 < rates["hour"]["caches"]["smtpd"]["lookups"] < 1.1
    assert rates["hour"]["caches"]["smtpd"]["found"] == 0.5
    assert rates["hour"]["caches"]["lmtp"]["found"] is None
    # What was an hour and more ago is none of it.
    for _ in range(62):
        timed.pass_time(60)
    rates = json.loads(timed.run("status", "--json").out)["rates"]
    assert rates["hour"]["caches"]["smtpd"]["lookups"] == 0


# Answers that are not as they must be

def kept(*pairs):
    """A daemon with a history, and this answer to who asks for it."""
    def answer(request):
        if request["request"] == "stats":
            return ctl.statistics(**{"request.history": "0"})
        return ctl.reply(0, *pairs)
    return answer


@pytest.mark.parametrize("words", [["trace"], ["verbose", "2"], ["history"]])
def test_an_older_daemon_is_not_asked_for_what_it_has_not(words):
    with Impostor(lambda request: ctl.statistics()) as impostor:
        result = impostor.run(*words)
    assert (result.status, result.complaint) == (
        OTHER, "tlsmgrctl: the daemon that runs is of a version without %s; "
        '"postfix reload" starts the one that is installed\n' % words[0])
    assert {request["request"] for request in impostor.requests} == {"stats"}


def test_an_older_daemon_has_a_status_without_rates():
    with Impostor(lambda request: ctl.statistics()) as impostor:
        status = impostor.run("status")
    assert status.status == OK and "last minute" not in status.text
    assert {request["request"] for request in impostor.requests} == {"stats"}


def test_a_first_moment_is_neither_a_rate_nor_the_scale_of_others():
    """Whoever is there when a daemon starts asks at once."""
    minutes = [(("time", str(1700000040 + 60 * at)), ("duration_ms", each),
                ("values", count)) for at, (each, count) in enumerate(
                    [("2000", "200"), ("60000", "60"), ("60000", "60")])]
    with Impostor(kept(("cursor", "0"), ("file", ""),
                       ("counter", "latency.count"),
                       *sum(minutes, ()))) as impostor:
        text = impostor.run("history", "--step", "1m").text
    assert [line[1] for line in lines_of(text)] == ["-", "1.00", "1.00"]
    assert "\nRequests/s   ## 1.00\n" in text


ROWS = [("counter", "smtpd.lookups"), ("gauge", "clients")]
MINUTE = [("time", "1700000000"), ("duration_ms", "60000")]
HEAD = [("cursor", "0"), ("file", "")]


@pytest.mark.parametrize("pairs", [
    [], HEAD, HEAD[:1], HEAD + ROWS + MINUTE,
    HEAD + ROWS + MINUTE + [("values", "1")],
    HEAD + ROWS + MINUTE + [("values", "1 2 3")],
    HEAD + ROWS + MINUTE + [("values", "1  2")],
    HEAD + ROWS + MINUTE + [("values", "1 -2")],
    HEAD + ROWS + MINUTE + [("values", "1 99999999999999999999")],
    HEAD + ROWS + 2 * (MINUTE + [("values", "1 2")]),
    HEAD + ROWS + [("time", "-5"), ("duration_ms", "1"), ("values", "1 2")],
    HEAD + ROWS + [("time", "9" * 15), ("duration_ms", "1"),
                   ("values", "1 2")],
    # Years apart, and a line for each minute between them.
    HEAD + ROWS + MINUTE + [("values", "1 2"), ("time", "253402300740"),
                            ("duration_ms", "1"), ("values", "1 2")],
    [("cursor", "60"), ("file", "")] + ROWS])
def test_an_answer_that_makes_no_sense_is_told(pairs):
    with Impostor(kept(*pairs)) as impostor:
        result = impostor.run("history", "--json")
    assert result.status == UNREACHABLE, result
    assert result.text == "" and "makes no sense" in result.complaint


def test_a_daemon_that_goes_on_for_ever_is_given_up():
    """Each answer has a minute, and says that there are more."""
    count = iter(range(10 ** 9))

    def answer(request):
        if request["request"] == "stats":
            return ctl.statistics(**{"request.history": "0"})
        return ctl.reply(0, ("cursor", "60"), ("file", ""), *ROWS,
                         ("time", str(60 * next(count))),
                         ("duration_ms", "1"), ("values", "1 2"))
    with Impostor(answer) as impostor:
        result = impostor.run("history")
    assert result.status == UNREACHABLE
    assert next(count) < 10000


def test_names_and_values_of_all_kinds_reach_no_terminal():
    rows = [("counter", "\x1b[31m,\"x\""), ("gauge", "clients")]
    huge = MINUTE + [("values", "18446744073709551615 18446744073709551615")]
    with Impostor(kept(("cursor", "0"), ("file", "\x1b[31m"), *rows,
                       *huge)) as impostor:
        results = [impostor.run("history", *form)
                   for form in ([], ["--json"], ["--csv"])]
    for result in results:
        assert result.status == OK and b"\x1b" not in result.out, result
    assert json.loads(results[1].out)["file"] == "\x1b[31m"
    assert len(list(csv.reader(io.StringIO(results[2].text)))[0]) == 4


def test_a_history_of_nothing_is_said():
    with Impostor(kept(*HEAD, *ROWS)) as impostor:
        assert "Nothing was counted" in impostor.run("history").text
        assert json.loads(impostor.run("history", "--json").out)["steps"] == []
        plot = impostor.run("history", "--plot", "/nonexistent/x")
    assert plot.status == NO and "nothing was counted" in plot.complaint
