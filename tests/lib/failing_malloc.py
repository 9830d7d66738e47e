"""Have a daemon's calls of malloc(3) fail; see failing_malloc.c."""

import os
import struct

import preload

_PLAN = struct.Struct("=4Q")
FOR_GOOD = 1 << 63


class FailingMalloc:
    """The plan of one daemon, and the environment that makes it follow it."""

    def __init__(self, directory):
        self._path = os.path.join(directory, "failing_malloc")
        self.fail(0)
        os.chmod(self._path, 0o666)
        self.environment = preload.environment(
            "failing_malloc", directory, FAILING_MALLOC_FILE=self._path)

    def fail(self, first, count=1):
        """Before the start: let the calls with these numbers fail."""
        with open(self._path, "wb") as output:
            output.write(_PLAN.pack(0, first, first + count, 0))

    def fail_next(self, number, count=1):
        """While it runs: the same, counting from the next call."""
        with open(self._path, "r+b", buffering=0) as plan:
            calls, _, _, failures = _PLAN.unpack(plan.read(_PLAN.size))
            first = calls + number
            plan.seek(0)
            plan.write(_PLAN.pack(calls, first, first + count, failures))

    def _look(self):
        with open(self._path, "rb") as plan:
            return _PLAN.unpack(plan.read(_PLAN.size))

    def calls(self):
        return self._look()[0]

    def failures(self):
        return self._look()[3]
