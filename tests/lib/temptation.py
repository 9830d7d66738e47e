"""A daemon that does what it must not, when it is told to: forbidden.c."""

import os
import pathlib
import struct
import subprocess

SOURCE = pathlib.Path(__file__).resolve().with_name("forbidden.c")


def library(directory):
    """The path of the library: as built by make, or built here and now."""
    built = os.path.join(os.environ.get("TLSMGR_BUILD", ""),
                         "tests/forbidden.so")
    if os.path.exists(built):
        return os.path.abspath(built)
    path = os.path.join(directory, "forbidden.so")
    subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-O2",
                    "-fPIC", "-shared", "-o", path, str(SOURCE), "-ldl"],
                   check=True)
    return path


class Temptation:
    """`path`: the file to try, as the daemon finds it in its root."""

    DEEDS = {"make a socket": 1, "execute": 2, "read": 3, "write": 4,
             "make memory executable": 5, "hang": 6}
    _ASKED = struct.Struct("2i")

    def __init__(self, directory, path="/"):
        self._path = os.path.join(directory, "forbidden")
        with open(self._path, "wb") as output:
            output.write(self._ASKED.pack(0, -1))
        self.environment = {
            "LD_PRELOAD": library(directory), "FORBIDDEN_FILE": self._path,
            "FORBIDDEN_PATH": path,
            # A sanitizer's library would insist on coming first.
            "ASAN_OPTIONS": ":".join(
                [os.environ.get("ASAN_OPTIONS", "")] +
                ["verify_asan_link_order=0"]).lstrip(":")}

    def tempt(self, deed):
        """It is done when the daemon's loop comes round next."""
        with open(self._path, "r+b") as output:
            output.write(self._ASKED.pack(self.DEEDS[deed], -1))

    @property
    def result(self):
        """The errno, 0 for none; None: it has not come back from it."""
        with open(self._path, "rb") as result:
            _, number = self._ASKED.unpack(result.read())
        return None if number == -1 else number
