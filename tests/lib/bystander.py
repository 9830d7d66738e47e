"""A client in a process of its own that measures how long it has to wait.

    with Bystander(master, "seed", "lookup") as bystander:
        ...
        print(bystander.look())

It asks all the time, one request after the other. None may fail: what it
looks up has been stored under the key "bystander".
"""

import json
import os
import subprocess
import sys
import time

import attributes


class Waits:
    """Of the requests since the last look: how many, and how long in ms."""

    def __init__(self, count, median, high, longest):
        self.count, self.median, self.longest = count, median, longest
        self.high = high  # 99 of 100 took no longer

    def __str__(self):
        return "%d requests: median %.2f, 99%% %.2f, longest %.1f ms" % (
            self.count, self.median, self.high, self.longest)


class Bystander:
    def __init__(self, master, *requests):
        self._arguments = [master.socket_path, str(int(master.announced)),
                           *requests]

    def __enter__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-B", os.path.abspath(__file__),
             *self._arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            universal_newlines=True, bufsize=1)
        assert self._process.stdout.readline() == "ready\n"
        return self

    def look(self):
        """Waits since the last look."""
        return self._order("0")

    def measure(self, count):
        """Waits of so many requests from now on."""
        return self._order(str(count))

    def _order(self, text):
        self._process.stdin.write(text + "\n")
        return Waits(*json.loads(self._process.stdout.readline()))

    def __exit__(self, kind, *_):
        self._process.stdin.close()
        self._process.stdout.read()
        assert self._process.wait() == 0 or kind is not None
        self._process.stdout.close()


# The process

REQUESTS = {
    "seed": [("request", "seed"), ("size", "32")],
    "policy": [("request", "policy"), ("cache_type", "smtpd")],
    "ticket_key": [("request", "tktkey"), ("keyname", "")],
    "lookup": attributes.lookup_request("smtpd", "bystander"),
    "update": attributes.update_request("smtpd", "bystander", bytes(1500)),
}

LOOK_EVERY = 16  # rounds of requests


class Asking:
    """One connection, and how long each answer took."""

    def __init__(self, client, requests):
        self._client, self._requests = client, requests
        self._waits_s = []

    def ask(self, rounds):
        for request in self._requests * rounds:
            started = time.monotonic()
            assert self._client.ask(request).status == attributes.OK
            self._waits_s.append(time.monotonic() - started)

    def forget(self):
        self._waits_s = []

    def summary(self):
        waits = sorted(1000 * each for each in self._waits_s)
        count = len(waits)
        return [count, waits[count // 2], waits[count * 99 // 100], waits[-1]]


def read_order():
    """None: nothing is there; b"": the end."""
    try:
        return os.read(sys.stdin.fileno(), 100)
    except BlockingIOError:
        return None


def main(path, announced, *names):
    requests = [REQUESTS[name] for name in names]
    os.set_blocking(sys.stdin.fileno(), False)
    with attributes.Client(path, announced == "1", 60) as client:
        client.read_announcement()
        print("ready", flush=True)
        asking = Asking(client, requests)
        order = None
        while order != b"":
            asking.ask(LOOK_EVERY)
            order = read_order()
            if not order:
                continue
            if int(order) > 0:
                asking.forget()
                asking.ask(max(1, int(order) // len(requests)))
            print(json.dumps(asking.summary()), flush=True)
            asking.forget()


if __name__ == "__main__":
    main(*sys.argv[1:])
