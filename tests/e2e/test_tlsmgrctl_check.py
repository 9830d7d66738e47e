"""tlsmgrctl check: what it finds. Covers ctl_check.c, ctl_check_config.c,
ctl_check_files.c, ctl_check_postfix.c, ctl_finding.c and
ctl_master_process.c."""

import json
import os
import socket
import subprocess

import pytest

import installed
from switching import append, field, instance, own, tell

OK, NO = 0, 1


def break_mode(instance):
    os.chmod(instance._path("data"), 0o777)
    return "lets others in"


def break_owner(instance):
    os.chown(instance._path("data"), 0, 0)
    return "is not the mail owner's"


def break_facility(instance):
    append(instance, "syslog_facility = nosuch\n")
    return "syslog_facility = nosuch"


def break_queue(instance):
    append(instance, "queue_directory = /nonexistent\n")
    return "/nonexistent: "


def break_type(instance):
    append(instance, "smtp_tls_session_cache_database = cdb:/x\n")
    return 'there is no type "cdb"'


def break_path(instance):
    append(instance, "smtp_tls_session_cache_database = btree:\n")
    return "there is no path"


def break_unit(instance):
    append(instance, "smtp_tls_session_cache_timeout = 1hour\n")
    return '"our" is ignored'


def break_same_file(instance):
    append(instance, "smtp_tls_session_cache_database ="
           " btree:${data_directory}/smtpd_scache\n")
    return "smtpd and smtp have the same file"


def break_link(instance):
    os.symlink("/etc/passwd", instance._path("data/smtpd_scache.journal"))
    return "is no plain file"


def break_exchange_mode(instance):
    path = instance._path("data/prng_exch")
    with open(path, "w"):
        os.chown(path, instance.owner.pw_uid, instance.owner.pw_gid)
        os.chmod(path, 0o644)
    return "can be read by others"


def break_ticket_key_file(instance):
    path = instance._path("data/keys")
    with open(path, "w"):
        os.chmod(path, 0o600)
    own(instance, "tlsmgr_ticket_key_file = %s\n" % path)
    return "data/keys is not the mail owner's"


def break_source(instance):
    append(instance, "tls_random_source = dev:/nonexistent\n")
    return "/nonexistent"


def break_egd(instance):
    append(instance, "tls_random_source = egd:/nonexistent\n")
    return "/nonexistent"


def break_announcement(instance):
    own(instance, "tlsmgr_announce_protocol = %s\n" % (
        "no" if installed.announces() else "yes"))
    return "expects the opposite"


def break_name(instance):
    own(instance, "tlsmgr_nosuch = 1\n")
    return "unknown parameter: tlsmgr_nosuch"


def break_place(instance):
    own(instance, "smtpd_tls_loglevel = 1\n")
    return "it belongs in main.cf"


def break_override(instance):
    field(instance, "command=tlsmgr -o { process_id = 1 }")
    return "process_id"


def break_override_value(instance):
    field(instance, "command=tlsmgr -o tls_random_bytes=none")
    return "tls_random_bytes"


def break_limit(instance):
    field(instance, "process_limit=-")
    return "process limit of -"


def break_private(instance):
    field(instance, "private=n")
    return "not private"


def break_privileges(instance):
    field(instance, "unprivileged=n")
    return "root's privileges"


def break_command(instance):
    field(instance, "command=nosuch")
    return "cannot be run"


def break_service(instance):
    subprocess.run(["postconf", "-c", instance.config_directory, "-MX",
                    "tlsmgr/unix"], stderr=subprocess.DEVNULL, check=True)
    return "has no service tlsmgr/unix"


def break_twice(instance):
    with open(instance.config_directory + "/master.cf", "a") as master_cf:
        master_cf.write("tlsmgr unix - - n 1000? 1 tlsmgr -v\n")
    return "is in master.cf twice, in lines"


def break_socket(instance):
    directory = instance._path("queue/private")
    os.makedirs(directory, exist_ok=True)
    os.chown(directory, instance.owner.pw_uid, -1)
    with open(directory + "/tlsmgr", "w"):
        pass
    return "is no socket"


