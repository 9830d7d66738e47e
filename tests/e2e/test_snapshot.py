"""A machine that is set back to a snapshot: the memory of the daemon, with that
of OpenSSL's generator, is as it was then, and so are the clocks. What it cannot
show: the kernel's generator is not set back. Covers prng_pool.c."""

import os
import signal

import pytest

import memory_image
from admin import statistics
from attributes import OK
from clock_shift import ClockShift

pytestmark = pytest.mark.ours("has no statistics, and a ticket key for each")

IMAGE_LEN_MAX = 1 << 30  # a sanitizer's shadow is more


def seeds(client, count):
    return [client.seed(32).data("seed") for _ in range(count)]


def ticket_key(client):
    """One that is made now."""
    assert client.ask([("request", "rotate")]).status == OK
    return client.ticket_key().data("keybuf")[:80]


def live_on(client, clock):
    """What is handed out at once, and after more than a second."""
    # Few: what was drawn ahead is not used up by then.
    at_once = seeds(client, 5)
    clock.step(2)
    return at_once, seeds(client, 200), ticket_key(client)


def test_a_machine_that_is_set_back_draws_no_old_seed_again(make_master):
    if "TLSMGR_WRAP" in os.environ:
        pytest.skip("a wrapper has memory of its own there")
    master = make_master(own_settings={"tlsmgr_ticket_key_file": ""})
    clock = ClockShift(master.directory)
    daemon = master.start(environment=clock.environment)
    with master.client() as client:
        drawn = seeds(client, 200)
        if memory_image.size_of(daemon.pid) > IMAGE_LEN_MAX:
            pytest.skip("a sanitizer has memory of its own there")
        clock.step(2)
        # As in the life after it: nothing is mapped that is not yet now.
        live_on(client, clock)
        drawn += seeds(client, 20)
        requests = statistics(client)["request.seed"]

        memory_image.stop(daemon)
        image = memory_image.MemoryImage(daemon.pid)
        then = clock.shifts
        daemon.signal(signal.SIGCONT)
        at_once, later, key = live_on(client, clock)

        memory_image.stop(daemon)
        image.put_back(daemon.pid)
        clock.shifts = then
        daemon.signal(signal.SIGCONT)
        assert statistics(client)["request.seed"] == requests
        at_once_again, later_again, key_again = live_on(client, clock)

    assert not set(later_again) & set(at_once + later)
    assert not set(at_once_again) & set(later)
    assert not set(at_once_again + later_again) & set(drawn)
    assert key_again != key
    assert daemon.terminate() == 0
