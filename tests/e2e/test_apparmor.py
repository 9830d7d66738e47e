"""The AppArmor profile in conf/ has a rule for each file that the daemon uses in
its life, with all that it can do; and is none that allows everything."""

import os
import re
import shutil

import pytest

import apparmor
import fake_master
import shared_member
from attributes import OK
from conftest import CACHES, REPOSITORY
from shared_host import Host, SECRET
from waiting import wait_until

PROFILE = REPOSITORY / "conf/usr.lib.postfix.sbin.tlsmgr2"
PROGRAM = "/usr/lib/postfix/sbin/tlsmgr2"

needs_parser = pytest.mark.skipif(
    shutil.which("apparmor_parser") is None,
    reason="no apparmor_parser; it is in Debian's package apparmor")
needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None or "ASAN_OPTIONS" in os.environ,
    reason="no strace, or a sanitizer that reads files of its own")
ours = pytest.mark.ours("it is no concern of that profile")


@pytest.fixture(scope="module")
def profile():
    return apparmor.Profile(apparmor.preprocess(PROFILE))


@needs_parser
def test_the_parser_takes_it():
    """As it is, which complains, and as it is where it is enforced."""
    assert apparmor.compile_profile(PROFILE) == ""


@needs_parser
@pytest.mark.parametrize("flags", ["", "complain", "enforce"])
def test_the_parser_takes_it_in_each_mode(tmp_path, flags):
    text, count = re.subn("flags=\\(attach_disconnected,complain\\)",
                          "flags=(%s)" % ",".join(
                              filter(None, ["attach_disconnected", flags])),
                          PROFILE.read_text())
    assert count == 1
    path = tmp_path / "profile"
    path.write_text(text)
    if flags == "enforce" and apparmor.compile_profile(path):
        pytest.skip("a parser from before that word was a flag")
    assert apparmor.compile_profile(path) == ""


@needs_parser
def test_a_wrong_profile_is_told_from_a_right_one(tmp_path):
    path = tmp_path / "profile"
    path.write_text(PROFILE.read_text().replace(" rwk,", " rwq,", 1))
    assert apparmor.compile_profile(path) != ""


@needs_parser
@pytest.mark.parametrize("path, permissions", [
    ("/var/lib/postfix/smtp_scache.journal", "rwk"),
    ("/var/lib/postfix-two/prng_exch", "rwk"),
    ("/etc/postfix/tlsmgr.cf", "r"), ("/etc/postfix-two/main.cf", "r"),
    ("/etc/postfix/sub/tlsmgr.secret", "r"),
    ("/run/tlsmgr/0123456789abcdef.keys", "rwk"),
    ("/dev/shm/tlsmgr/", "rw"), ("/dev/log", "w"),
    ("/var/spool/postfix/private/tlsmgr", "rw"), ("/private/tlsmgr", "rw"),
    ("/lib/x86_64-linux-gnu/libcrypto.so.3", "mr"), ("/etc/passwd", "r"),
    ("/dev/urandom", "r"), ("/proc/77/coredump_filter", "w"),
    ("/usr/libexec/postfix/tlsmgr2", "mr")])
def test_it_allows_what_is_needed(profile, path, permissions):
    assert profile.allows(path, permissions), profile.granted(path)


@needs_parser
@pytest.mark.parametrize("path, permissions", [
    ("/etc/shadow", "r"), ("/etc/postfix/main.cf", "w"),
    ("/etc/postfix-two/main.cf", "w"), ("/etc/passwd", "w"),
    ("/root/.ssh/id_rsa", "r"), ("/home/user/file", "r"), ("/bin/sh", "x"),
    ("/usr/lib/postfix/sbin/tlsmgr2", "w"),
    ("/usr/libexec/postfix/smtpd", "r"),
    ("/var/spool/postfix/deferred/A/A1", "r"), ("/var/mail/user", "r"),
    ("/var/lib/postfix/master.lock", "r"),
    ("/var/lib/postfixes/x.journal", "r"),
    ("/run/tlsmgr/sub/x.keys", "r"), ("/dev/sda", "r"),
    ("/proc/1/environ", "r"), ("/tmp/file", "w")])
def test_it_allows_no_more(profile, path, permissions):
    assert not profile.allows(path, permissions), profile.granted(path)


# A life

class Traced:
    """Daemons of a master under strace, and where its directories would be."""

    def __init__(self, monkeypatch, directory):
        self.path = str(directory / "trace")
        # With -D the daemon keeps the process id that master knows.
        monkeypatch.setattr(fake_master, "WRAP", [
            "strace", "-D", "-f", "-y", "-s", "4096", "-A", "-o", self.path,
            "-e", "trace=" + apparmor.CALLS, "-e", "signal=none"])
        self.places = {}

    def of(self, master):
        self.places.update({
            os.path.realpath(master.binary): PROGRAM,
            master.config_directory: "/etc/postfix",
            master.queue_directory: "/var/spool/postfix",
            master.data_directory: "/var/lib/postfix"})
        return master

    def as_installed(self, path):
        for here, there in self.places.items():
            if path == here or path.startswith(here + "/"):
                return there + path[len(here):]
        return path

    def used(self, end):
        """{path: permissions}, when the trace is whole."""
        def read():
            with open(self.path) as trace:
                text = trace.read()
            return text if len(re.findall(r"\+\+\+ (?:exited|killed)", text)) \
                >= end else None
        text = wait_until(read, "the end of the trace")
        used = {self.as_installed(path): permissions for path, permissions
                in apparmor.Trace(text).used.items()}
        # What FakeMaster gives and a master would not: its standard streams.
        return {path: permissions for path, permissions in used.items()
                if not path.startswith(("/usr/bin/env", "/dev/null"))}


