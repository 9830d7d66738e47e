"""Session ticket keys: over two processes, over rotations, over clocks, and
what server processes of a real Postfix make of them. Covers
daemon_ticket_keys.c."""

import fcntl
import hashlib
import os
import re
import select
import signal
import struct
import subprocess
import time

import pytest

import attributes
import scenarios
import tls_client
from attributes import OK, TICKET_KEY
from clock_shift import ClockShift
from waiting import wait_until

OURS = pytest.mark.ours("one key file, two processes, more than two keys")
NAME_LEN = 16
TIMEOUT_S = 600


def name_of(reply):
    assert reply.status == OK
    return reply.data("keybuf")[:NAME_LEN]


def secrets_of(reply):
    """All but the time."""
    assert reply.status == OK
    return reply.data("keybuf")[:80]


def until(reply):
    assert reply.status == OK
    return TICKET_KEY.unpack(reply.data("keybuf"))[3]


def rotate(client):
    assert client.ask([("request", "rotate")]).status == OK


def next_second():
    """So that the next rotation is one of its own."""
    now = int(time.time())
    wait_until(lambda: int(time.time()) > now, "a second has passed")


@pytest.fixture
def master(make_master):
    made = make_master()
    made.key_path = made.data_directory + "/ticket_keys"
    made.configure({"smtpd_tls_session_cache_timeout": str(TIMEOUT_S)},
                   {"tlsmgr_ticket_key_file": made.key_path})
    return made


def make_key_file(master):
    daemon = master.start()
    master.wait_ready()
    assert daemon.terminate() == 0


# Two processes

@OURS
def test_the_next_process_has_the_keys_while_the_old_one_is_still_there(
        master):
    old = master.start()
    with master.client() as client:
        keys = [client.ticket_key()]
        rotate(client)
        keys.append(client.ticket_key())
    old.signal(signal.SIGSTOP)
    old.hang_up()
    master.start(generation=2)
    with master.client() as client:
        assert client.ticket_key() == keys[1]
        for key in keys:
            assert secrets_of(client.ticket_key(name_of(key))) == \
                secrets_of(key)
    old.signal(signal.SIGCONT)
    assert old.wait() == 0


@OURS
def test_the_old_process_lets_go_of_the_file_before_it_answers_the_rest(
        master):
    """However long that takes: a client that does not read holds it up.

    We may be late to look: it has to be seen once in a few times.
    """
    for generation in range(1, 6):
        old = master.start(generation=generation)
        slow = master.client()
        key = slow.ticket_key()
        old.signal(signal.SIGSTOP)
        slow.send(b"request\0seed\0size\000255\0\0" * 3000)
        old.hang_up()
        old.signal(signal.SIGCONT)
        wait_until(lambda: not is_locked(master.key_path), "the file is free")
        was_serving = is_open(slow.socket)
        slow.close()
        assert old.wait() == 0
        if was_serving:
            break
    assert was_serving
    master.start(generation=9)
    with master.client() as client:
        assert client.ticket_key() == key


def is_open(connection):
    """Has the other end not closed it, whatever there is to be read?"""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return not poll.poll(0)


def is_locked(path):
    with open(path, "r+b") as file:
        try:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, FLOCK)
        except BlockingIOError:
            return True
    return False


# struct flock: l_type, l_whence, l_start, l_len, l_pid
FLOCK = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


@OURS
def test_keys_of_both_processes_are_kept(master):
    """What the new one made while the old one had the file."""
    old = master.start()
    with master.client() as client:
        first = client.ticket_key()
    old.signal(signal.SIGSTOP)
    old.hang_up()
    new = master.start(generation=2)
    with master.client() as client:
        rotate(client)
        second = client.ticket_key()
        assert name_of(second) != name_of(first)
    old.signal(signal.SIGCONT)
    assert old.wait() == 0
    wait_until(lambda: name_of(second) in content(master.key_path),
               "the new key is in the file")
    new.hang_up()
    assert new.wait() == 0
    master.start(generation=3)
    with master.client() as client:
        assert client.ticket_key() == second
        assert secrets_of(client.ticket_key(name_of(first))) == \
            secrets_of(first)


def content(path):
    with open(path, "rb") as file:
        return file.read()


@OURS
def test_reloads_one_after_the_other_lose_no_key(master):
    """Each asks for a key as soon as it can, whatever the others do."""
    handed_out = []
    for generation in range(1, 26):
        daemon = master.start(generation=generation)
        with master.client() as client:
            handed_out.append(client.ticket_key())
            if generation % 8 == 0:
                next_second()
                rotate(client)
                handed_out.append(client.ticket_key())
        daemon.hang_up()
    master.start(generation=100)
    for daemon in master.daemons[:-1]:
        assert daemon.wait() == 0
    with master.client() as client:
        for key in handed_out:
            assert secrets_of(client.ticket_key(name_of(key))) == \
                secrets_of(key)
    assert len({name_of(key) for key in handed_out}) == 4


