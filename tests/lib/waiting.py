"""Waiting for a condition, never for a length of time."""

import threading
import time

DEADLINE_S = 15.0
_INTERVAL_S = 0.01
_pause = threading.Event()


def wait_until(condition, what, timeout_s=DEADLINE_S):
    """Return the first true value of condition(); TimeoutError if none comes.

    `what` says what was waited for; it may be a function, called only then.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            text = what() if callable(what) else what
            raise TimeoutError("not within %g s: %s" % (timeout_s, text))
        _pause.wait(_INTERVAL_S)
