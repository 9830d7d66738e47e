"""What clients do to each other, and to the daemon: nothing. Covers
daemon_descriptors.c and daemon_upkeep.c.

Latencies are compared within one test, and told. The bounds asserted are wide,
as the machine may be busy with something else. TLSMGR_LONG=1: a longer soak.
"""

import contextlib
import os
import re
import resource
import selectors
import threading
import time

import pytest

from attributes import ERR, OK, Closed, encode, lookup_request, update_request
from bystander import Bystander
from clock_shift import ClockShift
from faults import anonymous_bytes, busy_s, descriptor_count, resident_bytes
from ledger import session
from limits import start_under
from pipeline import find_all, store_all
from tell import tell
from waiting import wait_until

SETTINGS = {"smtpd_tls_session_cache_database":
            "btree:${data_directory}/cache"}
MB = 1 << 20
DAY_S = 86400

# Of the daemon that holds none of the sessions in memory.
RESIDENT_MAX = 24 * MB

# A sanitizer keeps what was freed.
COUNTS_MEMORY = "ASAN_OPTIONS" not in os.environ

SOAK_S = 1800 if os.environ.get("TLSMGR_LONG") else 10
SOAK_UPDATES = 10 ** 10 if os.environ.get("TLSMGR_LONG") else 10 ** 6


@pytest.fixture
def master(make_master):
    master = make_master(SETTINGS)
    master.start(chroot=True)
    with master.client() as client:
        assert client.update("smtpd", "bystander", bytes(1500)).status == OK
    return master


