"""A host of a group: a daemon under a pretend master(8), with a file of
secrets, a client and a clock of its own."""

import base64
import os
import socket
import time

import ctl
from attributes import ERR, OK, TICKET_KEY
from clock_shift import ClockShift

TIMEOUT_S = 3600
EPOCH_S, SKEW_S = 1800, 60
SECRET = bytes(range(100, 132))
OTHER = bytes(range(48))


def text_of(*secrets):
    return "".join(base64.b64encode(secret).decode() + "\n"
                   for secret in secrets)


def clock_ahead_s(longest_s=180):
    """By how much clocks are to be ahead, so that no epoch ends by itself while
    a test runs that takes no longer."""
    left_s = EPOCH_S - (int(time.time()) + 1) % EPOCH_S
    return left_s + 300 if left_s <= longest_s else 0


class Host:
    """A daemon of a group, with a client and a clock."""

    def __init__(self, master, clock_s=0):
        self.master = master
        self.path = os.path.join(master.config_directory, "tlsmgr.secret")
        self.own = {"tlsmgr_shared_secret_file": self.path}
        self.settings = {
            "smtpd_tls_session_cache_timeout": str(TIMEOUT_S),
            "smtpd_tls_security_level": "may",
            "smtpd_tls_cert_file": master.directory + "/cert.pem"}
        self.clock = ClockShift(master.directory)
        self.clock.step(clock_s)
        self.client = None
        self.marks = 0
        self.chroot = False

    def give(self, *secrets, mode=0o600):
        self.write(text_of(*secrets), mode)

    def write(self, text, mode=0o600):
        if os.path.lexists(self.path):
            os.unlink(self.path)
        with open(self.path, "w") as output:
            output.write(text)
        os.chmod(self.path, mode)

    def start(self):
        self.master.configure(self.settings, self.own)
        self.daemon = self.master.start(chroot=self.chroot,
                                        environment=self.clock.environment)
        self.connect()

    def connect(self):
        if self.client:
            self.client.close()
        self.client = self.master.client()
        self.client.policy("smtpd")

    def again(self, end):
        """Another process, after an end of this one."""
        end(self.daemon)
        self.daemon.wait()
        self.start()

    def reload(self):
        self.again(lambda daemon: daemon.hang_up())

    def now(self):
        return time.time() + self.clock.seconds

    def key(self, name=b""):
        """(name, AES key, HMAC key, end), or None."""
        reply = self.client.ticket_key(name)
        if reply.status == ERR:
            return None
        assert reply.status == OK
        return TICKET_KEY.unpack(reply.data("keybuf"))

    def takes(self, key):
        """Does it take up a ticket of this key?"""
        found = self.key(key[0])
        assert found is None or found[:3] == key[:3]
        return found is not None

    def run(self, *arguments):
        return ctl.run(self.master.config_directory, *arguments)

    def log(self):
        """All lines so far: the socket of the log keeps their order."""
        self.marks += 1
        mark = "mark %d" % self.marks
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.sendto(mark.encode(),
                       self.master.queue_directory + "/public/postlog")
        self.master.wait_for_log(mark + "$")
        return self.master.messages()

    def warnings(self):
        return [line for line in self.log() if line.startswith("warning: ")]
