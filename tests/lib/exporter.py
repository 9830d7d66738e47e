"""A running `tlsmgrctl exporter`, and what a client of HTTP gets of it."""

import http.client
import os
import re
import signal
import socket
import subprocess

import ctl
import installed

PROMISED_S = 2.0
# What a busy machine adds to that.
SLACK_S = 5.0
# A sanitizer keeps what was freed.
COUNTS_MEMORY = "ASAN_OPTIONS" not in os.environ


class Exporter:
    """A running `tlsmgrctl exporter`."""

    def __init__(self, config_directory, address="127.0.0.1:0",
                 program=(ctl.PROGRAM,)):
        self.process = subprocess.Popen(
            [*program, "-c", config_directory, "exporter", address],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", **installed.sanitizer_options()})
        line = self.process.stdout.readline().decode()
        found = re.fullmatch(
            r"Statistics are at http://\[?([0-9a-f.:]+?)\]?:(\d+)/metrics\n",
            line)
        assert found, (line, self.process.communicate())
        self.address = found.group(1), int(found.group(2))

    def connect(self):
        return socket.create_connection(self.address,
                                        timeout=PROMISED_S + SLACK_S)

    def ask(self, data):
        """Raw bytes; all that comes back until the end."""
        with self.connect() as connection:
            connection.sendall(data)
            return receive_all(connection)

    def get(self, path="/metrics", method="GET", accept=None):
        """(status, headers, text)"""
        connection = http.client.HTTPConnection(
            *self.address, timeout=PROMISED_S + SLACK_S)
        try:
            connection.request(method, path,
                               headers={"Accept": accept} if accept else {})
            response = connection.getresponse()
            return (response.status, dict(response.getheaders()),
                    response.read().decode())
        finally:
            connection.close()

    def is_up(self):
        return "\ntlsmgr_up 1\n" in self.get()[2]

    def memory_kb(self):
        if not COUNTS_MEMORY:
            return 0
        with open("/proc/%d/status" % self.process.pid) as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB",
                                 status.read()).group(1))

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def children(self):
        path = "/proc/{0}/task/{0}/children".format(self.process.pid)
        with open(path) as children:
            return children.read().split()

    def end(self, pid=None):
        """Its exit status and what it complained of; `pid`: of the process
        that is to get the signal, where another one started it."""
        os.kill(pid or self.process.pid, signal.SIGTERM)
        _, complaints = self.process.communicate(timeout=30)
        assert b"Sanitizer" not in complaints, complaints
        return self.process.returncode, complaints.decode()


def receive_all(connection):
    received = bytearray()
    try:
        while True:
            data = connection.recv(65536)
            if not data:
                break
            received += data
    except ConnectionResetError:
        pass  # it did not read all that was sent
    return bytes(received)