@pytest.fixture(scope="module", autouse=True)
def descriptors():
    """This process holds the other ends of thousands of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def busy_share(pid, seconds):
    """Of so many seconds in which nobody asks for anything."""
    before, started = busy_s(pid), time.monotonic()
    wait_until(lambda: time.monotonic() > started + seconds, "a while")
    return (busy_s(pid) - before) / (time.monotonic() - started)


class Crowd:
    """So many connected clients, and what each has sent."""

    def __init__(self, master, count, data=b""):
        self.clients = []
        self.data = data
        try:
            for _ in range(count):
                client = master.client()
                self.clients.append(client)
                client.read_announcement()
                client.send(data)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for client in self.clients:
            client.close()


HALF = encode(lookup_request("smtpd", "bystander"))[:30]
REST = encode(lookup_request("smtpd", "bystander"))[30:]


def assert_alike(quiet, busy):
    """Of two measurements in one test. Waits in ms."""
    assert busy.median < 2 * quiet.median + 0.1, (quiet, busy)
    assert busy.high < 10 * quiet.high + 10, (quiet, busy)


@pytest.mark.parametrize("count", [1, 50, 500])
def test_clients_in_mid_request_hold_up_nobody(master, count, request):
    with Bystander(master, "lookup", "update", "seed") as bystander:
        bystander.measure(300)
        quiet = bystander.measure(3000)
        with Crowd(master, count, HALF) as crowd:
            stalled = bystander.measure(3000)
            for client in crowd.clients:
                client.send(REST)
                assert client.receive().data("session") == bytes(1500)
        again = bystander.measure(3000)
    tell(request.config, "alone: %s; %d others in mid-request: %s" % (
        quiet, count, stalled))
    assert_alike(max(quiet, again, key=lambda waits: waits.median), stalled)


def test_clients_that_never_read_hold_up_nobody(master, request):
    pid = master.daemons[-1].pid
    with master.client() as client:
        assert client.update("smtpd", "large", bytes(100000)).status == OK
    before = anonymous_bytes(pid)
    lookups = encode(lookup_request("smtpd", "large")) * 100
    with Bystander(master, "lookup", "seed") as bystander:
        quiet = bystander.measure(3000)
        with Crowd(master, 50, lookups):
            busy = bystander.measure(3000)
            growth = anonymous_bytes(pid) - before
        again = bystander.measure(3000)
    tell(request.config, "alone: %s; 50 others that do not read: %s, "
         "memory +%.1f MB" % (quiet, busy, growth / MB))
    assert_alike(max(quiet, again, key=lambda waits: waits.median), busy)
    assert growth < 50 * 0.4 * MB


def test_idle_connections_cost_next_to_nothing(master, request):
    pid = master.daemons[-1].pid
    before = resident_bytes(pid)
    with Crowd(master, 1000) as crowd:
        for client in crowd.clients:
            assert client.policy("smtpd").status == OK
        growth = resident_bytes(pid) - before
        busy = busy_share(pid, 0.5)
        for client in crowd.clients:
            assert client.lookup("smtpd", "bystander").status == OK
    tell(request.config, "1000 idle connections: memory +%.2f MB, %.1f MB in "
         "all; busy for %.2f%% of the time" % (
             growth / MB, resident_bytes(pid) / MB, 100 * busy))
    assert growth < 2 * MB
    assert resident_bytes(pid) < RESIDENT_MAX
    assert busy < 0.1


def test_the_client_limit_follows_the_descriptors_there_are(
        make_master, request):
    """Fewer than clients: nothing spins, and the one that comes is served."""
    master = make_master(SETTINGS, {"tlsmgr_client_limit": "200"})
    start_under(master, "-n", 50)
    pid = master.start(chroot=True).pid
    clients = []
    for _ in range(100):
        clients.append(master.client())
        assert clients[-1].policy("smtpd").status == OK
    assert descriptor_count(pid) < 50
    busy = busy_share(pid, 1)
    tell(request.config, "more clients than descriptors: busy for %.2f%% of "
         "the time" % (100 * busy))
    assert busy < 0.3
    with pytest.raises(Closed):
        clients[0].policy("smtpd")
    assert clients[-2].policy("smtpd").status == OK
    for each in clients:
        each.close()
    assert [line for line in master.remarks() if re.match(
        "warning: tlsmgr_client_limit is 200, but the system allows 50 open "
        r"files: no more than \d+ clients$", line)]
    assert len(master.remarks()) == 2
    assert re.match(r"warning: more than \d+ clients: ", master.remarks()[1])


LISTING = encode([("request", "list"), ("cache_type", "smtpd"),
                  ("cursor", "0"), ("filter", "nothing that there is")])


class Listing:
    """Clients that list all the time, in a thread, until the end."""

    def __init__(self, master, count):
        self.crowd = Crowd(master, count, LISTING * 4)
        self.answers = 0
        self.is_ended = False
        self.thread = threading.Thread(target=self.work)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_ended = True
        self.thread.join()
        self.crowd.close()

    def work(self):
        """For each answer another request."""
        with selectors.DefaultSelector() as selector:
            for client in self.crowd.clients:
                selector.register(client.socket, selectors.EVENT_READ, client)
            while not self.is_ended:
                for key, _ in selector.select(0.1):
                    key.data.receive()
                    key.data.send(LISTING)
                    self.answers += 1


@pytest.mark.parametrize("count", [50, 300])
def test_how_many_clients_list_makes_no_difference(master, count, request):
    """How many they are makes no difference to somebody else."""
    with master.client() as client:
        sessions = {"key-%d" % number: bytes(100) for number in range(20000)}
        assert store_all(client, sessions) == sessions
    with Bystander(master, "lookup", "seed") as bystander:
        quiet = bystander.measure(3000)
        with Listing(master, 1) as one:
            few = bystander.measure(3000)
        with Listing(master, count) as many:
            wait_until(lambda: many.answers > 0, "an answer")
            busy = bystander.measure(3000)
    tell(request.config, "alone: %s; one client that lists: %s; %d of them: "
         "%s; %d answers to them" % (quiet, few, count, busy, many.answers))
    assert one.answers > 0
    # Not the highest: those are the machine's. A slice each takes 50 ms; where
    # the machine is busy even one slice takes some.
    assert busy.median < 2 * few.median + 10


def test_what_clients_hold_is_bounded_and_the_largest_are_closed(
        make_master, request):
    """Half requests: the largest holders are closed, nobody else is."""
    master = make_master(SETTINGS, {"tlsmgr_client_memory": "8m"})
    pid = master.start().pid
    half = encode(update_request("smtpd", "x", bytes(250000)))[:-2]
    with master.client() as client:
        assert client.policy("smtpd").status == OK
        before = anonymous_bytes(pid)
        with Crowd(master, 10, HALF) as modest, Crowd(master, 0) as greedy:
            for _ in range(100):
                each = master.client()
                greedy.clients.append(each)
                each.read_announcement()
                with contextlib.suppress(Closed):
                    each.send(half)
            assert client.policy("smtpd").status == OK
            growth = anonymous_bytes(pid) - before
            for each in modest.clients:
                each.send(REST)
                assert each.receive().status == ERR
        line = master.wait_for_log("^warning: clients hold more than ")
    tell(request.config, "100 clients with 330 kB of a request each: memory "
         "+%.1f MB" % (growth / MB))
    assert "process %d, uid 0" % os.getpid() in line
    if COUNTS_MEMORY:
        assert growth < 12 * MB


def test_much_without_a_terminator_closes_its_connection_only(master):
    pid = master.daemons[-1].pid
    before = anonymous_bytes(pid)
    piece = b"x" * 65536
    with master.client() as other, master.client() as client:
        assert other.policy("smtpd").status == OK
        client.read_announcement()
        with pytest.raises(Closed):
            for _ in range(10 * MB // len(piece)):
                client.send(piece)
            client.receive()
        assert other.lookup("smtpd", "bystander").status == OK
    assert anonymous_bytes(pid) - before < MB


@pytest.mark.parametrize("steps", [
    (-DAY_S, DAY_S), (DAY_S, -DAY_S), (-DAY_S, -DAY_S, 2 * DAY_S)])
def test_a_clock_that_is_set_by_a_day_stops_nothing(make_master, steps):
    """By a day, at once, with clients at work."""
    master = make_master(SETTINGS)
    clock = ClockShift(master.directory)
    daemon = master.start(environment=clock.environment)
    sessions = {"key-%d" % number: session("key-%d" % number, number)
                for number in range(300)}
    with master.client() as client, \
            Bystander(master, "seed", "policy", "ticket_key") as bystander:
        assert store_all(client, sessions) == sessions
        for step in steps:
            clock.step(step)
            find_all(client, sessions)
            assert store_all(client, sessions) == sessions
            assert find_all(client, sessions) == sessions
            bystander.measure(300)
    assert busy_share(daemon.pid, 0.5) < 0.3
    assert daemon.is_running()


def test_a_status_channel_that_is_full_holds_up_nobody(make_master):
    master = make_master(SETTINGS)
    daemon = master.start(status="full")
    with Bystander(master, "seed", "policy") as bystander:
        waits = bystander.measure(20000)
    assert busy_share(daemon.pid, 0.5) < 0.3
    assert waits.longest < 1000
    assert daemon.is_running()


def test_nothing_acknowledged_is_lost_when_master_goes(master, request):
    """Nothing that was acknowledged is lost, and nobody is waited for."""
    daemon = master.daemons[-1]
    sessions = {"key-%d" % number: session("key-%d" % number, number)
                for number in range(300)}
    greedy = encode(lookup_request("smtpd", "bystander")) * 300
    with Crowd(master, 50, HALF) as stalled, Crowd(master, 10, greedy), \
            Crowd(master, 50), master.client() as client:
        assert store_all(client, sessions) == sessions
        started = time.monotonic()
        daemon.hang_up()
        assert daemon.wait() == 0
        took = time.monotonic() - started
        for each in stalled.clients:
            assert each.wait_closed() == b""
    tell(request.config, "110 clients at the end of file: gone after %.0f ms" %
         (1000 * took))
    master.start()
    with master.client() as client:
        assert find_all(client, sessions) == sessions


# The soak

ENTRIES_MAX = 20000
BATCH = 250  # their replies fit in a socket's buffer
ANSWER_LEN = len(encode([("status", "0")]))


class Soak:
    """Updates, as fast as they go: of new keys, and of the same ones."""

    def __init__(self, client):
        self.client = client
        self.updates = 0
        client.read_announcement()
        value = os.urandom(400)
        self._new = b"".join(
            encode(update_request("smtpd", "@@@@@@@@-%d" % number, value))
            for number in range(BATCH))
        self._same = b"".join(
            encode(update_request("smtpd", "same-%d" % number, value))
            for number in range(BATCH))

    def work(self, rounds):
        for _ in range(rounds):
            self._send(self._new.replace(b"@@@@@@@@", b"%08d" % self.updates))
            self._send(self._same)

    def _send(self, batch):
        self.client.send(batch)
        missing = BATCH * ANSWER_LEN
        while missing > 0:
            answers = self.client.socket.recv(missing)
            assert b"4294967" not in answers
            missing -= len(answers)
        self.updates += BATCH


def test_memory_and_files_stay_in_bounds_under_load(make_master, request):
    master = make_master(SETTINGS, own_settings={
        "tlsmgr_cache_max_entries": ENTRIES_MAX, "tlsmgr_cache_memory": "12m"})
    daemon = master.start(chroot=True)
    journal = os.path.join(master.data_directory, "cache.journal")
    memory, sizes, resident = [], [], []
    started = time.monotonic()
    with master.client() as client, \
            Bystander(master, "seed", "policy") as bystander:
        soak = Soak(client)
        while soak.updates < SOAK_UPDATES and \
                time.monotonic() - started < SOAK_S:
            soak.work(50)
            memory.append(anonymous_bytes(daemon.pid))
            resident.append(resident_bytes(daemon.pid))
            sizes.append(os.path.getsize(journal))
        waits = bystander.look()
        found = client.lookup("smtpd", "same-0")
    assert found.status == OK
    settled = len(memory) // 4
    growth = max(memory[settled:]) - min(memory[settled:])
    tell(request.config, "soak: %d updates, %.0f a second; memory %.1f MB "
         "(+%.2f MB after the first quarter), %.1f MB with the map; journal "
         "%.1f MB; a bystander's %s" % (
             soak.updates, soak.updates / (time.monotonic() - started),
             memory[-1] / MB, growth / MB, resident[-1] / MB,
             max(sizes) / MB, waits))
    assert soak.updates > 100000
    if COUNTS_MEMORY:
        assert growth < MB
        assert resident[-1] < RESIDENT_MAX + 12 * MB
    assert max(sizes) < 2 * ENTRIES_MAX * 520 + 12 * MB
    assert daemon.terminate() == 0
    assert not [line for line in master.messages()
                if line.startswith(("warning", "error", "fatal", "panic"))]
