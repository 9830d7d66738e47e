"""A client of tlsmgr(8): attribute lists over a UNIX stream socket."""

import base64
import os
import select
import socket
import struct
import time

OK, ERR, FAIL = 0, -1, -2

ANNOUNCEMENT = [("protocol", "tlsmgr_protocol")]
TICKET_KEY = struct.Struct("16s32s32sq")

# For clients that are not told otherwise. A daemon under valgrind is slow.
reply_timeout_s = 60 if os.environ.get("TLSMGR_WRAP") else 10


class Closed(Exception):
    """The other side closed the connection."""


class Silence(Exception):
    """Nothing came within the time allowed."""


def to_bytes(text):
    return text if isinstance(text, bytes) else str(text).encode("utf-8")


def to_base64(data):
    return base64.b64encode(data).decode("ascii")


def encode(pairs):
    """The wire form of a list of (name, value)."""
    out = bytearray()
    for name, value in pairs:
        out += to_bytes(name) + b"\0" + to_bytes(value) + b"\0"
    return bytes(out + b"\0")


class Reply(list):
    """Attributes in the order of their arrival: [(name, value), ...]."""

    def value(self, name):
        values = [value for key, value in self if key == name]
        assert len(values) == 1, "%s in %r" % (name, self)
        return values[0]

    def names(self):
        return [name for name, _ in self]

    def number(self, name):
        """A signed int, which travels as an unsigned one."""
        text = self.value(name)
        assert text.isdigit(), "%s=%r" % (name, text)
        number = int(text)
        assert number < 1 << 32, "%s=%r" % (name, text)
        return number - (1 << 32) if number >= 1 << 31 else number

    def data(self, name):
        return base64.b64decode(self.value(name), validate=True)

    @property
    def status(self):
        return self.number("status")


class Client:
    """One connection. With `announced`, the announcement is read first."""

    def __init__(self, path, announced, timeout_s=None):
        timeout_s = timeout_s or reply_timeout_s
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # With a timeout, a full backlog would be an error at once.
            connection.connect(path)
        except BaseException:
            connection.close()
            raise
        self._adopt(connection, announced, timeout_s)

    @classmethod
    def over(cls, connection, announced):
        """A client that uses a connected socket."""
        client = cls.__new__(cls)
        client._adopt(connection, announced, reply_timeout_s)
        return client

    def _adopt(self, connection, announced, timeout_s):
        connection.settimeout(timeout_s)
        self.socket = connection
        self.timeout_s = timeout_s
        self._announced = announced
        self._input = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # Bytes

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise Closed("while sending") from None

    def send_in_pieces(self, data, size=1):
        """One write, one packet of a stream, per piece."""
        for start in range(0, len(data), size):
            self.send(data[start:start + size])

    def _fill(self, deadline):
        remaining_s = max(0.0, deadline - time.monotonic())
        if not select.select([self.socket], [], [], remaining_s)[0]:
            raise Silence("after %r" % bytes(self._input[:200]))
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Closed("after %r" % bytes(self._input[:200]))
        self._input += data

    def wait_closed(self, timeout_s=None):
        """Read to the end: what had arrived, without the announcement."""
        self.read_announcement()
        deadline = time.monotonic() + (timeout_s or self.timeout_s)
        try:
            while True:
                self._fill(deadline)
        except Closed:
            return bytes(self._input)

    def is_readable(self):
        """Is anything there that was not asked for, or the end?"""
        return bool(self._input or
                    select.select([self.socket], [], [], 0)[0])

    # Attribute lists

    def _receive_list(self, deadline):
        position, strings = 0, []
        while True:
            end = self._input.find(b"\0", position)
            if end < 0:
                self._fill(deadline)
                continue
            if end == position and len(strings) % 2 == 0:
                del self._input[:end + 1]
                return Reply(zip(strings[::2], strings[1::2]))
            strings.append(self._input[position:end].decode("latin-1"))
            position = end + 1

    def read_announcement(self):
        """Read it if it is due, and is still to come."""
        if self._announced:
            self._announced = False
            greeting = self._receive_list(time.monotonic() + self.timeout_s)
            assert greeting == ANNOUNCEMENT, greeting

    def receive(self, timeout_s=None):
        self.read_announcement()
        return self._receive_list(
            time.monotonic() + (timeout_s or self.timeout_s))

    def ask(self, pairs, timeout_s=None):
        """Send a list of (name, value), receive one list."""
        self.read_announcement()
        self.send(encode(pairs))
        return self.receive(timeout_s)

    # Requests

    def seed(self, size):
        return self.ask([("request", "seed"), ("size", size)])

    def policy(self, cache_type):
        return self.ask([("request", "policy"), ("cache_type", cache_type)])

    def lookup(self, cache_type, cache_id):
        return self.ask(lookup_request(cache_type, cache_id))

    def update(self, cache_type, cache_id, session):
        return self.ask(update_request(cache_type, cache_id, session))

    def delete(self, cache_type, cache_id):
        return self.ask([("request", "delete"), ("cache_type", cache_type),
                         ("cache_id", cache_id)])

    def ticket_key(self, name=b""):
        return self.ask([("request", "tktkey"), ("keyname", to_base64(name))])


def lookup_request(cache_type, cache_id):
    return [("request", "lookup"), ("cache_type", cache_type),
            ("cache_id", cache_id)]


def update_request(cache_type, cache_id, session):
    return [("request", "update"), ("cache_type", cache_type),
            ("cache_id", cache_id), ("session", to_base64(session))]
