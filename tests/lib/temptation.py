"""A daemon that does what it must not, when it is told to: forbidden.c."""

import os
import struct

import preload



class Temptation:
    """`path`: the file to try, as the daemon finds it in its root."""

    DEEDS = {"make a socket": 1, "execute": 2, "read": 3, "write": 4,
             "make memory executable": 5, "hang": 6}
    _ASKED = struct.Struct("2i")

    def __init__(self, directory, path="/"):
        self._path = os.path.join(directory, "forbidden")
        with open(self._path, "wb") as output:
            output.write(self._ASKED.pack(0, -1))
        self.environment = preload.environment(
            "forbidden", directory, FORBIDDEN_FILE=self._path,
            FORBIDDEN_PATH=path)

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