@OURS
def test_a_process_that_ends_hands_out_keys_and_makes_none(master):
    """A key made after it has let go of the file would be lost with it."""
    old = master.start()
    with master.client() as client, master.client() as administrator:
        key = client.ticket_key()
        administrator.ask([("request", "stats")])
        old.signal(signal.SIGSTOP)
        client.send(b"request\0tktkey\0keyname\0\0\0")
        administrator.send(b"request\0rotate\0\0"
                           b"request\0flush_tickets\0\0")
        old.hang_up()
        old.signal(signal.SIGCONT)
        assert client.receive() == key
        with pytest.raises(attributes.Closed):
            administrator.receive()
    assert old.wait() == 0
    master.start(generation=2)
    with master.client() as client:
        assert client.ticket_key() == key


@OURS
def test_processes_that_are_stopped_keep_no_key_from_the_next_ones(master):
    """As when one reload follows the other before the first has ended."""
    stopped, handed_out = [], []
    for generation in range(1, 5):
        daemon = master.start(generation=generation)
        with master.client() as client:
            # The first one is gone before anybody has asked for a key.
            if generation > 1:
                rotate(client)
                handed_out.append(client.ticket_key())
            for key in handed_out:
                assert secrets_of(client.ticket_key(name_of(key))) == \
                    secrets_of(key)
        daemon.signal(signal.SIGSTOP)
        daemon.hang_up()
        stopped.append(daemon)
    for daemon in reversed(stopped):
        daemon.signal(signal.SIGCONT)
        assert daemon.wait() == 0
    master.start(generation=9)
    with master.client() as client:
        for key in handed_out:
            assert secrets_of(client.ticket_key(name_of(key))) == \
                secrets_of(key)


@OURS
def test_a_key_that_is_first_asked_for_at_the_end_is_kept(master):
    old = master.start()
    with master.client() as client:
        client.seed(8)
        old.signal(signal.SIGSTOP)
        # More than one turn of the loop takes: it comes when all is saved.
        client.send(b"request\0seed\0size\00032\0\0" * 100 +
                    b"request\0tktkey\0keyname\0\0\0")
        old.hang_up()
        old.signal(signal.SIGCONT)
        for _ in range(100):
            client.receive()
        key = client.receive()
    assert old.wait() == 0
    master.start(generation=2)
    with master.client() as client:
        assert client.ticket_key() == key


@OURS
def test_a_file_that_somebody_else_keeps_locked_is_named(master):
    """Ten seconds later; the keys are in memory meanwhile."""
    clock = ClockShift(master.directory)
    make_key_file(master)
    with open(master.key_path, "r+b") as holder:
        fcntl.fcntl(holder, fcntl.F_OFD_SETLK, FLOCK)
        master.start(environment=clock.environment)
        with master.client() as client:
            key = client.ticket_key()
            assert not [line for line in master.remarks() if "lock" in line]
            clock.step(11)
            master.wait_for_log(re.escape(master.key_path) + ": locked by "
                                "another process for 10 s; new session "
                                "ticket keys are kept in memory only")
            clock.step(600)
            assert client.ticket_key().status == OK
    # Released: all is in the file, without another line.
    with master.client() as client:
        key = client.ticket_key()
        wait_until(lambda: name_of(key) in content(master.key_path),
                   "the key is in the file")
    assert len([line for line in master.remarks() if "lock" in line]) == 1


def file_of_1_0(settings, keys):
    """As tlsmgr 1.0 wrote it: 88 bytes for each of two keys."""
    slots = b""
    for sequence in (2, 3):
        slot = b"TLSMGRTK" + struct.pack("=Q", sequence) + settings + \
            struct.pack("=Q", len(keys)) + b"".join(keys).ljust(176, b"\0")
        slots += slot + hashlib.sha256(slot).digest()
    return slots


@OURS
def test_the_file_of_version_1_0_is_taken_over(master):
    make_key_file(master)
    # Where the settings are in ours: behind magic, version, count, sequence.
    settings = content(master.key_path)[24:56]
    now = int(time.time())
    keys = [bytes([number]) * 80 + struct.pack("=q", now + seconds)
            for number, seconds in ((1, 200), (2, -50))]
    with open(master.key_path, "wb") as file:
        file.write(file_of_1_0(settings, keys))
    for generation in 2, 3:
        daemon = master.start(generation=generation)
        with master.client() as client:
            assert client.ticket_key().data("keybuf") == keys[0]
            assert client.ticket_key(b"\2" * 16).data("keybuf") == keys[1]
        daemon.hang_up()
        assert daemon.wait() == 0
    assert not [line for line in master.messages() if "warning" in line]


