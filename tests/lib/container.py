"""A service manager or a container that has a say in system calls.

    python3 container.py ACTION PROGRAM ARGUMENT...

runs the program where seccomp(2), its form as prctl(2), and Landlock fail with
EPERM ("refuse"), as in some containers, or end the process ("kill"), as with
SystemCallFilter=@system-service of systemd 252.
"""

import ctypes
import errno
import os
import struct
import sys

# Number of seccomp, prctl, landlock_create_ruleset; identity of the machine.
MACHINES = {"x86_64": (317, 157, 444, 0xc000003e),
            "aarch64": (277, 167, 444, 0xc00000b7)}
ACTIONS = {"refuse": 0x00050000 | errno.EPERM, "kill": 0x80000000}

LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16
ALLOW = 0x7fff0000
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2


def instruction(code, value, if_true=0, if_false=0):
    return struct.pack("HBBI", code, if_true, if_false, value)


def program(action):
    seccomp, prctl, landlock, machine = MACHINES[os.uname().machine]
    return [instruction(LOAD, MACHINE),
            instruction(EQUAL, machine, 0, 6),
            instruction(LOAD, NUMBER),
            instruction(EQUAL, seccomp, 5),
            instruction(EQUAL, landlock, 4),
            instruction(EQUAL, prctl, 0, 2),
            instruction(LOAD, FIRST_ARGUMENT),
            instruction(EQUAL, PR_SET_SECCOMP, 1),
            instruction(RETURN, ALLOW),
            instruction(RETURN, ACTIONS[action])]


def script(path, action, binary):
    """Make a program that runs another one in there."""
    with open(path, "w") as output:
        output.write('#!/bin/sh\nexec %s %s %s %s "$@"\n' % (
            sys.executable, os.path.abspath(__file__), action,
            os.path.abspath(binary)))
    os.chmod(path, 0o755)
    return path


def main(action, command):
    code = program(action)
    buffer = ctypes.create_string_buffer(b"".join(code))
    filter_ = struct.pack("HP", len(code), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
