"""Secrets that can be told from all else, and the memory of a process.

What is looked for is 17 bytes in a row and more. A vector register that a
library has put away is 16; no code of ours can keep it from that.
"""

import base64
import os

PIECE, STEP = 17, 8
ENCODED_PIECE = 24


def windows(data, length):
    return [data[start:start + length]
            for start in range(0, len(data) - length + 1, STEP)]


def needles_of(data):
    """Pieces of data, and of their base64, to look for."""
    return windows(data, PIECE) + windows(base64.b64encode(data),
                                          ENCODED_PIECE)


class Secret:
    """Bytes that repeat every 24, so that 24 in a row give them away.

    24 is a multiple of 3: base64 of them repeats as well, every 32.
    """

    def __init__(self):
        self._unit = os.urandom(24)

    def bytes(self, length):
        return (self._unit * (length // 24 + 1))[:length]

    def needles(self):
        return needles_of(self._unit * 2)


class Mapping:
    def __init__(self, line):
        addresses, self.rights, _, _, inode, *path = line.split(None, 5)
        self.start, self.end = (int(each, 16)
                                for each in addresses.split("-"))
        self.path = path[0].strip() if path else ""
        self.is_file = inode != "0" and "s" in self.rights

    def __repr__(self):
        return "%x-%x %s %s" % (self.start, self.end, self.rights, self.path)


def mappings(pid):
    with open("/proc/%d/maps" % pid) as maps:
        return [Mapping(line) for line in maps]


def find(pid, needles):
    """Where the process has any of them, but for files that it has mapped.

    Freed memory counts: what is looked through is all that it has.
    """
    found = []
    with open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
        for mapping in mappings(pid):
            if mapping.is_file or "r" not in mapping.rights or \
                    mapping.path.startswith("[v"):  # the kernel's own
                continue
            memory.seek(mapping.start)
            try:
                content = memory.read(mapping.end - mapping.start)
            except OSError:  # given back just now
                continue
            found += [(mapping, hex(content.find(needle)), needle)
                      for needle in needles if needle in content]
    return found
