"""Hosts that have a secret in common, each a daemon with a clock of its own:
keys are those of the second implementation, and what is wrong on one of them
costs full handshakes at most (covers daemon_shared.c, ticket_key_group.c).
"""

import os
import re
import signal

import pytest

import shared_group
from shared_host import (EPOCH_S, OTHER, SECRET, SKEW_S, TIMEOUT_S,
                         text_of)

pytestmark = pytest.mark.ours("it makes its own ticket keys")

def share(one, other):
    """Do they take up each other's tickets?"""
    answers = {one.takes(other.key()), other.takes(one.key())}
    assert len(answers) == 1
    return answers.pop()


# Keys

@pytest.mark.parametrize("chroot", [False, True], ids=["no jail", "jail"])
def test_keys_are_those_of_the_second_implementation(make_host, chroot):
    host = make_host(SECRET, is_started=False)
    trust_file = host.master.directory + "/ca.pem"
    with open(trust_file, "w") as output:
        output.write("a certificate\n")
    host.settings.update({
        "smtpd_tls_CAfile": trust_file, "tls_ssl_options": "$what",
        "what": "no_compression", "smtpd_tls_loglevel": "1",
        "smtp_tls_security_level": "may"})
    host.chroot = chroot
    host.start()
    side = shared_group.Side(
        SECRET, "postfix", "smtpd", TIMEOUT_S, shared_group.digest(
            [("smtpd_tls_security_level", "may"),
             ("smtpd_tls_CAfile", trust_file),
             ("tls_ssl_options", "no_compression")], [b"a certificate\n"]))
    before, key, after = side.epoch(host.now()), host.key(), \
        side.epoch(host.now())
    epoch = {side.ticket_key(each): each for each in (before, after)}[
        b"".join(key[:3])]
    assert key[3] == side.encrypt_until(epoch)
    assert host.run("status", "--json").text.count(side.fingerprint()) == 1
    assert not host.warnings()


def test_hosts_take_up_the_tickets_of_each_other(make_host):
    one, other = make_host(SECRET), make_host(SECRET)
    assert share(one, other)
    assert not one.warnings() + other.warnings()


def test_only_the_key_that_encrypts_has_a_time_to_come(make_host):
    """smtpd(8) encrypts with the one of its keys whose time is later."""
    one, ahead = make_host(SECRET, OTHER), make_host(OTHER, SECRET)
    key, second = one.key(), ahead.key()
    assert one.key(key[0]) == key
    assert one.key(second[0])[3] < one.now()
    ahead.clock.step(EPOCH_S)
    next_key = ahead.key(one.key()[0])
    assert next_key[3] < ahead.now()
    newer = make_host(SECRET, clock_s=EPOCH_S)
    assert one.key(newer.key()[0])[3] < one.now()


def test_keys_of_before_still_decrypt(make_host):
    host = make_host(tlsmgr_shared_secret_file="")
    own = host.key()
    assert own[3] > host.now()
    host.own["tlsmgr_shared_secret_file"] = host.path
    host.give(SECRET)
    host.reload()
    assert host.key()[0] != own[0]
    assert host.takes(own)
    assert host.key(own[0])[3] < host.now()


def test_keys_of_the_group_are_in_no_file(make_host):
    host = make_host(SECRET)
    path = host.master.directory + "/keys"
    os.close(os.open(path, os.O_CREAT, 0o600))
    os.chown(path, host.master.owner.pw_uid, -1)
    host.own["tlsmgr_ticket_key_file"] = path
    host.reload()
    key = host.key()
    host.clock.step(EPOCH_S)
    host.key()
    host.daemon.terminate()
    with open(path, "rb") as content:
        content = content.read()
    assert content  # it was written
    for part in key[:3]:
        assert part not in content
    host.start()


def test_a_group_may_leave_ticket_keys_alone(make_host):
    one = make_host(SECRET, tlsmgr_shared_ticket_keys="no")
    other = make_host(SECRET)
    assert not share(one, other)
    assert one.run("rotate").status == 0
    assert not one.warnings()


# What may be wrong

def directory(host):
    os.mkdir(host.path, 0o700)


def fifo(host):
    os.mkfifo(host.path, 0o600)


def foreign(host):
    host.give(SECRET)
    os.chown(host.path, 54321, 54321)


