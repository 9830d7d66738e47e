"""A private Postfix in a temporary directory, on loopback, with any tlsmgr.

The host's own Postfix and its files are read and never written: Postfix's
programs are copied into a daemon_directory of the instance, for master(8)
takes every command from there, and `postfix check` dislikes symbolic links.
Root is needed.
"""

import glob
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile

import attributes
import installed
import key_directories
from waiting import wait_until

TLSMGR_COMMAND = "tlsmgr-new"
HOST_NAME = "mail.example.test"
SINK_NAME = "sink.example.test"
TIMEOUT_S = 30

# What a chroot(2)ed daemon looks up, as Debian's init script copies it.
JAIL_FILES = ("etc/services", "etc/hosts", "etc/resolv.conf",
              "etc/nsswitch.conf", "etc/localtime")

MAIN_CF = """\
compatibility_level = {compatibility_level}
queue_directory = {directory}/queue
data_directory = {directory}/data
daemon_directory = {directory}/sbin
maillog_file = {directory}/maillog
maillog_file_prefixes = {directory}
myhostname = {host_name}
mydestination =
alias_maps =
local_recipient_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = {address}
inet_protocols = ipv4
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_event_limit_exceptions = static:all
transport_maps = inline:{{{{ {sink_name} = smtp:[127.0.0.1]:{mail_port} }}}}
smtpd_tls_cert_file = {directory}/etc/cert.pem
smtpd_tls_key_file = {directory}/etc/key.pem
smtpd_tls_security_level = may
smtpd_tls_loglevel = 2
smtpd_tls_session_cache_database = btree:${{data_directory}}/smtpd_scache
smtp_tls_security_level = encrypt
smtp_tls_loglevel = 2
smtp_tls_session_cache_database = btree:${{data_directory}}/smtp_scache
smtp_host_lookup = native
smtp_dns_support_level = disabled
import_environment = {environment}
"""

# Every smtpd(8) and smtp(8) serves one client or message, so that whatever
# the next one knows of a session it has from tlsmgr. All that arrives at the
# sink goes to discard(8).
MASTER_CF = """\
{service} inet n - {jail} - - smtpd
  -o max_use=1
127.0.0.1:{sink_port} inet n - {jail} - - smtpd
  -o max_use=1
  -o myhostname={sink_name}
  -o content_filter=discard:
pickup unix n - {jail} 60 1 pickup
cleanup unix n - {jail} - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - {jail} 1000? 1 {tlsmgr}
rewrite unix - - {jail} - - trivial-rewrite
bounce unix - - {jail} - 0 bounce
defer unix - - {jail} - 0 bounce
trace unix - - {jail} - 0 bounce
verify unix - - {jail} - 1 verify
flush unix n - {jail} 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - {jail} - - smtp
  -o max_use=1
lmtp unix - - {jail} - - lmtp
error unix - - {jail} - - error
retry unix - - {jail} - - error
discard unix - - {jail} - - discard
anvil unix - - {jail} - 1 anvil
scache unix - - {jail} - 1 scache
tlsproxy unix - - {jail} - 0 tlsproxy
postlog unix-dgram n - n - 1 postlogd
"""


