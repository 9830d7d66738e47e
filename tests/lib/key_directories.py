"""Where daemons keep session ticket keys and the like by default, outside of
their instance.

A file there outlives the instance that it belonged to. Whoever made that has to
remove it, and no other, since other tests may run at the same time.
"""

import contextlib
import glob
import os
import shutil

DIRECTORIES = ("/run/tlsmgr", "/dev/shm/tlsmgr")

# As in checksum.c.
MULTIPLIERS = (0x6a09e667f3bcc909, 0xbb67ae8584caa73b,
               0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1)
WORD = (1 << 64) - 1


def contents():
    found = {path for path in DIRECTORIES if os.path.isdir(path)}
    return found | {os.path.join(path, name)
                    for path in found for name in os.listdir(path)}


def _avalanche(word):
    word ^= word >> 32
    word = word * MULTIPLIERS[1] & WORD
    word ^= word >> 29
    word = word * MULTIPLIERS[3] & WORD
    return word ^ word >> 32


def checksum(data):
    """checksum64() with a seed of 0."""
    lanes = [_avalanche(multiplier) for multiplier in MULTIPLIERS]
    stripes, rest = divmod(len(data), 32)
    words = stripes * 4 + (rest // 8 + 1 if rest else 0)
    padded = data.ljust(words * 8, b"\0")
    for i in range(words):
        word = int.from_bytes(padded[8 * i:8 * i + 8], "little")
        lane = (lanes[i % 4] ^ word) * MULTIPLIERS[i % 4] & WORD
        lanes[i % 4] = (lane << 29 | lane >> 35) & WORD
    total = len(data)
    for lane, multiplier in zip(lanes, MULTIPLIERS):
        total = _avalanche(total ^ lane) + multiplier & WORD
    return total


def _patterns_of(queue_directory):
    name = "%016x.*" % checksum(os.fsencode(queue_directory))
    return [os.path.join(path, name) for path in DIRECTORIES
            if os.path.isdir(path)]


def remove_of(queue_directory):
    """What an instance has there, which does not run any more."""
    for pattern in _patterns_of(queue_directory):
        for path in glob.glob(pattern):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.remove(path)


def removal_of(*queue_directories):
    """A command that does the same, for whoever stops them himself."""
    patterns = [pattern for each in queue_directories
                for pattern in _patterns_of(each)]
    if not patterns:
        return "true"
    return "rm -rf %s; rmdir --ignore-fail-on-non-empty %s" % (
        " ".join(patterns), " ".join(filter(os.path.isdir, DIRECTORIES)))


@contextlib.contextmanager
def left_as_they_were():
    """Directories that come into being meanwhile are removed."""
    before = contents()
    try:
        yield
    finally:
        for path in DIRECTORIES:
            if path not in before:
                with contextlib.suppress(OSError):
                    os.rmdir(path)
