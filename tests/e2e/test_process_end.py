"""How the process ends, what signals do, and the exchange file that it leaves.

Covers master_signals.c.
"""

import os
import signal
import stat

import pytest

from attributes import OK, Closed, encode
from conftest import CACHES
from waiting import wait_until

EXCHANGE_LEN = 1024


def assert_serves(master):
    with master.client() as client:
        assert client.policy("smtpd").status == OK


def assert_exchange_saved(master):
    status = os.stat(master.exchange_path)
    assert stat.S_ISREG(status.st_mode)
    assert status.st_size == EXCHANGE_LEN
    assert stat.S_IMODE(status.st_mode) == 0o600
    assert status.st_uid == master.owner.pw_uid


def exchange_content(master):
    with open(master.exchange_path, "rb") as exchange:
        return exchange.read()


def end_by_signal(number):
    return lambda daemon: daemon.signal(number)


ENDINGS = [
    pytest.param(lambda daemon: daemon.hang_up(), id="end of file"),
    *[pytest.param(end_by_signal(number), id=number.name,
                   marks=pytest.mark.ours("dies of the signal"))
      for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]]


@pytest.mark.parametrize("chroot", [True, False])
@pytest.mark.parametrize("end", ENDINGS)
def test_the_end_saves_the_exchange_file(make_master, end, chroot):
    master = make_master({"tls_random_prng_update_period": "10000d",
                          **CACHES})
    daemon = master.start(chroot=chroot)
    assert_serves(master)
    before = exchange_content(master)
    end(daemon)
    assert daemon.wait(5) == 0
    assert_exchange_saved(master)
    after = exchange_content(master)
    assert after != before
    assert len(set(after)) > 200, "not random"


@pytest.mark.ours("dies of the signal")
def test_signals_do_not_disturb_an_end_that_has_begun(make_master):
    master = make_master(CACHES)
    for _ in range(20):
        daemon = master.start()
        assert_serves(master)
        daemon.hang_up()
        while daemon.is_running():
            daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0


@pytest.mark.parametrize("channel", ["socket", "pipe"])
def test_the_end_of_file_ends_it(make_master, channel):
    master = make_master()
    daemon = master.start(status=channel)
    assert_serves(master)
    daemon.hang_up()
    assert daemon.wait(5) == 0


def test_it_ends_with_clients_connected(make_master):
    master = make_master()
    daemon = master.start()
    with master.client() as idle, master.client() as half:
        idle.policy("smtpd")
        half.read_announcement()
        daemon.hang_up()
        assert daemon.wait(5) == 0
        assert idle.wait_closed() == b""


@pytest.mark.ours("waits for the rest of the request")
def test_it_ends_with_a_stalled_client(make_master):
    master = make_master()
    daemon = master.start()
    with master.client() as half:
        half.read_announcement()
        half.send(b"request\0pol")
        assert_serves(master)
        daemon.hang_up()
        assert daemon.wait(5) == 0


@pytest.mark.ours("answers the first only")
def test_requests_in_hand_are_finished(make_master):
    """What was read before the end is answered before the end."""
    master = make_master()
    daemon = master.start()
    with master.client() as client:
        client.read_announcement()
        client.send(encode([("request", "seed"), ("size", "255")]) * 20)
        assert client.receive().status == OK
        daemon.hang_up()
        assert daemon.wait(5) == 0
        for _ in range(19):
            assert len(client.receive().data("seed")) == 255


@pytest.mark.ours("dies of them")
@pytest.mark.parametrize("number", [
    signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT, signal.SIGVTALRM,
    signal.SIGPROF, signal.SIGIO, signal.SIGPWR, signal.SIGRTMIN,
    signal.SIGRTMAX],
    ids=lambda number: number.name)
def test_other_signals_do_not_end_it(make_master, number):
    master = make_master()
    daemon = master.start()
    assert_serves(master)
    daemon.signal(number)
    assert_serves(master)
    assert_serves(master)
    assert daemon.is_running()


@pytest.mark.parametrize("number", [
    signal.SIGPIPE, signal.SIGALRM, signal.SIGWINCH, signal.SIGURG,
    signal.SIGCHLD, signal.SIGCONT],
    ids=lambda number: number.name)
