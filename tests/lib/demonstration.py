"""What make run and make run-fleet have in common: how they begin and end."""

import os
import pathlib
import signal
import sys

import key_directories

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def say(text=""):
    print(text, flush=True)


def main(run, target):
    """run(binary, is_kept) as root, with TLSMGR_BINARY and KEEP: its status."""
    if os.geteuid() != 0:
        say("This needs root: it starts Postfix. Try: sudo make " + target)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    binary = os.environ.get("TLSMGR_BINARY",
                            str(REPOSITORY / "build" / "tlsmgr"))
    if not os.access(binary, os.X_OK):
        say("There is no %s. Try: make" % binary)
        return 1
    if os.environ.get("KEEP", "") not in ("", "0"):
        return run(binary, True)
    with key_directories.left_as_they_were():
        return run(binary, False)