@pytest.fixture
def traced(monkeypatch, tmp_path):
    return Traced(monkeypatch, tmp_path)


def forgotten(profile, used):
    return {path: sorted(permissions - profile.granted(path))
            for path, permissions in used.items()
            if not profile.allows(path, permissions)}


def live(master):
    with master.client() as client:
        assert client.update("smtpd", "id", b"session").status == OK
        assert client.update("smtp", "id", b"session").status == OK
        assert client.lookup("smtpd", "id").status == OK
        assert client.ticket_key().status == OK
        assert len(client.seed(32).data("seed")) == 32
        for request in "stats", "save", "rotate":
            client.ask([("request", request)])


@needs_parser
@needs_strace
@ours
@pytest.mark.parametrize("chroot", [False, True], ids=["no jail", "jail"])
@pytest.mark.parametrize("log", ["postlog", "syslog"])
def test_it_has_a_rule_for_each_file_of_a_life(make_master, profile, traced,
                                               chroot, log):
    """Two processes, the second of which takes over what the first left."""
    master = traced.of(make_master(CACHES, {
        "tlsmgr_statistics_period": "1s"}))
    if log == "syslog":
        master.configure({**CACHES, "maillog_file": ""}, {})
    for _ in range(2):
        daemon = master.start("-v", chroot=chroot)
        live(master)
        daemon.hang_up()
        assert daemon.wait() == 0
    used = traced.used(2)
    # It saw what it was to see.
    for path in ("/var/lib/postfix/smtpd_scache.journal",
                 "/var/lib/postfix/prng_exch", "/etc/postfix/main.cf",
                 "/etc/postfix/tlsmgr.cf", "/etc/passwd"):
        assert path in used, sorted(used)
    assert "k" in used["/var/lib/postfix/prng_exch"]
    assert [path for path in used if re.fullmatch(
        r"/(run|dev/shm)/tlsmgr/.*\.keys", path)], sorted(used)
    if log == "postlog":
        assert "/var/spool/postfix/public/postlog" in used, sorted(used)
    assert forgotten(profile, used) == {}


@needs_parser
@needs_strace
@ours
@pytest.mark.parametrize("way", ["TCP", "socket"])
def test_it_has_a_rule_for_each_file_of_a_group(make_master, profile, traced,
                                                engine, way):
    """The secret, the password, what is trusted, and an engine."""
    master = traced.of(make_master())
    path = master.queue_directory + "/private/engine"
    engine.stop()
    engine.settings = ("unixsocket %s" % path, "unixsocketperm 777")
    engine.start()
    host = Host(master)
    host.give(SECRET)
    trusted = "/etc/ssl/certs/ca-certificates.crt"
    member = shared_member.make_member(
        lambda *_, **__: host, engine, is_started=False,
        server=engine.server if way == "TCP" else "unix:" + path,
        **({"tlsmgr_shared_trust_files": trusted}
           if os.path.exists(trusted) else {}))
    # No clock of its own: that is a library, in a place of the test's.
    host.clock.environment.clear()
    member.start()
    shared_member.wait_up(member)
    assert member.key() is not None
    assert member.client.update("smtpd", "id", b"session").status == OK
    member.client.close()
    member.client = None
    member.daemon.hang_up()
    assert member.daemon.wait() == 0
    used = traced.used(1)
    assert "/etc/postfix/tlsmgr.secret" in used, sorted(used)
    assert "/etc/postfix/tlsmgr.password" in used, sorted(used)
    assert forgotten(profile, used) == {}


@needs_parser
@needs_strace
@ours
def test_a_file_without_a_rule_is_found(make_master, traced):
    """With each rule of its own for a path left out in turn."""
    master = traced.of(make_master(CACHES))
    daemon = master.start(chroot=True)
    live(master)
    daemon.hang_up()
    assert daemon.wait() == 0
    used = traced.used(1)
    text = apparmor.preprocess(PROFILE)
    missed = []
    for line in ("*.journal rwk", "prng_exch rwk", "postlog w,",
                 "/{run,dev/shm}/tlsmgr/* rwk", "/etc/postfix{,-*}/{,**} r",
                 "coredump_filter rw"):
        without = re.sub("(?m)^.*%s.*$" % re.escape(line), "", text)
        assert without != text, line
        if not forgotten(apparmor.Profile(without), used):
            missed.append(line)
    assert missed == []
