"""A network of this process's own, with nothing in it but its loopback.

Threads and processes that are started inside are in it too; it is gone with
the last of them. Root is needed.
"""

import contextlib
import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWNET = 0x40000000
SIOCSIFADDR, SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8916, 0x8913, 0x8914
IFF_UP = 1
NAMESPACE = "/proc/thread-self/ns/net"

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _bring_up(addresses):
    """lo, and an alias of it for each address besides 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH22x", b"lo", 0)
        flags = struct.unpack_from("16sH", fcntl.ioctl(
            control, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS,
                    struct.pack("16sH22x", b"lo", flags | IFF_UP))
        for number, address in enumerate(addresses):
            fcntl.ioctl(control, SIOCSIFADDR, struct.pack(
                "16sHH4s16x", b"lo:%d" % (number + 1), socket.AF_INET, 0,
                socket.inet_aton(address)))


@contextlib.contextmanager
def own_network(addresses=()):
    """The calling thread is back in the network of before afterwards."""
    before = os.open(NAMESPACE, os.O_RDONLY)
    try:
        _check(_libc.unshare(CLONE_NEWNET))
        try:
            _bring_up(addresses)
            yield
        finally:
            _check(_libc.setns(before, CLONE_NEWNET))
    finally:
        os.close(before)
