"""What hosts have in common leaves nothing behind in the memory of a daemon
but what follows from it."""

import os

import pytest

from memory import find, needles_of
from shared_host import EPOCH_S
from waiting import wait_until

TIDY_S = 10  # 1 as a rule

pytestmark = [
    pytest.mark.ours("it makes its own ticket keys"),
    pytest.mark.skipif(bool(os.environ.get("TLSMGR_WRAP")),
                       reason="a debugger has copies of its own")]


def skip_with_a_sanitizer(host):
    with open("/proc/%d/maps" % host.daemon.pid) as maps:
        if "asan" in maps.read():
            pytest.skip("the sanitizer has copies of its own")


def assert_gone(host, needles):
    skip_with_a_sanitizer(host)
    wait_until(lambda: not find(host.daemon.pid, needles),
               lambda: "no trace: %r" % find(host.daemon.pid, needles), TIDY_S)


def random_secrets(*lengths):
    return [os.urandom(length) for length in lengths]


def test_secrets_leave_no_trace_once_they_are_read(make_host):
    secrets = random_secrets(32, 64)
    host = make_host(*secrets)
    assert host.key()
    for secret in secrets:
        assert_gone(host, needles_of(secret))


def test_a_secret_that_is_refused_leaves_no_trace(make_host):
    """The second line is bad, and so nothing of the first is kept."""
    secret, = random_secrets(48)
    host = make_host(secret, bytes(32))
    assert host.key()
    assert len(host.warnings()) == 1
    assert_gone(host, needles_of(secret))


def test_keys_of_an_epoch_that_is_over_leave_no_trace(make_host):
    """The search finds those that are in use."""
    host = make_host(*random_secrets(32, 32))
    old = b"".join(host.key()[:3])
    skip_with_a_sanitizer(host)
    assert find(host.daemon.pid, needles_of(old))
    host.clock.step(5 * EPOCH_S)
    assert b"".join(host.key()[:3]) != old
    assert_gone(host, needles_of(old))
