"""Move the clocks of a running daemon; see clockshift.c."""

import os
import struct

import preload

_SHIFTS = struct.Struct("qq")


class ClockShift:
    """A file of shifts, and the environment that makes a process obey it."""

    def __init__(self, directory):
        self._path = os.path.join(directory, "clockshift")
        self._realtime_s = self._monotonic_s = 0
        with open(self._path, "wb") as output:
            output.write(_SHIFTS.pack(0, 0))
        self.environment = preload.environment(
            "clockshift", directory, CLOCKSHIFT_FILE=self._path)

    def step(self, seconds):
        """Time passes, or is set back: a monotonic clock is never set."""
        realtime_s, monotonic_s = self.shifts
        self.shifts = realtime_s + seconds, monotonic_s + max(0, seconds)

    @property
    def shifts(self):
        """Of the time of day and of the monotonic clock, in seconds."""
        return self._realtime_s, self._monotonic_s

    @shifts.setter
    def shifts(self, shifts):
        self._realtime_s, self._monotonic_s = shifts
        with open(self._path, "r+b") as output:
            output.write(_SHIFTS.pack(*shifts))

    @property
    def seconds(self):
        return self._realtime_s
