"""tlsmgrctl trace: what is asked of the caches, as it happens.

Covers ctl_trace.c.
"""

import os
import pathlib
import re
import signal
import subprocess

import pytest

import attributes
import ctl
import engine as engines
import installed
from admin import statistics
from attributes import ERR, FAIL, OK
from conftest import CACHES
from pipeline import ask_all
from shared_member import SESSION, find, store
from waiting import wait_until

pytestmark = pytest.mark.ours("has no such request")

EVENT = re.compile(r"\d\d:\d\d:\d\d\.\d{6} (\d+) +(\w+) +(\w+) +(.*): "
                   r"(hit|miss|stored|deleted|absent|error.*?)"
                   r"(?: of)?(?: (\d+) bytes?)?, (\d+) us")
DROPPED = re.compile(r"(\d+) events? dropped: .*")
# As Postfix makes them.
SMTP_ID = "smtp&example.com&mx.example.com&192.0.2.1&&" + "AB" * 32
SMTPD_ID = "AC527E" * 10 + "&s=smtp&l=805306608"
# More wait in a socket, and for it, however small each is.
BATCH = 100


class Trace:
    """A tlsmgrctl that traces, with its output in files."""

    def __init__(self, master, *arguments):
        self.directory = pathlib.Path(master.directory)
        self.out, self.err = (self.directory / ("trace%d.%s" % (
            len(list(self.directory.glob("trace*"))), name))
            for name in ("out", "err"))
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC",
                       "MAIL_CONFIG": master.config_directory,
                       **installed.sanitizer_options()}
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(
                [ctl.PROGRAM, "trace", *arguments], stdout=out, stderr=err,
                env=environment)
        self.wait_for_remark("Tracing; Ctrl-C ends it.")

    def remarks(self):
        return self.err.read_text()

    def wait_for_remark(self, text):
        wait_until(lambda: text in self.remarks(),
                   lambda: "%r in %r" % (text, self.remarks()))

    def lines(self):
        text = self.out.read_text(encoding="ascii")
        return text[:text.rfind("\n") + 1].splitlines()

    def events(self):
        return [EVENT.fullmatch(line).groups() for line in self.lines()
                if not DROPPED.fullmatch(line)]

    def dropped(self):
        return sum(int(DROPPED.fullmatch(line)[1]) for line in self.lines()
                   if DROPPED.fullmatch(line))

    def wait_for(self, count):
        """So many events, dropped or not."""
        wait_until(lambda: len(self.events()) + self.dropped() >= count,
                   lambda: "%d events, of which %d and %d dropped" % (
                       count, len(self.events()), self.dropped()))
        return self.events()

    def send(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGINT):
        self.send(signal.SIGCONT)
        if self.process.poll() is None:
            self.send(number)
        return self.process.wait(ctl.TIMEOUT_S)


@pytest.fixture
def master(make_master):
    made = make_master(CACHES)
    made.start()
    made.wait_ready()
    return made


@pytest.fixture
def make_trace(master):
    made = []

    def make(*arguments):
        made.append(Trace(master, *arguments))
        return made[-1]
    yield make
    for trace in made:
        trace.end()


def wait_for_tracers(client, count):
    wait_until(lambda: statistics(client)["tracers"] == count,
               "%d traces" % count)


def lookup(cache_id, cache="smtpd"):
    return attributes.lookup_request(cache, cache_id)


# What is shown

def test_a_trace_shows_what_is_asked_and_what_came_of_it(master, make_trace):
    trace = make_trace()
    with master.client() as client:
        client.update("smtp", SMTP_ID, b"x" * 1400)
        client.lookup("smtp", SMTP_ID)
        client.delete("smtp", SMTP_ID)
        client.lookup("smtp", SMTP_ID)
        client.delete("smtp", SMTP_ID)
        client.lookup("lmtp", "x")
        client.seed(8)  # is not about a session
    events = trace.wait_for(6)
    destination = "mx.example.com[192.0.2.1] for example.com"
    assert [event[1:6] for event in events] == [
        ("smtp", "update", destination, "stored", "1400"),
        ("smtp", "lookup", destination, "hit", "1400"),
        ("smtp", "delete", destination, "deleted", None),
        ("smtp", "lookup", destination, "miss", None),
        ("smtp", "delete", destination, "absent", None),
        ("lmtp", "lookup", "x", "error: not enabled", None)]
    assert {event[0] for event in events} == {str(os.getpid())}
    assert all(int(event[6]) < 60 * 1000000 for event in events)
    assert trace.end() == -signal.SIGINT
    assert len(trace.events()) == 6
    assert trace.remarks() == "Tracing; Ctrl-C ends it.\n"


