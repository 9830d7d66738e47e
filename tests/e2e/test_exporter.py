"""tlsmgrctl exporter: statistics over HTTP. Covers ctl_exporter.c, ctl_http.c,
ctl_question.c, ctl_connections.c and ctl_listen.c."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

import ctl
import installed
from conftest import CACHES
from exporter import PROMISED_S, SLACK_S, receive_all
from waiting import wait_until

pytestmark = pytest.mark.ours("it knows no such request")

# As Prometheus 2.42 and 3 ask.
OPENMETRICS = (
    "application/openmetrics-text;version=1.0.0;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2")
CONNECTION_S = 5.0
HEAD = b"GET /metrics HTTP/1.1\r\nHost: test\r\n"


@pytest.fixture
def master(make_master):
    master = make_master(CACHES)
    master.start()
    master.wait_ready()
    return master


@pytest.fixture
def exporter(master, make_exporter):
    return make_exporter(master.config_directory)


# What it serves

def test_it_serves_what_status_prints(master, exporter):
    status, headers, text = exporter.get()
    assert status == 200
    assert headers["Content-Type"] == \
        "text/plain; version=0.0.4; charset=utf-8"
    assert int(headers["Content-Length"]) == len(text)
    printed = ctl.run(master.config_directory, "status", "--prometheus").text

    def names(text):
        return [line.split()[2] for line in text.splitlines()
                if line.startswith("# TYPE ")]
    # Not root's own view of the process: it is another user's.
    assert set(names(printed)) - set(names(text)) <= {
        "tlsmgr_process_open_fds"}
    assert set(names(text)) <= set(names(printed))
    assert "\ntlsmgr_up 1\n" in text


def test_prometheus_gets_openmetrics(exporter):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    status, headers, text = exporter.get(accept=OPENMETRICS)
    assert status == 200
    assert headers["Content-Type"] == \
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert text.endswith("# EOF\n")
    families = {family.name: family
                for family in parser.text_string_to_metric_families(text)}
    assert families["tlsmgr_up"].samples[0].value == 1
    assert len(families) > 30


def test_others_get_text_that_another_parser_takes(exporter):
    parser = pytest.importorskip("prometheus_client.parser")
    for accept in None, "*/*", "text/plain", "application/json":
        text = exporter.get(accept=accept)[2]
        families = {family.name: family for family in
                    parser.text_string_to_metric_families(text)}
        assert families["tlsmgr_up"].samples[0].value == 1
        assert len(families) > 30


@pytest.mark.skipif(shutil.which("promtool") is None,
                    reason="no promtool; it is in Debian's package prometheus")
def test_promtool_has_nothing_to_say(exporter):
    result = subprocess.run(
        ["promtool", "check", "metrics"], input=exporter.get()[2], timeout=60,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True)
    assert result.returncode == 0, result.stdout


def test_a_client_that_says_no_more_gets_all_of_it(exporter):
    """As nc -N and many scripts do."""
    with exporter.connect() as connection:
        connection.sendall(HEAD + b"\r\n")
        connection.shutdown(socket.SHUT_WR)
        head, _, text = receive_all(connection).partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    assert len(text) == int(length.group(1)) > 16384


def test_head_has_the_length_and_no_text(exporter):
    answer = exporter.ask(b"HEAD /metrics HTTP/1.1\r\nHost: test\r\n\r\n")
    head, text = answer.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert int(re.search(rb"Content-Length: (\d+)", head).group(1)) > 10000
    assert text == b""


@pytest.mark.parametrize("path", [
    "/", "/metrics/", "//metrics", "/metricsx", "/metrics/../metrics",
    "/etc/passwd", "/%6detrics", "/debug/pprof/", "*", "?"])
def test_there_is_nothing_else(exporter, path):
    status, _, text = exporter.get(path)
    assert status in (400, 404)
    assert "tlsmgr_" not in text


@pytest.mark.parametrize("method", [
    "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_nothing_can_be_done(exporter, method):
    status, headers, text = exporter.get(method=method)
    assert status == 405
    assert headers["Allow"] == "GET, HEAD"
    assert "tlsmgr_" not in text


@pytest.mark.parametrize("data, answer", [
    (b"\0\1\2\3\r\n\r\n", b"HTTP/1.1 400 "),
    (b"garbage\r\n", b"HTTP/1.1 400 "),
    (b"FOO /metrics HTTP/1.1\r\n\r\n", b"HTTP/1.1 501 "),
    (b"GET /metrics HTTP/9.9\r\n\r\n", b"HTTP/"),
    (b"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n", b"HTTP/1.1 400 "),
    (b"\xff" * 10000, b"HTTP/1.1 400 "),
    (HEAD + b"X: " + b"x" * (1 << 20) + b"\r\n\r\n", b"HTTP/1.1 4"),
    (HEAD + b"X: x\r\n" * 100000 + b"\r\n", b"HTTP/1.1 4"),
    (b"POST /metrics HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n",
     b"HTTP/1.1 413 "),
    (b"POST /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 4"),
])
def test_what_is_no_request_is_refused(exporter, data, answer):
    """A client that sends more than is read may get a reset instead."""
    with exporter.connect() as connection:
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        received = receive_all(connection)
    assert received.startswith(answer) or \
        (received == b"" and len(data) > 8192), received
    assert exporter.is_up()


def test_requests_in_one_go_get_one_answer(exporter):
    answer = exporter.ask((HEAD + b"\r\n") * 50)
    assert answer.count(b"\ntlsmgr_up 1\n") == 1


# The daemon does not answer

def test_without_a_daemon_it_says_so(master, exporter):
    os.unlink(master.socket_path)
    for accept, end in (None, "0\n"), (OPENMETRICS, "0\n# EOF\n"):
        status, _, text = exporter.get(accept=accept)
        assert status == 200
        assert text == ("# HELP tlsmgr_up The daemon answers\n"
                        "# TYPE tlsmgr_up gauge\ntlsmgr_up " + end)


@pytest.mark.parametrize("accept", [None, "application/openmetrics-text"])
def test_what_an_older_daemon_does_not_say_is_no_metric(make_exporter, accept):
    with ctl.Impostor(lambda request: ctl.statistics()) as impostor:
        text = make_exporter(impostor.config_directory).get(accept=accept)[2]
    assert "tlsmgr_up 1\n" in text
    assert not re.search("^# TYPE .* histogram$", text, re.MULTILINE)


def test_postfix_s_own_daemon_is_none(make_exporter):
    def answer(request):
        return ctl.reply(0, ("cachable", "0"), ("timeout", "60")) \
            if request["request"] == "policy" else None
    with ctl.Impostor(answer) as impostor:
        exporter = make_exporter(impostor.config_directory)
        assert exporter.get()[2].endswith("\ntlsmgr_up 0\n")


@pytest.mark.parametrize("number", [1, 100])
def test_a_stalled_daemon_is_down_for_all_who_ask(master, exporter, number):
    """Each within two seconds, and none waits for another."""
    daemon = master.daemons[-1]
    daemon.signal(signal.SIGSTOP)
    answers = []

    def scrape(accept):
        began = time.monotonic()
        text = exporter.get(accept=accept)[2]
        answers.append((time.monotonic() - began, text))
    threads = [threading.Thread(target=scrape, args=(accept,))
               for accept in [None, OPENMETRICS] * (number // 2) or [None]]
    for thread in threads:
        thread.start()
    # Two formats, so no more than two ask.
    assert len(exporter.children()) <= 2
    assert exporter.get("/nothing")[0] == 404
    for thread in threads:
        thread.join()
    daemon.signal(signal.SIGCONT)
    assert len(answers) == len(threads)
    for took_s, text in answers:
        assert "\ntlsmgr_up 0\n" in text
        assert took_s < PROMISED_S + SLACK_S
    # Sooner than the question itself would have given up, which is after 5 s.
    assert min(took_s for took_s, _ in answers) < 2 * PROMISED_S
    wait_until(exporter.is_up, "the daemon is back")


def test_a_daemon_whose_backlog_is_full_is_down(make_exporter):
    """connect(2) waits then, not only the answer."""
    with ctl.Impostor(lambda request: None) as impostor:
        exporter = make_exporter(impostor.config_directory)
        impostor.listener.listen(0)
        sockets = []
        try:
            while True:
                each = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                sockets.append(each)
                each.setblocking(False)
                if each.connect_ex(impostor.socket_path) != 0 or \
                        len(sockets) > 50:
                    break
            assert exporter.get()[2].endswith("\ntlsmgr_up 0\n")
        finally:
            for each in sockets:
                each.close()


def test_scrapes_go_on_over_reloads(master, exporter):
    for _ in range(5):
        assert exporter.is_up()
        master.daemons[-1].hang_up()
        assert master.daemons[-1].wait() == 0
        master.start()
    assert exporter.is_up()


def test_a_scrape_in_mid_reload_is_answered(master, exporter):
    """Master has the socket, and the next process is not there yet."""
    master.daemons[-1].hang_up()
    assert master.daemons[-1].wait() == 0
    assert exporter.get()[2].endswith("\ntlsmgr_up 0\n")
    master.start()
    wait_until(exporter.is_up, "the next process answers")


# Its limits

@pytest.mark.parametrize("start", [
    b"GET /met", HEAD + b"X: ",
    b"POST /metrics HTTP/1.1\r\nContent-Length: 1000\r\n\r\n"])
def test_who_says_little_is_ended_and_others_are_served(exporter, start):
    """A byte now and then, which keeps a library's timeout from passing."""
    slow = [exporter.connect() for _ in range(20)]
    ended, dripped = set(), 0

    def drip():
        nonlocal dripped
        dripped += 1
        for connection in slow:
            try:
                if dripped % 20 == 0:
                    connection.send(b"x")
                if connection.recv(1) == b"":
                    ended.add(connection)
            except BlockingIOError:
                pass
            except OSError:
                ended.add(connection)
        return len(ended) == len(slow)
    for connection in slow:
        connection.setblocking(False)
        connection.send(start)
    assert exporter.is_up()
    wait_until(drip, lambda: "%d are there" % (len(slow) - len(ended)),
               4 * CONNECTION_S)
    assert dripped > 20
    for connection in slow:
        connection.close()
    assert exporter.is_up()