# Rotations

@OURS
def test_two_rotations_in_a_row_lose_nothing(master):
    master.start()
    with master.client() as client:
        keys = [client.ticket_key()]
        for _ in range(3):
            for _ in range(20):
                rotate(client)
            keys.append(client.ticket_key())
            next_second()
        for key in keys:
            assert secrets_of(client.ticket_key(name_of(key))) == \
                secrets_of(key)
        stats = dict(client.ask([("request", "stats")]))
        # More than one a second are one.
        assert 4 <= int(stats["ticket_keys"]) <= 7


@OURS
def test_a_key_that_does_not_encrypt_has_a_time_that_has_passed(master):
    master.start()
    with master.client() as client:
        old = client.ticket_key()
        assert client.ticket_key(name_of(old)) == old
        rotate(client)
        new = client.ticket_key()
        now = time.time()
        assert client.ticket_key(name_of(new)) == new
        assert until(new) > until(old) > now
        assert until(client.ticket_key(name_of(old))) < now


# Clocks

@OURS
@pytest.mark.parametrize("back_s", [1, 3, 59])
def test_a_clock_set_back_loses_no_key(master, back_s):
    clock = ClockShift(master.directory)
    daemon = master.start(environment=clock.environment)
    with master.client() as client:
        key = client.ticket_key()
        clock.step(-back_s)
        assert client.ticket_key() == key
        rotate(client)
        later = client.ticket_key()
        assert name_of(later) != name_of(key)
        assert secrets_of(client.ticket_key(name_of(key))) == secrets_of(key)
    daemon.hang_up()
    assert daemon.wait() == 0
    master.start(environment=clock.environment, generation=2)
    with master.client() as client:
        assert client.ticket_key() == later
        assert secrets_of(client.ticket_key(name_of(key))) == secrets_of(key)
    assert not [line for line in master.messages() if "future" in line]


# Under a real Postfix

def ticket_name(session_path):
    """The name of the key with which this session's ticket is encrypted."""
    text = subprocess.run(
        ["openssl", "sess_id", "-in", session_path, "-noout", "-text"],
        check=True, capture_output=True, text=True).stdout
    line = re.search(r"^ *0000 - ((?:[0-9a-f]{2}[ -]){16})", text,
                     re.MULTILINE).group(1)
    return bytes.fromhex(re.sub(r"[ -]", "", line))


def keep_one_smtpd(postfix):
    """One process, which serves one connection after the other."""
    path = postfix.config_directory + "/master.cf"
    with open(path) as source:
        services = source.read()
    with open(path, "w") as output:
        output.write(re.sub(r" - - smtpd\n  -o max_use=1", " - 1 smtpd",
                            services, count=1))
    postfix.reload()


def smtpd_of_last_connection(postfix, mark):
    return postfix.wait_for_log(scenarios.ESTABLISHED, mark)[-1]


@pytest.mark.ours("the old key encrypts on in a process that met it first")
@pytest.mark.parametrize("protocol", [tls_client.TLS12_TICKET,
                                      tls_client.TLS13])
def test_a_fresh_smtpd_that_meets_an_old_ticket_issues_new_ones(
        make_postfix, protocol):
    postfix = make_postfix()
    keep_one_smtpd(postfix)
    _, old_session = scenarios.open_session(postfix, protocol)
    with postfix.client() as client:
        old = client.ticket_key()
        assert ticket_name(old_session) == name_of(old)
        rotate(client)
        new = client.ticket_key()
        assert name_of(new) != name_of(old)
    postfix.reload()
    mark = postfix.log_mark()
    met_first = tls_client.connect(postfix.port, protocol,
                                   session_in=old_session)
    assert met_first.resumed, met_first
    smtpd = smtpd_of_last_connection(postfix, mark)
    mark = postfix.log_mark()
    _, new_session = scenarios.open_session(postfix, protocol, "new")
    assert smtpd_of_last_connection(postfix, mark) == smtpd
    assert ticket_name(new_session) == name_of(new)


@pytest.mark.ours("forgets keys at each start")
def test_tickets_are_taken_after_reloads_and_rotations(make_postfix):
    postfix = make_postfix()
    sessions = []
    for number in range(4):
        _, session = scenarios.open_session(
            postfix, tls_client.TLS12_TICKET, "session%d" % number)
        sessions.append(session)
        with postfix.client() as client:
            rotate(client)
        next_second()
        postfix.reload()
    postfix.stop()
    postfix.start()
    for session in sessions:
        result = tls_client.connect(postfix.port, tls_client.TLS12_TICKET,
                                    session_in=session)
        assert result.resumed, result.output