def test_harmless_signals_do_no_harm(make_master, number):
    master = make_master()
    daemon = master.start()
    assert_serves(master)
    daemon.signal(number)
    assert_serves(master)
    assert daemon.is_running()


def signal_masks(daemon):
    """{what is done with a signal: the signals, as bits}"""
    with open("/proc/%d/status" % daemon.pid) as status:
        return {words[0]: int(words[1], 16)
                for words in map(str.split, status)
                if words[0] in ("SigIgn:", "SigCgt:")}


def test_the_signal_of_the_watchdog_does_no_harm_before_there_is_one(
        make_master):
    """From where the others are ignored, until the watchdog takes it."""
    master = make_master(CACHES)
    daemon = master.start()
    alarm, last = (1 << number - 1
                   for number in (signal.SIGALRM, signal.SIGRTMAX))
    masks = {"SigIgn:": 0, "SigCgt:": 0}
    while not masks["SigCgt:"] & alarm:
        masks = signal_masks(daemon)
        assert not masks["SigIgn:"] & last or \
            (masks["SigIgn:"] | masks["SigCgt:"]) & alarm
        assert daemon.is_running()
    assert_serves(master)


def test_signals_are_no_ticks_of_the_watchdog(make_master):
    """Nobody asks in between, so the loop does not come round."""
    master = make_master()
    daemon = master.start()
    assert_serves(master)
    for _ in range(20):
        daemon.signal(signal.SIGALRM)
        wait_until(lambda: not daemon.has_pending(signal.SIGALRM),
                   "the signal")
    assert daemon.is_running()
    assert_serves(master)


@pytest.mark.parametrize("chroot", [True, False])
def test_an_exchange_file_that_was_removed_is_made_anew(make_master, chroot):
    master = make_master({"tls_random_prng_update_period": "1s"})
    daemon = master.start(chroot=chroot)
    assert_serves(master)
    os.unlink(master.exchange_path)
    assert daemon.wait() == 0
    master.wait_for_log("^warning: .*(was removed|removed)")
    daemon = master.start(chroot=chroot)
    assert_serves(master)
    wait_until(lambda: os.path.getsize(master.exchange_path) == EXCHANGE_LEN,
               "a new exchange file")


def test_an_exchange_file_is_made_anew_while_clients_ask(make_master):
    """There is never an idle moment, and it ends all the same."""
    master = make_master({"tls_random_prng_update_period": "1s"})
    daemon = master.start()
    with master.client() as client:
        assert len(client.seed(32).data("seed")) == 32
        os.unlink(master.exchange_path)
        with pytest.raises(Closed):
            wait_until(lambda: client.seed(32).status != OK, "the end", 20)
    assert daemon.wait() == 0


@pytest.mark.ours("goes on, or follows the link")
@pytest.mark.parametrize("chroot", [True, False])
def test_a_link_in_place_of_the_exchange_file_is_not_followed(
        make_master, chroot):
    """What the link leads to is left alone, then and at the next start."""
    master = make_master({"tls_random_prng_update_period": "1s"})
    daemon = master.start(chroot=chroot)
    assert_serves(master)
    target = os.path.join(master.data_directory, "target")
    with open(target, "w") as output:
        output.write("precious")
    os.chown(target, master.owner.pw_uid, -1)
    os.symlink(target, master.exchange_path + ".new")
    os.rename(master.exchange_path + ".new", master.exchange_path)
    assert daemon.wait() == 0
    mark = master.log_mark()
    daemon = master.start(chroot=chroot)
    assert_serves(master)
    master.wait_for_log("^warning: .*prng_exch", mark)
    assert daemon.terminate() == 0
    with open(target) as content:
        assert content.read() == "precious"


def test_the_exchange_file_is_saved_now_and_then(make_master):
    master = make_master({"tls_random_prng_update_period": "1s"})
    master.start()
    assert_serves(master)
    seen = set()

    def look():
        content = exchange_content(master)
        if len(content) == EXCHANGE_LEN:
            seen.add(content)
        return len(seen) >= 3
    wait_until(look, "three different contents")
