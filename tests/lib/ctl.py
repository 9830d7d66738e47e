"""tlsmgrctl(8), and a daemon for it that says whatever a test wants."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading

import attributes
import installed

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("TLSMGR_BUILD", REPOSITORY + "/build"),
                       "tlsmgrctl")
TIMEOUT_S = 60


class Result:
    def __init__(self, process):
        self.status = process.returncode
        self.out = process.stdout
        self.err = process.stderr

    def __repr__(self):
        return "exit status %d\n%s\n%s" % (
            self.status, self.out.decode("utf-8", "backslashreplace"),
            self.err.decode("utf-8", "backslashreplace"))

    @property
    def text(self):
        return self.out.decode("ascii")

    @property
    def complaint(self):
        return self.err.decode("ascii")


def run(config_directory, *arguments, user=None, **keywords):
    """Run it; `user` (root only): as that user. Output is bytes."""
    if user:
        return run_as(user, config_directory, arguments, keywords)
    return start(PROGRAM, config_directory, arguments, keywords)


def run_as(user, config_directory, arguments, keywords):
    """With a program that this user can reach, wherever the build is."""
    entry = pwd.getpwnam(user)
    with tempfile.TemporaryDirectory(prefix="tlsmgr-ctl.") as directory:
        os.chmod(directory, 0o755)
        return start(shutil.copy(PROGRAM, directory), config_directory,
                     arguments, dict(keywords, user=entry.pw_uid,
                                     group=entry.pw_gid, extra_groups=[],
                                     cwd="/"))


def start(program, config_directory, arguments, keywords):
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C",
                   "TZ": "UTC", "TERM": "xterm"}
    if config_directory:
        environment["MAIL_CONFIG"] = config_directory
    environment.update(installed.sanitizer_options())
    environment.update(keywords.pop("environment", {}))
    return Result(subprocess.run(
        [program, *arguments], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
        timeout=TIMEOUT_S, check=False, **keywords))


def run_closed(config_directory, closed, *arguments):
    """Run it from a shell that closes descriptors: `closed` is "1>&-", say."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C",
                   "MAIL_CONFIG": config_directory}
    environment.update(installed.sanitizer_options())
    return Result(subprocess.run(
        ["sh", "-c", 'exec "$0" "$@" ' + closed, PROGRAM, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=environment, timeout=TIMEOUT_S,
        check=False))


def number(value):
    """As an int attribute has it."""
    return str(value & 0xffffffff)


def reply(status, *pairs):
    return attributes.encode([("status", number(status)), *pairs])


def statistics(**values):
    """The answer to `stats` of a daemon with no caches, and these values."""
    known = {"version": "1.0", "postfix_version": "3.7.11", "pid": "77",
             "started_at": "1700000000"}
    for cache in ("smtpd", "smtp", "lmtp"):
        known[cache + ".enabled"] = "0"
    known.update(values)
    return reply(0, *known.items())


def end(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other side has done that


class Impostor:
    """A socket where tlsmgr's would be, and a program behind it.

    answer(request) is given the request as a dictionary and returns bytes, a
    list of bytes to be sent one after the other, or None for silence;
    `greeting` is sent first. A function that raises ends the connection.
    """

    def __init__(self, answer, greeting=b""):
        self.answer = answer
        self.greeting = greeting
        self.requests = []
        self.directory = tempfile.mkdtemp(prefix="tlsmgr-ctl.")
        os.chmod(self.directory, 0o755)
        self.config_directory = self.directory + "/etc"
        self.queue_directory = self.directory + "/queue"
        os.mkdir(self.config_directory)
        os.makedirs(self.queue_directory + "/private")
        os.chmod(self.config_directory, 0o755)
        with open(self.config_directory + "/main.cf", "w") as output:
            output.write("compatibility_level = %s\nqueue_directory = %s\n" % (
                installed.compatibility_level(), self.queue_directory))
        self.socket_path = self.queue_directory + "/private/tlsmgr"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.socket_path)
        os.chmod(self.socket_path, 0o666)  # as master(8) makes them
        self.listener.listen(16)
        self._serving = []  # (thread, connection)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve,
                                      args=(connection,), daemon=True)
            self._serving.append((thread, connection))
            thread.start()

    def _serve(self, connection):
        try:
            connection.sendall(self.greeting)
            client = attributes.Client.over(connection, announced=False)
            client.timeout_s = TIMEOUT_S
            while True:
                request = dict(client.receive(TIMEOUT_S))
                self.requests.append(request)
                answer = self.answer(request)
                if answer is None:
                    continue
                for piece in [answer] if isinstance(answer, bytes) else answer:
                    connection.sendall(piece)
        except (attributes.Closed, attributes.Silence, OSError, EOFError):
            end(connection)

    def run(self, *arguments, **keywords):
        return run(self.config_directory, *arguments, **keywords)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._thread.join()
        for thread, connection in self._serving:
            end(connection)
            thread.join()
            connection.close()
        shutil.rmtree(self.directory)