def test_type_and_text_choose_what_is_shown(master, make_trace):
    everything, of_type, of_text, of_both = (
        make_trace(*words) for words in (
            [], ["smtp"], ["one"], ["smtp", "one"]))
    with master.client() as client:
        for cache in "smtpd", "smtp":
            for cache_id in "one.example", "two.example":
                client.lookup(cache, cache_id)
        client.lookup("smtp", "one last")
    shown = {trace: [event[1:4:2] for event in trace.wait_for(count)]
             for trace, count in ((everything, 5), (of_type, 3), (of_text, 3),
                                  (of_both, 2))}
    assert shown[everything][:4] == [
        (cache, cache_id) for cache in ("smtpd", "smtp")
        for cache_id in ("one.example", "two.example")]
    assert shown[of_type] == [("smtp", "one.example"),
                              ("smtp", "two.example"), ("smtp", "one last")]
    assert shown[of_text] == [("smtpd", "one.example"),
                              ("smtp", "one.example"), ("smtp", "one last")]
    assert shown[of_both] == [("smtp", "one.example"), ("smtp", "one last")]


def test_ids_are_shown_as_they_are_of_servers_and_on_demand(
        master, make_trace):
    trace, raw = make_trace(), make_trace("--raw")
    with master.client() as client:
        client.lookup("smtpd", SMTPD_ID)
        client.lookup("smtp", SMTP_ID)
    assert [event[3] for event in raw.wait_for(2)] == [SMTPD_ID, SMTP_ID]
    assert trace.wait_for(2)[0][3] == SMTPD_ID


def test_no_identifier_reaches_the_terminal_as_it_is(master, make_trace):
    trace = make_trace()
    hostile = ["\x1b[31mred\x07", "\r\n\t", "a\\b", "\x9b2J",
               "\xff" * 4096, "" + "x" * 4096,
               "smtp&\x1b[2J&\x1b]0;x\x07&&&" + "AB" * 32]
    with master.client() as client:
        for cache in "smtpd", "smtp":
            for cache_id in hostile:
                client.lookup(cache, cache_id.encode("latin-1"))
    trace.wait_for(2 * len(hostile))
    assert set(trace.out.read_bytes()) <= {*range(32, 127), 10}
    assert r"\x1b[31mred\x07: miss" in trace.out.read_text()
    assert r"a\\b: miss" in trace.out.read_text()


def test_a_trace_never_shows_a_session(master, make_trace):
    trace = make_trace("--raw")
    with master.client() as client:
        client.update("smtpd", "x", b"secret of the test")
        client.lookup("smtpd", "x")
        client.ticket_key()
    assert len(trace.wait_for(2)) == 2
    for form in b"secret of the test", b"c2VjcmV0":
        assert form not in trace.out.read_bytes()


# Many, and a reader that stops

def test_nothing_is_missing_while_it_is_read(master, make_trace):
    trace = make_trace()
    with master.client() as client:
        for count in range(0, 50 * BATCH, BATCH):
            ids = [str(count + each) for each in range(BATCH)]
            assert len(list(ask_all(client, map_list(lookup, ids)))) == BATCH
            events = trace.wait_for(count + BATCH)
    assert [event[3] for event in events] == [
        str(each) for each in range(50 * BATCH)]
    assert trace.dropped() == 0


def map_list(function, items):
    return [function(item) for item in items]


def resident_kb(pid):
    with open("/proc/%d/status" % pid) as status:
        return int(re.search(r"^VmRSS:\s+(\d+)", status.read(), re.M)[1])


def test_a_reader_that_stops_holds_up_nobody_and_is_told(master, make_trace):
    trace = make_trace()
    total, requests = 20000, map_list(lookup, ["id " * 30] * 20000)
    with master.client() as client:
        list(ask_all(client, requests[:1000]))
        trace.wait_for(1000)
        trace.send(signal.SIGSTOP)
        before_kb = resident_kb(master.daemons[0].pid)
        replies = list(ask_all(client, requests))
        assert {reply.status for reply in replies} == {ERR}
        grown_kb = resident_kb(master.daemons[0].pid) - before_kb
        # What is kept is 64 kB; a sanitizer keeps what was freed.
        assert grown_kb < 1024 or installed.sanitizer_options()
        trace.send(signal.SIGCONT)
        # Although nobody asks for anything any more.
        trace.wait_for(1000 + total)
    assert len(trace.events()) + trace.dropped() == 1000 + total
    assert trace.dropped() > total / 2


