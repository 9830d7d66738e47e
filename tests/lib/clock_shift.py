"""Move the clocks of a running daemon; see clockshift.c."""

import os
import pathlib
import struct
import subprocess

SOURCE = pathlib.Path(__file__).resolve().with_name("clockshift.c")
_SHIFTS = struct.Struct("qq")


def library(directory):
    """The path of the library: as built by make, or built here and now."""
    built = os.path.join(os.environ.get("TLSMGR_BUILD", ""),
                         "tests/clockshift.so")
    if os.path.exists(built):
        return os.path.abspath(built)
    path = os.path.join(directory, "clockshift.so")
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-fPIC", "-shared",
                    "-o", path, str(SOURCE)], check=True)
    return path


class ClockShift:
    """A file of shifts, and the environment that makes a process obey it."""

    def __init__(self, directory):
        self._path = os.path.join(directory, "clockshift")
        self._realtime_s = self._monotonic_s = 0
        with open(self._path, "wb") as output:
            output.write(_SHIFTS.pack(0, 0))
        self.environment = {
            "LD_PRELOAD": library(directory), "CLOCKSHIFT_FILE": self._path,
            # A sanitizer's library would insist on coming first.
            "ASAN_OPTIONS": ":".join(
                [os.environ.get("ASAN_OPTIONS", "")] +
                ["verify_asan_link_order=0"]).lstrip(":")}

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
