"""What master(8) does for a tlsmgr, without a Postfix.

    with FakeMaster(binary, {"tls_random_bytes": "16"}) as master:
        daemon = master.start()
        with master.client() as client:
            print(client.seed(32).data("seed"))
        daemon.hang_up()
        assert daemon.wait() == 0

A FakeMaster owns a temporary directory (configuration, queue, data), the
listening socket and the log socket, and starts any number of daemons, one
after the other or overlapping. Root is needed.
"""

import fcntl
import os
import pwd
import re
import select
import shutil
import signal
import socket
import struct
import tempfile
import threading
import time

import attributes
import installed
import key_directories
from pump import Pump
from waiting import DEADLINE_S, wait_until

BASE_ARGUMENTS = ("-l", "-n", "tlsmgr", "-t", "unix", "-u")
STATUS_RECORD = struct.Struct("3i")
FIRST_LISTEN_FD = 6
WRAP = os.environ.get("TLSMGR_WRAP", "").split()  # valgrind, say
# It makes system calls of its own in the daemon's process.
WRAPPED = ["-o", "tlsmgr_sandbox=no"] if "valgrind" in WRAP else []
LONG_AGO = 1000000000  # stock reads a main.cf of this second again and again


def socket_pair():
    return [end.detach() for end in socket.socketpair()]


def full_pipe():
    """A pipe that takes not one byte more; the writer would wait."""
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    try:
        while True:
            os.write(write_fd, bytes(select.PIPE_BUF))
    except BlockingIOError:
        os.set_blocking(write_fd, True)
        return read_fd, write_fd


# "socket" is what master uses; the end of a "full" one is not read.
STATUS_CHANNELS = {"socket": socket_pair, "pipe": os.pipe, "full": full_pipe}


class StatusRecord:
    """What the daemon told its master, and when."""

    def __init__(self, data):
        self.at = time.monotonic()
        self.pid, self.generation, self.available = STATUS_RECORD.unpack(data)

    def __repr__(self):
        return "{%d, %d, %d}" % (self.pid, self.generation, self.available)


class Daemon:
    """A process started by FakeMaster.start()."""

    def __init__(self, pump, pid, status_fd, stderr_fd, is_status_read):
        self.pid = pid
        self.status = []         # StatusRecord
        self.stderr = bytearray()
        self.exit_status = None  # negative: killed by that signal
        self.ran_s = None        # from the start to the end
        self._started_at = time.monotonic()
        self._pump = pump
        self._pidfd = os.pidfd_open(pid)
        self._status_fd = status_fd
        self._close_status = pump.remove if is_status_read else os.close
        self._status_bytes = bytearray()
        self._stderr_ended = threading.Event()
        if is_status_read:
            pump.add(status_fd, self._read_status)
        pump.add(stderr_fd, self._read_stderr)

    def _read_status(self, data):
        self._status_bytes += data
        while len(self._status_bytes) >= STATUS_RECORD.size:
            record = bytes(self._status_bytes[:STATUS_RECORD.size])
            del self._status_bytes[:STATUS_RECORD.size]
            self.status.append(StatusRecord(record))
        if not data:
            self._status_fd = None

    def _read_stderr(self, data):
        self.stderr += data
        if not data:
            self._stderr_ended.set()

    def hang_up(self):
        """Close master's end of the status channel, as at a reload."""
        if self._status_fd is not None:
            self._close_status(self._status_fd)
            self._status_fd = None

    def signal(self, number):
        if self.exit_status is None:
            signal.pidfd_send_signal(self._pidfd, number)

    def has_pending(self, number):
        """Has a signal been sent that it has not got yet?"""
        with open("/proc/%d/status" % self.pid) as status:
            pending = [int(line.split()[1], 16) for line in status
                       if line.startswith(("SigPnd:", "ShdPnd:"))]
        return any(mask >> (number - 1) & 1 for mask in pending)

    def fileno(self):
        """For select(2): readable at the end of the process."""
        return self._pidfd

    def is_running(self):
        return self.wait_or_none(0) is None

    def wait_or_none(self, timeout_s):
        """The exit status, or None if the process still runs by then."""
        if self.exit_status is None and \
                select.select([self._pidfd], [], [], timeout_s)[0]:
            _, status = os.waitpid(self.pid, 0)
            self.exit_status = -os.WTERMSIG(status) \
                if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            self.ran_s = time.monotonic() - self._started_at
            os.close(self._pidfd)
            self._stderr_ended.wait(DEADLINE_S)
        return self.exit_status

    def wait(self, timeout_s=DEADLINE_S):
        """The exit status; TimeoutError if the process does not end."""
        status = self.wait_or_none(timeout_s)
        if status is None:
            raise TimeoutError("process still there after %g s" % timeout_s)
        return status

    def terminate(self, timeout_s=DEADLINE_S):
        self.signal(signal.SIGTERM)
        return self.wait(timeout_s)

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.wait()

    def close(self):
        if self.is_running():
            self.signal(signal.SIGCONT)
            self.kill()
        self.hang_up()