def test_a_reader_that_goes_makes_room_for_another(master, make_trace):
    traces = [make_trace() for _ in range(4)]
    with master.client() as client:
        wait_for_tracers(client, 4)
        fifth = ctl.run(master.config_directory, "trace")
        assert fifth.status == 1
        assert fifth.complaint == ("tlsmgrctl: 4 traces run already, and no "
                                   "more may\n")
        assert traces[0].end(signal.SIGKILL) == -signal.SIGKILL
        wait_for_tracers(client, 3)
        traces[1].send(signal.SIGSTOP)
        list(ask_all(client, map_list(lookup, ["x" * 100] * 5000)))
        traces[1].send(signal.SIGKILL)
        traces[1].process.wait()
        wait_for_tracers(client, 2)
        make_trace()
        wait_for_tracers(client, 3)


def test_a_stopped_reader_does_not_hold_up_the_end(master, make_trace):
    trace = make_trace()
    with master.client() as client:
        trace.send(signal.SIGSTOP)
        list(ask_all(client, map_list(lookup, ["x" * 100] * 5000)))
    master.daemons[0].hang_up()
    assert master.daemons[0].wait() == 0


# A reload

def test_a_trace_goes_on_over_a_reload(master, make_trace):
    trace = make_trace("smtpd")
    with master.client() as client:
        client.lookup("smtpd", "before")
    trace.wait_for(1)
    master.daemons[0].hang_up()
    assert master.daemons[0].wait() == 0
    trace.wait_for_remark("The daemon ended (a reload?); going on with the "
                          "next one.\n")
    master.start(generation=2)
    trace.wait_for_remark("The next daemon is there.\n")
    with master.client() as client:
        client.lookup("smtp", "of another type")
        client.lookup("smtpd", "after")
    assert [event[3] for event in trace.wait_for(2)] == ["before", "after"]


def test_a_trace_ends_when_postfix_is_stopped(master, make_trace):
    trace = make_trace()
    master.listener.close()
    master.daemons[0].hang_up()
    assert master.daemons[0].wait() == 0
    assert trace.process.wait(ctl.TIMEOUT_S) == 3
    assert "nobody listens; Postfix is not running" in trace.remarks()


# An answer that comes later

@pytest.mark.skipif(not engines.program(),
                    reason="neither valkey-server nor redis-server")
def test_what_an_engine_finds_is_told_when_it_is_found(make_member):
    one, other = make_member(), make_member()
    store(one, "AB&s=smtp&l=1")
    with other.master.client() as tracer:
        assert tracer.ask([("request", "trace"), ("cache_type", ""),
                           ("filter", "")]).status == OK
        assert find(other, "AB&s=smtp&l=1") == SESSION
        event = dict(tracer.receive())
        assert find(other, "CD&s=smtp&l=1") is None
        next_event = dict(tracer.receive())
    assert (event["cache_id"], event["result"], event["size"]) == (
        "AB&s=smtp&l=1", "hit", str(len(SESSION)))
    assert (next_event["cache_id"], next_event["result"]) == (
        "CD&s=smtp&l=1", "miss")


# Who may

def test_a_trace_is_roots_alone(master):
    owner = installed.mail_owner()
    result = ctl.run(master.config_directory, "trace", user=owner)
    assert (result.status, result.complaint) == (
        1, "tlsmgrctl: trace is root's alone\n")
    master.wait_for_log(r'request "trace" from process \d+, uid %d: it is '
                        "root's alone" % master.owner.pw_uid)
    result = ctl.run(master.config_directory, "trace", user="nobody")
    assert result.status == 3, result
    master.wait_for_log("refused: neither root nor the mail owner")


def test_a_trace_that_makes_no_sense_is_refused(master):
    for words in ["nosuch", "x"], ["smtp", "x", "y"]:
        assert ctl.run(master.config_directory, "trace", *words).status == 2
    with master.client() as client:
        assert client.ask([("request", "trace")]).status == FAIL
        assert client.ask([
            ("request", "trace"), ("cache_type", "nosuch"),
            ("filter", "")]).names() == ["status", "reason"]
        assert client.seed(4).status == OK


def test_a_filter_is_as_long_as_an_identifier(master):
    with master.client() as client, master.client() as tracer:
        assert tracer.ask([("request", "trace"), ("cache_type", ""),
                           ("filter", "y" * 4096)]).status == OK
        client.lookup("smtpd", "y" * 4095)
        client.lookup("smtpd", "y" * 4096)
        event = dict(tracer.receive())
    assert event["cache_id"] == "y" * 4096 and event["result"] == "miss"