def test_a_thousand_connections_cost_no_more_than_the_bound(exporter):
    assert exporter.is_up()
    descriptors, memory_kb = exporter.descriptors(), exporter.memory_kb()
    highest = 0
    idle = []
    try:
        for number in range(1000):
            idle.append(exporter.connect())
            idle[-1].send(HEAD)
            if number % 50 == 0:
                highest = max(highest, exporter.descriptors())
        assert exporter.is_up()
        highest = max(highest, exporter.descriptors())
        assert highest <= descriptors + 256 + 10
        assert exporter.memory_kb() < memory_kb + 16 * 1024
    finally:
        for connection in idle:
            connection.close()
    wait_until(lambda: exporter.descriptors() <= descriptors,
               "all are closed")


def test_with_few_descriptors_it_serves_and_does_not_spin(
        master, make_exporter):
    """It would say so again and again."""
    exporter = make_exporter(master.config_directory, "127.0.0.1:0",
                             ("sh", "-c", 'ulimit -n 64; exec "$0" "$@"',
                              ctl.PROGRAM))
    idle = [exporter.connect() for _ in range(100)]
    try:
        assert exporter.is_up()
        assert exporter.is_up()
    finally:
        for connection in idle:
            connection.close()
    _, complaints = exporter.end()
    assert complaints.count("\n") <= 1, complaints[:1000]


