"""What was stored, who was told so, and what may therefore be found later.

Sessions describe themselves: from one that comes back it can be told under
which key it was stored, by which operation, and that it is whole.

An operation counts as settled when nothing may undo it any more. The daemon
promises that what survives a kill is a state that was: if an operation is
found, then all that were acknowledged before that one was sent are settled.
"""

import threading
import time
import zlib

from attributes import ERR, OK

ABSENT = 0


def session(key, number):
    """The session that operation `number` stores; of 50 bytes to 20 kB."""
    mark = b"%s#%d|" % (key.encode("ascii"), number)
    seed = zlib.crc32(mark)
    size = 50 + seed % (20000 if seed % 23 == 0 else 3000)
    return mark + (mark * (size // len(mark) + 1))[:size] + b"%08x" % seed


def number_of(key, data):
    """Which operation stored this; AssertionError if none ever did."""
    mark, _, _ = data.partition(b"|")
    name, _, number = mark.partition(b"#")
    assert name == key.encode("ascii") and number.isdigit(), \
        "under %s: %r" % (key, data[:80])
    assert data == session(key, int(number)), "torn: %r" % data[:80]
    return int(number)


class Operation:
    """A number, or ABSENT for a delete; and when it was."""

    def __init__(self, number):
        self.number = number
        self.sent_at = time.monotonic()
        self.acknowledged_at = None


class Ledger:
    """The keys of one client. Its thread writes; others read at rest."""

    def __init__(self):
        self._entries = {}  # key: [what is certain, Operation, ...]
        self._last_number = ABSENT
        self._hits = 0

    def keys(self):
        return list(self._entries)

    def operations(self):
        """Those since the last audit."""
        return [each for entry in self._entries.values()
                for each in entry[1:]]

    def take_hits(self):
        """Lookups that found a session since the last call."""
        hits, self._hits = self._hits, 0
        return hits

    # Requests; `strict`: nothing is in the way of carrying them out

    def update(self, client, key, strict=True):
        self._last_number += 1
        operation = self._begin(key, self._last_number)
        status = client.update(
            "smtpd", key, session(key, operation.number)).status
        assert status == OK or (status == ERR and not strict), status
        if status == OK:
            operation.acknowledged_at = time.monotonic()

    def delete(self, client, key, strict=True):
        present = self._numbers(key)
        operation = self._begin(key, ABSENT)
        status = client.delete("smtpd", key).status
        expected = [ERR if number == ABSENT else OK for number in present]
        assert status in expected or (status == ERR and not strict), status
        if status == OK or strict:
            operation.acknowledged_at = time.monotonic()

    def lookup(self, client, key, strict=True):
        found = look_up(client, key)
        assert found in self._numbers(key) or \
            (found == ABSENT and not strict), \
            "%s: %d, not one of %r" % (key, found, self._numbers(key))
        self._hits += found != ABSENT

    def _begin(self, key, number):
        operation = Operation(number)
        self._entries.setdefault(
            key, [Operation(ABSENT)]).append(operation)
        return operation

    def _numbers(self, key):
        """What may be there now, by all that this client was told."""
        numbers = []
        for operation in self._entries.get(key, [Operation(ABSENT)]):
            if operation.acknowledged_at is not None:
                numbers = []
            numbers.append(operation.number)
        return numbers

    # After a restart

    def find(self, client):
        """{key: what is there now}; each is whole, and was stored there."""
        return {key: look_up(client, key) for key in self._entries}

    def last_survivor_at(self, found):
        """When the last of the operations was sent that can be seen."""
        return max((operation.sent_at
                    for key, entry in self._entries.items()
                    for operation in entry[1:]
                    if operation.number == found[key] != ABSENT),
                   default=0.0)

    def audit(self, found, settled_at):
        """AssertionError if a settled operation was undone.

        What was found is what is certain from here on.
        """
        for key, entry in self._entries.items():
            settled = 0
            for at, operation in enumerate(entry):
                if operation.acknowledged_at is not None and \
                        operation.acknowledged_at <= settled_at:
                    settled = at
            allowed = [each.number for each in entry[settled:]]
            assert found[key] in allowed, \
                "%s: found %d, of %r only %r may be" % (
                    key, found[key], [each.number for each in entry], allowed)
            certain = Operation(found[key])
            certain.acknowledged_at = 0.0
            self._entries[key] = [certain]


def look_up(client, key):
    reply = client.lookup("smtpd", key)
    if reply.status == ERR:
        assert reply.data("session") == b""
        return ABSENT
    assert reply.status == OK, reply
    return number_of(key, reply.data("session"))


class Gate:
    """Workers pass while it is open, and are counted while it is closed."""

    def __init__(self, workers):
        self._condition = threading.Condition()
        self._workers = workers
        self._waiting = 0
        self._is_open = False
        self._is_over = False

    @property
    def is_open(self):
        return self._is_open

    def enter(self):
        """Wait until it is open. False: the end."""
        with self._condition:
            self._waiting += 1
            self._condition.notify_all()
            self._condition.wait_for(lambda: self._is_open or self._is_over)
            self._waiting -= 1
            return not self._is_over

    def open(self):
        with self._condition:
            self._is_open = True
            self._condition.notify_all()

    def shut(self):
        self._is_open = False

    def wait_empty(self):
        """Returns when all workers wait in front of it."""
        with self._condition:
            self._condition.wait_for(lambda: self._waiting == self._workers)

    def leave(self):
        """One worker less."""
        with self._condition:
            self._workers -= 1
            self._condition.notify_all()

    def end(self):
        with self._condition:
            self._is_over = True
            self._is_open = False
            self._condition.notify_all()