FAULTS = {
    "missing": (lambda host: None, "No such file or directory"),
    "a directory": (directory, "not a regular file"),
    "a FIFO": (fifo, "not a regular file"),
    "open to others": (lambda host: host.give(SECRET, mode=0o644),
                       "mode 0644, others can read it"),
    "open to a group": (lambda host: host.give(SECRET, mode=0o640),
                        "mode 0640, others can read it"),
    "somebody else's": (foreign, "it belongs to uid 54321"),
    "empty": (lambda host: host.write(""), "there is no secret in it"),
    "short": (lambda host: host.write("# 2026\n" + text_of(SECRET[:31])),
              "line 2: less than 32 bytes"),
    "long": (lambda host: host.give(bytes(range(65))),
             "line 1: more than 64 bytes"),
    "one byte": (lambda host: host.give(bytes(32)),
                 "line 1: one byte over and over"),
    "not base64": (lambda host: host.write("correct horse battery staple\n"),
                   "line 1: not base64"),
    "binary": (lambda host: host.write("\0\1\2" * 20), "line 1: not base64"),
    "a bad second": (lambda host: host.give(SECRET, OTHER[:8]),
                     "line 2: less than 32 bytes"),
    "equal ones": (lambda host: host.give(SECRET, SECRET),
                   "line 2: the same secret again"),
    "a third": (lambda host: host.give(SECRET, OTHER, OTHER[1:]),
                "line 3: more than two secrets"),
    "huge": (lambda host: host.write("#" * 20000 + "\n" + text_of(SECRET)),
             "longer than a file of secrets may be"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_file_is_one_warning_and_a_host_of_its_own(make_host, fault):
    spoil, reason = FAULTS[fault]
    good = make_host(SECRET)
    bad = make_host(is_started=False)
    spoil(bad)
    bad.start()
    assert not share(bad, good)
    warning, = bad.warnings()
    assert warning.startswith("warning: shared: " + bad.path)
    assert reason in warning
    assert warning.endswith("; nothing is shared")
    for subcommand in ("status", "check"):
        first = bad.run(subcommand).text.splitlines()[0]
        assert reason in first, subcommand
    assert bad.run("rotate").status == 0
    assert not good.warnings()


@pytest.mark.parametrize("group", ["two words", "gr\u00fcn", "x" * 65])
def test_a_bad_name_of_a_group_is_one_warning(make_host, group):
    host = make_host(SECRET, tlsmgr_shared_group=group)
    assert host.key()
    warning, = host.warnings()
    assert "tlsmgr_shared_group must be 1 to 64 printable" in warning


def wrong_secret(host):
    host.give(OTHER)


def wrong_group(host):
    host.own["tlsmgr_shared_group"] = "another"


def wrong_timeout(host):
    host.settings["smtpd_tls_session_cache_timeout"] = str(TIMEOUT_S + 2)


def wrong_setting(host):
    host.settings["smtpd_tls_ask_ccert"] = "yes"


def wrong_trust(host):
    path = os.path.join(host.master.directory, "ca.pem")
    with open(path, "w") as output:
        output.write("a CA\n")
    host.own["tlsmgr_shared_trust_files"] = path


@pytest.mark.parametrize("spoil", [wrong_secret, wrong_group, wrong_timeout,
                                   wrong_setting, wrong_trust])
def test_whatever_differs_on_a_host_leaves_the_others_alone(make_host, spoil):
    one, other = make_host(SECRET), make_host(SECRET)
    odd = make_host(SECRET, is_started=False)
    spoil(odd)
    odd.start()
    assert not share(odd, one) and not share(odd, other)
    assert share(one, other)
    assert not odd.warnings()


def test_a_trust_file_that_cannot_be_read_is_one_warning(make_host):
    path = "/nonexistent/ca.pem"
    one = make_host(SECRET, tlsmgr_shared_trust_files=path)
    other = make_host(SECRET, tlsmgr_shared_trust_files=path)
    assert share(one, other)
    warning, = one.warnings()
    assert path in warning and warning.endswith("; it counts as empty")


def test_a_trust_file_that_only_root_can_read_counts(make_host):
    """As for smtp(8), which reads its CAfile before it gives up root."""
    hosts = [make_host(SECRET, is_started=False) for _ in range(2)]
    for host in hosts:
        at = host.master.directory + "/ca.pem"
        with open(os.open(at, os.O_CREAT | os.O_WRONLY, 0o600), "w") as output:
            output.write("the CA of %s\n" % at)
        host.own["tlsmgr_shared_trust_files"] = at
        host.start()
        assert not host.warnings()
    assert not share(*hosts)


# Clocks

@pytest.mark.parametrize("off_s", [30, -30, 60, -60])
def test_clocks_within_the_skew_lose_no_young_ticket(make_host, off_s):
    """Ages up to half the timeout, from both to both."""
    one, other = make_host(SECRET), make_host(SECRET, clock_s=off_s)
    for maker, taker in ((one, other), (other, one)):
        made = []
        for _ in range(2 * EPOCH_S // 60):
            made.append((maker.now(), maker.key()))
            for at, key in made:
                if maker.now() - at < EPOCH_S - 2:
                    assert taker.takes(key)
            for host in (one, other):
                host.clock.step(60)


def test_a_clock_20_minutes_off_loses_only_old_tickets(make_host):
    behind, ahead = make_host(SECRET), make_host(SECRET, clock_s=1200)
    promised_s = EPOCH_S + SKEW_S - 1200
    made = []
    for _ in range(2 * EPOCH_S // 60):
        made.append((behind.now(), behind.key(), ahead.key()))
        for at, key, key_ahead in made:
            age_s = behind.now() - at
            if age_s < promised_s - 2:
                assert ahead.takes(key)
            if age_s < EPOCH_S - 2:
                assert behind.takes(key_ahead)
        for host in (behind, ahead):
            host.clock.step(60)


def test_a_clock_2_hours_off_shares_nothing_and_serves(make_host):
    one, off = make_host(SECRET), make_host(SECRET, clock_s=7200)
    other = make_host(SECRET)
    assert not share(one, off) and share(one, other)
    assert off.takes(off.key())
    off.clock.step(-7200)
    assert share(one, off)
    assert not off.warnings()


# Replacing the secret

def test_a_secret_replaced_with_overlap_loses_nothing(make_host):
    """Host by host, with a look from each at the tickets of all."""
    hosts = [make_host(SECRET) for _ in range(3)]
    made = []

    def look():
        made.extend(host.key() for host in hosts)
        for host in hosts:
            for key in made:
                assert host.takes(key)
    look()
    for secrets in ((SECRET, OTHER), (OTHER, SECRET)):
        for host in hosts:
            host.give(*secrets)
            host.reload()
            look()
    for host in hosts:
        host.clock.step(TIMEOUT_S)
    made.clear()
    look()
    for host in hosts:
        host.give(OTHER)
        host.reload()
        look()


def test_a_secret_replaced_without_overlap_costs_full_handshakes(make_host):
    hosts = [make_host(SECRET) for _ in range(3)]
    old = hosts[0].key()
    for done, host in enumerate(hosts):
        host.give(OTHER)
        host.reload()
        assert not host.takes(old)
        for other in hosts[:done]:
            assert share(host, other)
        for other in hosts[done + 1:]:
            assert not share(host, other)
    assert not sum((host.warnings() for host in hosts), [])


# Processes that end

ENDS = {"reload": lambda daemon: daemon.hang_up(),
        "stop": lambda daemon: daemon.terminate(),
        "kill": lambda daemon: daemon.signal(signal.SIGKILL)}


@pytest.mark.parametrize("end", ENDS)
def test_ends_over_the_end_of_an_epoch_lose_nothing(make_host, end):
    """Ten times: the last key of an epoch is good for all of the next."""
    one, other = make_host(SECRET), make_host(SECRET)
    for _ in range(10):
        until_s = one.key()[3] - one.now()
        for host in (one, other):
            host.clock.step(int(until_s) - 2)
        before = one.key()
        other_before = other.key()
        for host in (one, other):
            host.clock.step(4)
        one.again(ENDS[end])
        assert one.takes(before) and one.takes(other_before)
        assert other.takes(before)
        assert share(one, other)
        assert one.key()[3] > one.now()
    assert not other.warnings()


# The tool

@pytest.mark.parametrize("subcommand", ["rotate", "flush-tickets"])
def test_one_host_cannot_replace_the_keys_of_all(make_host, subcommand):
    host = make_host(SECRET)
    key = host.key()
    result = host.run(subcommand)
    assert result.status == 1
    assert "tlsmgrctl secret" in result.complaint
    assert host.key() == key
    assert not re.search("wiped|made", "\n".join(host.log()))
