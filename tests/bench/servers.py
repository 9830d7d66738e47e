"""The servers that are measured, started as master(8) would start them.

    with Ours() as server:          # or Stock(), or Floor("lookup", 1500)
        server.start()
        load.run(server, "lookup")
        print(server.cpu_s(), server.memory())
"""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
sys.path.insert(0, str(REPOSITORY / "tests" / "lib"))

import fake_master  # noqa: E402
import installed  # noqa: E402
from waiting import wait_until  # noqa: E402

BUILD = pathlib.Path(os.environ.get("TLSMGR_BUILD",
                                 REPOSITORY / "build"))

CACHE_TIMEOUT_S = 3600
START_DEADLINE_S = 120.0

# Where throughput is measured, the server has one core and the load generator
# another; else the scheduler puts both on one now and then.
CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPU, CLIENT_CPU = CPUS[0], CPUS[-1]

# master(8) wakes up for each status record. Here they are taken in batches
# and from a buffer that does not fill up, which takes nothing from the time
# of a daemon that writes two for each request. So stock is measured at its
# best, and one core of two is not spent on the records.
STATUS_BUFFER_LEN = 8 << 20
STATUS_INTERVAL_S = 0.005


def _relay_end_of_file(records, master_end):
    """Take records away until either side closes."""
    records.setblocking(False)
    master_end.setblocking(False)
    while True:
        time.sleep(STATUS_INTERVAL_S)
        for end in (records, master_end):
            try:
                while end.recv(1 << 20):
                    pass
            except BlockingIOError:
                continue
            except OSError:
                pass
            records.close()
            master_end.close()
            return


def _unhurried_socket():
    """A status channel whose records never reach the pump of FakeMaster."""
    records, daemon_end = socket.socketpair()
    so_sndbufforce = 32
    daemon_end.setsockopt(socket.SOL_SOCKET, so_sndbufforce,
                          STATUS_BUFFER_LEN)
    pump_end, master_end = socket.socketpair()
    threading.Thread(target=_relay_end_of_file, args=(records, master_end),
                     daemon=True).start()
    return [pump_end.detach(), daemon_end.detach()]


fake_master.STATUS_CHANNELS["unhurried"] = _unhurried_socket


class _Process:
    """The process `self.pid`, and what /proc says of it."""

    is_pinned = False

    def pin(self):
        """Keep it to its core, and load generators to theirs."""
        os.sched_setaffinity(self.pid, {SERVER_CPU})
        self.is_pinned = True

    def cpu_s(self):
        """CPU time used so far."""
        with open("/proc/%d/schedstat" % self.pid) as text:
            return int(text.read().split()[0]) / 1e9

    def memory(self):
        """Resident bytes: in all, and what is backed by no file."""
        sizes = {}
        with open("/proc/%d/status" % self.pid) as text:
            for line in text:
                name, _, value = line.partition(":")
                if name in ("VmRSS", "RssAnon", "RssShmem", "VmHWM"):
                    sizes[name] = int(value.split()[0]) * 1024
        return {"rss": sizes["VmRSS"],
                "anonymous": sizes["RssAnon"] + sizes["RssShmem"],
                "peak": sizes["VmHWM"]}


class _Daemon(_Process):
    """A tlsmgr under a fake master, with one server side cache."""

    def __init__(self, settings=None, own_settings=None):
        base = {"smtpd_tls_session_cache_database":
                "btree:${data_directory}/smtpd_scache",
                "smtpd_tls_session_cache_timeout": CACHE_TIMEOUT_S}
        base.update(settings or {})
        self.master = fake_master.FakeMaster(self.binary(), base,
                                             own_settings)
        self.timeout_s = base["smtpd_tls_session_cache_timeout"]
        self.announced = self.master.announced
        self.socket_path = self.master.socket_path
        self.daemon = None

    def start(self, environment=None, arguments=()):
        """Returns the seconds until the first answer."""
        started = time.monotonic()
        self.daemon = self.master.start(*arguments, status="unhurried",
                                        environment=environment)
        with self.master.client(START_DEADLINE_S) as client:
            client.policy("smtpd")
        return time.monotonic() - started

    @property
    def pid(self):
        # Signals and /proc; env(1) has replaced itself with the daemon.
        return self.daemon.pid

    def disk_bytes(self):
        """What the cache takes on disk, and how long its files are."""
        used = length = 0
        for path in pathlib.Path(self.master.data_directory).iterdir():
            if path.name != "prng_exch":
                status = path.stat()
                used += status.st_blocks * 512
                length += status.st_size
        return {"used": used, "length": length}

    def stop(self):
        """As `postfix stop` does; returns the seconds that it took."""
        started = time.monotonic()
        self.daemon.signal(signal.SIGTERM)
        self.daemon.wait(START_DEADLINE_S)
        return time.monotonic() - started

    def kill(self):
        self.daemon.kill()

    def log(self):
        return self.master.messages()

    def close(self):
        self.master.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Stock(_Daemon):
    name = "stock"

    @staticmethod
    def binary():
        return installed.stock_tlsmgr()


class Ours(_Daemon):
    name = "ours"

    @staticmethod
    def binary():
        return os.environ.get("TLSMGR_BINARY", str(BUILD / "tlsmgr"))


class Floor(_Process):
    """epoll_wait, read, write."""

    name = "floor"

    def __init__(self, operation, session_len):
        self._directory = tempfile.TemporaryDirectory(prefix="tlsmgr-bench.")
        self.socket_path = self._directory.name + "/floor"
        self.announced = True
        self.timeout_s = CACHE_TIMEOUT_S
        self._command = [str(BUILD / "bench" / "floor"), self.socket_path,
                         operation, str(session_len)]
        self._process = None

    def start(self):
        self._process = subprocess.Popen(self._command)
        wait_until(lambda: os.path.exists(self.socket_path), "floor")

    @property
    def pid(self):
        return self._process.pid

    def close(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._directory.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