def test_clients_that_leave_cost_nothing(master, exporter):
    """Before the answer, which is the one that is long in coming."""
    assert exporter.is_up()
    descriptors, memory_kb = exporter.descriptors(), exporter.memory_kb()
    master.daemons[-1].signal(signal.SIGSTOP)
    for _ in range(2000):
        with exporter.connect() as connection:
            connection.sendall(HEAD + b"X: " + b"x" * 7000 + b"\r\n\r\n")
    master.daemons[-1].signal(signal.SIGCONT)
    wait_until(exporter.is_up, "it goes on")
    wait_until(lambda: exporter.descriptors() <= descriptors,
               "all are closed")
    assert exporter.memory_kb() < memory_kb + 32 * 1024


def test_what_is_sent_behind_a_request_is_not_kept(master, exporter):
    """While the answer to it is under way."""
    assert exporter.is_up()
    memory_kb = exporter.memory_kb()
    master.daemons[-1].signal(signal.SIGSTOP)
    with exporter.connect() as connection:
        connection.sendall(HEAD + b"\r\n")
        connection.settimeout(0.2)
        sent = 0
        try:
            while sent < 64 << 20:
                sent += connection.send(bytes(1 << 20))
        except OSError:
            pass  # nobody reads it, or the answer came
        assert exporter.memory_kb() < memory_kb + 16 * 1024
    master.daemons[-1].signal(signal.SIGCONT)
    wait_until(exporter.is_up, "it goes on")


