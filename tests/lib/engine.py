"""A real engine, valkey-server or redis-server, in a directory of its own, with
the settings of conf/tlsmgr-engine.conf.sample; and a proxy in front of it that
delays, garbles and replays.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

from waiting import wait_until

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
SAMPLE = os.path.join(TOP, "conf", "tlsmgr-engine.conf.sample")
PASSWORD = "correct-horse"
ADMIN = "battery-staple"
USER = "tlsmgr " + PASSWORD


def program():
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name) or shutil.which(name, path="/usr/sbin")
        if path:
            return path
    return None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Connection:
    """The protocol of the engine, as much of it as tests need."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=10)
        self.file = self.socket.makefile("rb")

    def send(self, *words):
        out = b"*%d\r\n" % len(words)
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            out += b"$%d\r\n%s\r\n" % (len(word), word)
        self.socket.sendall(out)

    def reply(self):
        line = self.file.readline()
        assert line.endswith(b"\r\n"), line
        kind, text = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(text.decode())
        if kind == b":":
            return int(text)
        if kind == b"$":
            if text == b"-1":
                return None
            data = self.file.read(int(text) + 2)
            return data[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(text))]
        return text

    def ask(self, *words):
        self.send(*words)
        return self.reply()

    def close(self):
        self.file.close()
        self.socket.close()


class Engine:
    """Started and stopped as often as wanted, on the same port."""

    def __init__(self, directory, *settings):
        self.directory = directory
        self.port = free_port()
        self.settings = settings
        self.process = None
        os.makedirs(directory, exist_ok=True)

    @property
    def server(self):
        return "127.0.0.1:%d" % self.port

    def _configure(self):
        with open(SAMPLE) as sample:
            text = sample.read()
        text = text.replace("CHANGE-THIS-PASSWORD",
                            PASSWORD)
        text = re.sub("(?m)^user default off$",
                      "user default on >%s ~* +@all" %
                      ADMIN, text)
        text = re.sub("(?m)^port .*$", "port %d" % self.port, text)
        # By default a replica is kept waiting for five seconds.
        text += "\nrepl-diskless-sync-delay 0\n"
        text += "dir %s\nlogfile %s/log\n" % (self.directory, self.directory)
        text += "\n".join(self.settings) + "\n"
        path = os.path.join(self.directory, "conf")
        with open(path, "w") as output:
            output.write(text)
        return path

    def start(self):
        self.process = subprocess.Popen(
            [program(), self._configure()], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers, "an engine on port %d" % self.port)
        return self

    def _answers(self):
        assert self.process.poll() is None, self.log()
        try:
            connection = self.connect()
        except OSError:
            return False
        with connection.socket:
            return connection.ask("PING") == b"PONG"

    def log(self):
        with open(os.path.join(self.directory, "log")) as log:
            return log.read()

    def connect(self):
        connection = Connection(("127.0.0.1", self.port))
        connection.ask("AUTH", "default", ADMIN)
        return connection

    def ask(self, *words):
        connection = self.connect()
        try:
            return connection.ask(*words)
        finally:
            connection.close()

    def names(self):
        """Of all entries, but for probes."""
        return {name for name in self.ask("KEYS", "*")
                if b":probe:" not in name}

    def signal(self, number):
        self.process.send_signal(number)

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def stop(self):
        if self.process is None:
            return
        self.resume()
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        self.stop()


class Proxy:
    """Between hosts and an engine. change(bytes) is called for each piece that
    the engine says, and gives what is said instead (None: hang up); delay_s is
    how long it takes. With is_cut nothing that it says arrives."""

    def __init__(self, engine):
        self.engine = engine
        self.delay_s = 0
        self.is_cut = False
        self.change = lambda data: data
        self.accepted = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.server = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.pairs = set()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                return
            self.accepted += 1
            try:
                server = socket.create_connection(
                    ("127.0.0.1", self.engine.port))
            except OSError:
                client.close()
                continue
            pair = (client, server)
            self.pairs.add(pair)
            for source, to, is_reply in ((client, server, False),
                                         (server, client, True)):
                threading.Thread(target=self._copy, daemon=True,
                                 args=(pair, source, to, is_reply)).start()

    def _copy(self, pair, source, to, is_reply):
        try:
            while True:
                data = source.recv(65536)
                if data and is_reply:
                    if self.is_cut:
                        continue
                    if self.delay_s:
                        time.sleep(self.delay_s)
                    data = self.change(data)
                if not data:
                    break
                to.sendall(data)
        except OSError:
            pass
        self.hang_up(pair)

    def hang_up(self, pair=None):
        for each in [pair] if pair else list(self.pairs):
            self.pairs.discard(each)
            for end in each:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                end.close()

    def close(self):
        # accept(2) is not ended by close(2) alone.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.hang_up()
        self.thread.join()