class FakeMaster:
    """`announced`: whether clients are to expect the announcement."""

    def __init__(self, binary, settings=None, own_settings=None,
                 announced=None):
        self.binary = os.path.abspath(binary)
        self.announced = installed.announces() if announced is None \
            else announced
        self.daemons = []
        self.log = []  # every line, whole
        self._log_lock = threading.Lock()
        self.owner = pwd.getpwnam(installed.mail_owner())
        self.pump = Pump()
        self.directory = tempfile.mkdtemp(prefix="tlsmgr-test.")
        try:
            self._make_directories()
            self.configure(settings, own_settings)
            self._listen()
        except BaseException:
            self.close()
            raise

    # The surroundings

    def _make_directories(self):
        os.chmod(self.directory, 0o755)
        self.config_directory = self._make("etc")
        self.queue_directory = self._make("queue")
        self.data_directory = self._make("data", owned=True)
        self._make("queue/pid")
        self._make("queue/private", owned=True)
        self._make("queue/public", owned=True)
        self.socket_path = self.queue_directory + "/private/tlsmgr"
        self.exchange_path = self.data_directory + "/prng_exch"
        with open(self.config_directory + "/master.cf", "w"):
            pass

    def _make(self, name, owned=False):
        path = os.path.join(self.directory, name)
        os.mkdir(path, 0o755)
        if owned:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
        return path

    def configure(self, settings=None, own_settings=None):
        """Write main.cf, and tlsmgr.cf if there is anything to put there.

        Settings are a dictionary, or text to stand behind the base of
        main.cf.
        """
        base = {"compatibility_level": installed.compatibility_level(),
                "queue_directory": self.queue_directory,
                "data_directory": self.data_directory,
                "myhostname": "mail.example.test",
                "maillog_file": "/var/log/unused.log"}
        if isinstance(settings, dict):
            base.update(settings)
        self.write_config("main.cf", as_main_cf(base) + (
            settings if isinstance(settings, str) else ""))
        if own_settings is not None:
            self.write_config("tlsmgr.cf", as_main_cf(own_settings))

    def write_config(self, name, text):
        path = os.path.join(self.config_directory, name)
        with open(path, "wb") as output:
            output.write(attributes.to_bytes(text))
        os.utime(path, (LONG_AGO, LONG_AGO))

    def forget_clients(self):
        """Those that no daemon accepted: with too many nobody can connect."""
        try:
            while True:
                self.listener.accept()[0].close()
        except BlockingIOError:
            pass

    def _listen(self):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.socket_path)
        self.listener.listen(128)
        self.listener.setblocking(False)
        os.chmod(self.socket_path, 0o666)
        path = self.queue_directory + "/public/postlog"
        log_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        log_socket.bind(path)
        os.chmod(path, 0o666)
        self._log_fd = log_socket.detach()
        self.resume_log()

    # Processes

    def start(self, *arguments, chroot=False, base=BASE_ARGUMENTS,
              generation=1, environment=None, stdin=None, stdout=None,
              status="socket", listeners=None):
        """Start a daemon with master's descriptors.

        stdin, stdout: descriptors to lend. status: see STATUS_CHANNELS.
        listeners: sockets to hand down instead of the one.
        """
        read_fd, write_fd = STATUS_CHANNELS[status]()
        flow = os.pipe()
        stderr_read, stderr_write = os.pipe()
        null = os.open(os.devnull, os.O_RDWR)
        inherited = [null if stdin is None else stdin,
                     null if stdout is None else stdout,
                     stderr_write, *flow, write_fd]
        inherited += [each.fileno()
                      for each in listeners or [self.listener]]
        command = ["/usr/bin/env", "-C", self.queue_directory, *WRAP,
                   self.binary, *base, *(["-c"] if chroot else []),
                   *WRAPPED, *arguments]
        try:
            pid = spawn(command, self._environment(generation, environment),
                        inherited)
        finally:
            for fd in (null, *flow, stderr_write, write_fd):
                os.close(fd)
        daemon = Daemon(self.pump, pid, read_fd, stderr_read,
                        is_status_read=status != "full")
        self.daemons.append(daemon)
        return daemon

    def _environment(self, generation, more):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C",
                       "MAIL_CONFIG": self.config_directory,
                       "MAIL_LOGTAG": "postfix",
                       "GENERATION": "%o" % generation,
                       "POSTLOG_SERVICE":
                           self.queue_directory + "/public/postlog",
                       "POSTLOG_HOSTNAME": "mail.example.test"}
        environment.update(installed.sanitizer_options())
        environment.update(more or {})
        return {name: value for name, value in environment.items()
                if value is not None}

    def client(self, timeout_s=None):
        return attributes.Client(self.socket_path, self.announced, timeout_s)

    def ask(self, pairs, timeout_s=None):
        """One request over a connection of its own."""
        with self.client(timeout_s) as client:
            return client.ask(pairs)

    def wait_ready(self):
        """The daemon answers: it has come through its start."""
        with self.client(DEADLINE_S) as client:
            return client.policy("smtpd")

    # The log

    def _read_log(self, data):
        if data:
            with self._log_lock:
                self.log.append(data.decode("utf-8", "backslashreplace"))

    def pause_log(self):
        """Read no log lines: postlogd(8) is busy, or not yet there again."""
        self.pump.pause(self._log_fd)

    def resume_log(self):
        os.set_blocking(self._log_fd, False)
        self.pump.add(self._log_fd, self._read_log)

    def log_mark(self):
        """A place in the log, to look only at what comes after."""
        self.pump.catch_up(self._log_fd)
        with self._log_lock:
            return len(self.log)

    def messages(self, since=0):
        """Lines without time, host, name and process id."""
        self.pump.catch_up(self._log_fd)
        with self._log_lock:
            lines = self.log[since:]
        return [re.sub(r"^.{15} \S+ [^ \[]+\[\d+\]: ", "", line)
                for line in lines]

    def remarks(self, since=0):
        """The same, but for the line of each start, and for what depends on
        the kernel and its headers."""
        return [line for line in self.messages(since) if not line.startswith(
            ("starting: ", "the sandbox is incomplete: "))]

    def wait_for_log(self, pattern, since=0, timeout_s=DEADLINE_S):
        """The first message that matches."""
        def find():
            for message in self.messages(since):
                if re.search(pattern, message):
                    return message
            return None
        return wait_until(
            find, lambda: "%r in the log: %r" %
            (pattern, self.messages(since)), timeout_s)

    # The end

    def close(self):
        for daemon in self.daemons:
            daemon.close()
        self.pump.close()
        if hasattr(self, "listener"):
            self.listener.close()
        key_directories.remove_of(self.queue_directory)
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def as_main_cf(settings):
    return "".join("%s = %s\n" % item for item in settings.items())


def spawn(command, environment, inherited):
    """Start a process with inherited[n] as its descriptor n, and no others."""
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in inherited]
    try:
        return os.posix_spawn(
            command[0], command, environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, fd, number)
                          for number, fd in enumerate(high)],
            # A shell ignores some for what it runs in the background.
            setsigdef=signal.valid_signals() - {signal.SIGKILL,
                                                signal.SIGSTOP},
            setsigmask=[])
    finally:
        for fd in high:
            os.close(fd)