class PostfixInstance:
    """with PostfixInstance("build/tlsmgr") as postfix: ...

    Made and started on entry; stopped and removed on exit, with all its
    processes. `settings` is text to stand behind our main.cf. With an address
    and a port the service is named after the port alone, as on other hosts.
    """

    def __init__(self, tlsmgr, chroot=True, settings="", keep=False,
                 address="127.0.0.1", port=None):
        self.tlsmgr = os.path.abspath(tlsmgr)
        self.jail = "y" if chroot else "n"
        self.settings = settings
        self.keep = keep
        self.directory = None
        self.marks = 0
        self.environment = {}  # of its daemons, besides
        self.address = address
        self.port, self.sink_port = free_ports(2)
        self.mail_port = self.sink_port  # where mail to the sink goes
        self.service = "%s:%d" % (address, self.port)
        if port is not None:
            self.port, self.service = port, str(port)
        self.owner = pwd.getpwnam(installed.mail_owner())

    @property
    def queue_directory(self):
        return self._path("queue")

    def __enter__(self):
        self.create()
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_):
        if not self.keep:
            self.remove()

    # Making it

    def create(self):
        self.directory = tempfile.mkdtemp(prefix="tlsmgr-postfix.")
        try:
            os.chmod(self.directory, 0o755)
            self.config_directory = self._path("etc")
            self.log_path = self._path("maillog")
            for name in ("etc", "queue", "data"):
                os.mkdir(self._path(name), 0o755)
            os.chown(self._path("data"), self.owner.pw_uid,
                     self.owner.pw_gid)
            self._copy_programs()
            self._fill_jail()
            make_certificate(self._path("etc/cert.pem"),
                             self._path("etc/key.pem"))
            self.write_config(self.settings)
        except BaseException:
            self.remove()
            raise

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _copy_programs(self):
        shutil.copytree(installed.default("daemon_directory"),
                        self._path("sbin"), symlinks=False)
        self.install_tlsmgr(self.tlsmgr)

    def install_tlsmgr(self, path):
        """Put a program in the place of the tlsmgr; for the next start."""
        target = os.path.join(self._path("sbin"), TLSMGR_COMMAND)
        shutil.copyfile(path, target + ".part")
        os.chmod(target + ".part", 0o755)
        os.replace(target + ".part", target)

    def _fill_jail(self):
        for name in JAIL_FILES:
            if os.path.isfile("/" + name):
                target = self._path("queue/" + name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copyfile("/" + name, target)

    def write_config(self, settings):
        """Write main.cf and master.cf; `postfix reload` makes them count."""
        environment = [installed.default("import_environment")] + [
            "%s=%s" % item for item in {
                **installed.sanitizer_options(), **self.environment}.items()]
        values = {"environment": " ".join(environment),
                  "compatibility_level": installed.compatibility_level(),
                  "directory": self.directory, "host_name": HOST_NAME,
                  "sink_name": SINK_NAME, "address": self.address,
                  "service": self.service,
                  "sink_port": self.sink_port,
                  "mail_port": self.mail_port, "jail": self.jail,
                  "tlsmgr": TLSMGR_COMMAND}
        with open(self._path("etc/main.cf"), "w") as output:
            output.write(MAIN_CF.format(**values) + settings)
        with open(self._path("etc/master.cf"), "w") as output:
            output.write(MASTER_CF.format(**values))

    # Running it

    def postfix(self, command):
        """`postfix -c DIR command`; what it printed."""
        result = subprocess.run(
            ["postfix", "-c", self.config_directory, command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, universal_newlines=True, timeout=60)
        if result.returncode != 0:
            raise RuntimeError("postfix %s: exit status %d\n%s\n%s" % (
                command, result.returncode, result.stdout, self.log()))
        return result.stdout

    def start(self):
        """Returns when master listens."""
        mark = self._log_len()
        self.postfix("start")
        self.wait_for_log(r"postfix/master\[\d+\]: daemon started ", mark)

    def reload(self):
        """Returns when master has taken up the new configuration."""
        mark = self.log_mark()
        self.postfix("reload")
        self.wait_for_log(r"postfix/master\[\d+\]: reload ", mark)

    def stop(self):
        """`postfix stop`, which waits for master, and then for the rest."""
        self.postfix("stop")
        self.wait_stopped()

    def wait_stopped(self):
        wait_until(lambda: not self.processes(),
                   lambda: "processes left: %r" % self.processes())

    def processes(self):
        """{pid: name} of every live process of this instance."""
        marker = b"MAIL_CONFIG=" + os.fsencode(self.config_directory) + b"\0"
        found = {}
        for path in glob.glob("/proc/[0-9]*"):
            try:
                with open(path + "/environ", "rb") as environ:
                    if marker not in environ.read() + b"\0":
                        continue
                with open(path + "/comm") as comm:
                    found[int(os.path.basename(path))] = comm.read().strip()
            except OSError:
                continue  # it has ended
        return found

    def tlsmgr_pids(self):
        return [pid for pid, name in self.processes().items()
                if name == TLSMGR_COMMAND]

    def kill_tlsmgr(self):
        for pid in self.tlsmgr_pids():
            os.kill(pid, signal.SIGKILL)

    def client(self):
        """A connection to its tlsmgr, which master starts at need."""
        return attributes.Client(self._path("queue/private/tlsmgr"),
                                 installed.announces(), TIMEOUT_S)

    def remove(self):
        """End every process, remove every file."""
        if self.directory is None:
            return
        for pid in self._process_tree():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_until(lambda: not self._process_tree(),
                   lambda: "left: %r" % self.processes())
        key_directories.remove_of(self.queue_directory)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _process_tree(self):
        """master first: it would start the others again."""
        names = self.processes() if hasattr(self, "config_directory") else {}
        return sorted(names, key=lambda pid: names[pid] != "master")

    # Its log

    def log(self, since=0):
        try:
            with open(self.log_path, errors="backslashreplace") as log:
                log.seek(since)
                return log.read()
        except FileNotFoundError:
            return ""

    def log_mark(self):
        """
        Where the log ends, of a Postfix that runs. postlogd(8) is late, but
        writes in order: what was said before is there when this line is.
        """
        self.marks += 1
        subprocess.run(["postlog", "-c", self.config_directory,
                        "mark %d." % self.marks], stderr=subprocess.DEVNULL,
                       check=True, timeout=TIMEOUT_S)
        self.wait_for_log(r"mark %d\." % self.marks)
        return self._log_len()

    def _log_len(self):
        return os.path.getsize(self.log_path) \
            if os.path.exists(self.log_path) else 0

    def wait_for_log(self, pattern, since=0, count=1):
        """The first `count` matches, as re.findall() gives them."""
        def find():
            found = re.findall(pattern, self.log(since), re.MULTILINE)
            return found if len(found) >= count else None
        return wait_until(find, lambda: "%r in the log:\n%s" %
                          (pattern, self.log(since)), TIMEOUT_S)

    def complaints(self):
        """Lines of the log that report trouble, but for what cleanup(8) says
        where the clock of the machine was set by a second."""
        of_the_clock = r"file system clock is \d+ seconds? ahead|" \
                       r"resetting file time stamps"
        return [line for line in self.log().splitlines()
                if re.search(r"\]: (warning|error|fatal|panic): |throttling",
                             line) and not re.search(of_the_clock, line)]


def free_ports(count):
    """Ports of 127.0.0.1 that nobody has now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def make_certificate(certificate, key):
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-days", "30", "-batch",
         "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-subj", "/CN=" + HOST_NAME,
         "-keyout", key, "-out", certificate],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, check=True)
    os.chmod(key, stat.S_IRUSR | stat.S_IWUSR)