def test_check_finds_nothing(instance):
    result = tell(instance, "check")
    assert result.status == OK, result
    assert "PROBLEM" not in result.text and "warning" not in result.text
    assert "master.cf names another daemon" in result.text


@pytest.mark.parametrize("fault", [
    value for name, value in sorted(globals().items())
    if name.startswith("break_")], ids=lambda fault: fault.__name__[6:])
def test_check_finds(instance, fault):
    expected = fault(instance)
    result = tell(instance, "check")
    assert result.status == NO, result
    lines = result.text.splitlines()
    found = [i for i, line in enumerate(lines) if expected in line and
             line.startswith(("PROBLEM", "warning"))]
    assert len(found) == 1, result
    at = found[0]
    assert lines[at + 1].startswith("         Do: "), result
    assert not result.err


def test_what_check_says_to_do_can_be_given_to_a_shell(instance):
    """Also where a name has a blank in it, or what a shell would expand."""
    path = instance._path("data/it's $(false) a cache.journal")
    append(instance, "smtp_tls_session_cache_database = "
           "btree:${data_directory}/it's $$(false) a cache\n")
    with open(path, "w"):
        os.chown(path, instance.owner.pw_uid, instance.owner.pw_gid)
        os.chmod(path, 0o644)
    result = json.loads(tell(instance, "check", "--json").out)
    command, = [each["do"] for each in result["findings"]
                if path + " can be read by others" in each["finding"]]
    subprocess.run(["sh", "-c", command], check=True)
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_check_needs_no_root(instance):
    result = tell(instance, "check", user="nobody")
    assert "without being root" in result.text
    assert "PROBLEM" not in result.text, result


def test_check_finds_a_daemon_that_hangs(instance):
    directory = instance._path("queue/private")
    os.makedirs(directory, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(directory + "/tlsmgr")
        listener.listen(4)
        result = tell(instance, "check", "--timeout", "1")
    assert result.status == NO and "no answer within" in result.text


def test_check_finds_no_fault_with_redirected_caches(make_master):
    """As the oldest documentation has it: told of, and not found fault with."""
    master = make_master({
        "smtpd_tls_session_cache_database": "sdbm:/etc/smtpd_scache",
        "tls_random_exchange_name": "/etc/prng_exch"})
    result = tell(master, "check", "--timeout", "1")
    notes = [line for line in result.text.splitlines()
             if line.startswith("note") and "non-postfix directory" in line]
    assert len(notes) == 2, result


FILTERED = """
import ctypes, fcntl, os, sys
libc = ctypes.CDLL(None, use_errno=True)
class Filter(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte),
                ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]
class Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.POINTER(Filter))]
allow = Filter(0x06, 0, 0, 0x7fff0000)
assert libc.prctl(38, 1, 0, 0, 0) == 0
if sys.argv[2] == "filtered":
    assert libc.prctl(22, 2, ctypes.byref(Program(1, ctypes.pointer(allow)))) \\
        == 0
pid_file = open(sys.argv[1], "w")
fcntl.flock(pid_file, fcntl.LOCK_EX)
pid_file.write("%32d\\n" % os.getpid())
pid_file.flush()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("state", ["filtered", "free", "ended"])
def test_check_looks_at_the_state_of_the_running_master(instance, state):
    """Whether a filter of system calls is on it, which a daemon inherits."""
    os.makedirs(instance._path("queue/pid"), exist_ok=True)
    path = instance._path("queue/pid/master.pid")
    process = subprocess.Popen(
        ["python3", "-c", FILTERED, path, state.replace("ended", "filtered")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n"
        if state == "ended":
            process.communicate()
        result = tell(instance, "check")
    finally:
        process.kill()
        process.communicate()
    line = "note     Postfix (master, process %d) was started under a filter" \
        % process.pid
    assert (line in result.text) == (state == "filtered"), result
    assert ("@sandbox" in result.text) == (state == "filtered"), result