# Start and end

def test_it_ends_at_once(master, exporter):
    """Also while somebody waits; and leaves no process."""
    master.daemons[-1].signal(signal.SIGSTOP)
    with exporter.connect() as connection:
        connection.sendall(HEAD + b"\r\n")
        wait_until(exporter.children, "it asks")
        children = exporter.children()
        status, _ = exporter.end()
        assert status == 0
        assert receive_all(connection) == b""
    for pid in children:
        assert not os.path.exists("/proc/" + pid)
    master.daemons[-1].signal(signal.SIGCONT)


def test_it_can_be_started_again_at_once(master, make_exporter):
    first = make_exporter(master.config_directory)
    assert first.is_up()
    first.end()
    again = make_exporter(master.config_directory,
                          "%s:%d" % first.address)
    assert again.is_up()


def test_it_is_the_mail_owner_and_nobody_else(exporter):
    owner = pwd.getpwnam(installed.mail_owner())
    with open("/proc/%d/status" % exporter.process.pid) as status:
        text = status.read()
    assert re.search(r"^Uid:\s+(\d+)\s+\1\s+\1\s+\1$", text,
                     re.MULTILINE).group(1) == str(owner.pw_uid)
    assert re.search(r"^Gid:\s+(\d+)\s+\1\s+\1\s+\1$", text,
                     re.MULTILINE).group(1) == str(owner.pw_gid)
    assert "\nCapPrm:\t0000000000000000\n" in text
    assert "\nNoNewPrivs:\t1\n" in text


def test_ipv6_works(master, make_exporter):
    try:
        socket.socket(socket.AF_INET6).bind(("::1", 0))
    except OSError as error:
        pytest.skip("no IPv6 here: %s" % error)
    exporter = make_exporter(master.config_directory, "[::1]:0")
    assert exporter.address[0] == "::1"
    assert exporter.is_up()


@pytest.mark.parametrize("address", [
    "", ":", "9847", "127.0.0.1", "127.0.0.1:", ":9847", "127.0.0.1:x",
    "127.0.0.1:70000", "127.0.0.1:-1", "127.0.0.1: 80", "127.0.0.1:80 ",
    "localhost:9847", "::1:9847", "[::1]", "[::1:9847", "::1]:9847",
    "[127.0.0.1]:9847", "[]:9847", "256.0.0.1:9847",
    "[" + "1:" * 40 + "]:1", "http://127.0.0.1:9847/"])
def test_a_bad_address_is_named(master, address):
    result = ctl.run(master.config_directory, "exporter", address)
    assert result.status == 2
    assert result.complaint == (
        "tlsmgrctl: %s: must be ADDRESS:PORT or [ADDRESS]:PORT, of numbers, "
        "as 127.0.0.1:9100 and [::1]:9100\n" % address)


def test_an_address_that_cannot_be_had_is_named(master, exporter):
    taken = "%s:%d" % exporter.address
    for address, reason in (taken, "Address already in use"), \
            ("192.0.2.1:9847", "Cannot assign requested address"):
        result = ctl.run(master.config_directory, "exporter", address)
        assert result.status == 1
        assert result.complaint == "tlsmgrctl: cannot listen on %s: %s\n" % (
            address, reason)


def test_the_daemon_knows_no_http(binary):
    def libraries(program):
        return subprocess.run(["ldd", program], stdout=subprocess.PIPE,
                              universal_newlines=True, check=True).stdout
    assert "libevent_extra" not in libraries(binary)
    assert "libevent_extra" in libraries(ctl.PROGRAM)
