"""tlsmgrctl check, enable and disable, in a private Postfix."""

import os
import shutil
import socket
import subprocess

import pytest

import ctl
import installed
from postfix_instance import PostfixInstance

OK, NO, UNREACHABLE = 0, 1, 3
PROGRAM = "tlsmgr2"  # as in the Makefile
STOCK, OURS = "Postfix's own tlsmgr answers", "(process "
LINE = ("tlsmgr unix - - n 1000? 1 tlsmgr -o tls_random_bytes=16"
        " -o { debugger_command = a b }")


@pytest.fixture
def instance(binary, is_stock):
    """A Postfix that uses its own tlsmgr, with ours installed beside it."""
    if is_stock:
        pytest.skip("there is nothing to switch to")
    made = PostfixInstance(installed.stock_tlsmgr(), chroot=False)
    made.create()
    try:
        shutil.copy(binary, made._path("sbin/" + PROGRAM))
        path = master_cf(made)
        with open(path) as master:
            lines = ["# A comment that stays.\n"] + master.readlines()
        with open(path, "w") as master:
            master.writelines(LINE + "\n" if line.startswith("tlsmgr") else
                              line for line in lines)
        yield made
    finally:
        print(made.log())
        made.remove()


@pytest.fixture
def running(instance):
    instance.start()
    return instance


def master_cf(instance):
    return instance.config_directory + "/master.cf"


def former_path(instance):
    return instance.config_directory + "/tlsmgr.master.cf"


def tell(instance, *arguments, **keywords):
    return ctl.run(instance.config_directory, *arguments, **keywords)


def line_of(instance):
    """The service's line, words with one blank between them."""
    output = subprocess.run(
        ["postconf", "-c", instance.config_directory, "-M", "tlsmgr/unix"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
        universal_newlines=True).stdout
    return " ".join(output.split())


def others(instance):
    with open(master_cf(instance)) as master:
        return [line for line in master.read().splitlines()
                if not line.startswith(("tlsmgr", "    -o"))]


# As postconf(1) writes it.
FORMER = LINE.replace("{ debugger_command = a b }", "{debugger_command=a b}")


def test_there_and_back(running):
    untouched = others(running)
    result = tell(running, "enable")
    assert result.status == OK, result
    assert OURS in result.text and not result.err
    assert line_of(running) == FORMER.replace("1 tlsmgr", "1 " + PROGRAM)
    with open(former_path(running)) as former:
        text = former.read()
    assert "tlsmgrctl disable" in text and FORMER in text.splitlines()
    assert others(running) == untouched
    assert OURS in tell(running, "ping").text
    assert tell(running, "config", "--changed").text.count(
        "tls_random_bytes = 16") == 1
    check = tell(running, "check")
    assert "master.cf names this daemon" in check.text
    assert check.status == OK, check

    result = tell(running, "disable")
    assert result.status == OK, result
    assert STOCK in result.text
    assert line_of(running) == FORMER
    assert not os.path.exists(former_path(running))
    assert others(running) == untouched
    journal = running._path("data/smtpd_scache.journal")
    assert "rm " + journal in result.text and os.path.exists(journal)


def test_twice(running):
    assert tell(running, "enable").status == OK
    pids = running.processes()
    again = tell(running, "enable")
    assert again.status == OK and "already" in again.text, again
    assert OURS in again.text and running.processes() == pids
    assert os.path.exists(former_path(running))
    assert tell(running, "disable").status == OK
    again = tell(running, "disable")
    assert again.status == OK and STOCK in again.text, again
    assert line_of(running) == FORMER


def test_changed_by_hand_but_not_reloaded(running):
    assert STOCK in tell(running, "ping").text
    subprocess.run(["postconf", "-c", running.config_directory, "-F",
                    "tlsmgr/unix/command=" + PROGRAM],
                   stderr=subprocess.DEVNULL, check=True)
    check = tell(running, "check")
    assert check.status == NO and "answers still" in check.text
    result = tell(running, "enable")
    assert result.status == OK and OURS in result.text, result
    # Nothing is known of a former line: the name is all there is to go by.
    result = tell(running, "disable")
    assert result.status == OK and STOCK in result.text, result
    assert line_of(running) == "tlsmgr unix - - n 1000? 1 tlsmgr"


def test_former_line_is_missing(running):
    assert tell(running, "enable").status == OK
    os.unlink(former_path(running))
    result = tell(running, "disable")
    assert result.status == OK and STOCK in result.text, result
    assert line_of(running) == FORMER


def test_former_line_is_rubbish(instance):
    assert tell(instance, "enable").status == OK
    with open(former_path(instance), "wb") as former:
        former.write(b"#\n\n\0\xff tlsmgr\nunix - -\n")
    assert tell(instance, "disable").status == OK
    assert line_of(instance) == FORMER


def test_line_was_changed_meanwhile(instance):
    assert tell(instance, "enable").status == OK
    subprocess.run(["postconf", "-c", instance.config_directory, "-F",
                    "tlsmgr/unix/command=" + PROGRAM + " -o a=b",
                    "tlsmgr/unix/chroot=y"],
                   stderr=subprocess.DEVNULL, check=True)
    result = tell(instance, "disable")
    assert result.status == OK and "stays" in result.text
    assert line_of(instance) == "tlsmgr unix - - y 1000? 1 tlsmgr -o a=b"


def test_postfix_does_not_run(instance):
    result = tell(instance, "enable")
    assert result.status == OK and "Postfix does not run" in result.text
    assert PROGRAM in line_of(instance)
    assert not instance.processes()
    result = tell(instance, "disable")
    assert result.status == OK and "Postfix does not run" in result.text
    assert line_of(instance) == FORMER


def test_disable_whatever_tlsmgr_cf_says(running):
    assert tell(running, "enable").status == OK
    with open(running.config_directory + "/tlsmgr.cf", "w") as tlsmgr_cf:
        tlsmgr_cf.write("not_ours = 1\n")
    result = tell(running, "disable")
    assert result.status == OK and STOCK in result.text, result
    assert not result.err


def test_disable_a_daemon_that_does_not_start(running):
    """Postfix pauses then, so that nobody answers for a while."""
    assert tell(running, "enable").status == OK
    append(running, "tlsmgr_client_limit = 0\n")
    running.reload()
    assert tell(running, "ping", "--timeout", "1").status == UNREACHABLE
    result = tell(running, "disable", "--timeout", "2")
    assert result.status == NO, result
    assert "stays changed" in result.complaint
    assert line_of(running) == FORMER


def test_configuration_directory_by_option(instance):
    result = ctl.run(None, "-c", instance.config_directory, "enable")
    assert result.status == OK and PROGRAM in line_of(instance)


def test_refuses_what_would_not_work(running):
    """What can be seen without starting the daemon."""
    field(running, "process_limit=2")
    result = tell(running, "enable")
    assert result.status == NO and "marked PROBLEM" in result.complaint
    assert result.text.startswith("PROBLEM  the tlsmgr service has a process")
    assert line_of(running) == FORMER.replace("1000? 1 ", "1000? 2 ")
    assert not os.path.exists(former_path(running))


def test_refuses_without_the_daemon(running):
    os.unlink(running._path("sbin/" + PROGRAM))
    result = tell(running, "enable")
    assert result.status == NO and "install it there" in result.complaint
    assert line_of(running) == FORMER


def replace_daemon(instance, script):
    path = instance._path("sbin/" + PROGRAM)
    os.rename(path, path + "-real")
    with open(path, "w") as program:
        program.write("#!/bin/sh\n" + script.format(real=path + "-real"))
    os.chmod(path, 0o755)


@pytest.mark.parametrize("script", [
    "echo broken >&2; exit 1", "kill -9 $$", "cat >/dev/null",
    "printf 'status\\0004294967295\\0\\0'"])
def test_refuses_a_daemon_that_does_not_work(running, script):
    """And Postfix never starts it, so that nothing has to wait."""
    replace_daemon(running, script)
    result = tell(running, "enable")
    assert result.status == NO, result
    assert "nothing was changed" in result.complaint
    assert ("broken" in result.complaint) == ("broken" in script)
    assert line_of(running) == FORMER
    assert not os.path.exists(former_path(running))
    assert STOCK in tell(running, "ping").text


def test_tried_without_touching_files(running):
    """As it would run, options included, but not in the caches' files."""
    assert STOCK in tell(running, "ping").text
    before = sorted(os.listdir(running._path("data")))
    replace_daemon(running, '{real} "$@" >/dev/null; echo "$@" >&2')
    result = tell(running, "enable")
    assert result.status == NO and "-S -u -V" in result.complaint, result
    assert "-o tls_random_bytes=16 -o debugger_command=a b -o" \
        in result.complaint
    assert sorted(os.listdir(running._path("data"))) == before


def test_undone_if_the_daemon_fails(running):
    """It works when it is tried, and not under Postfix."""
    replace_daemon(running, "case $* in *-S*) exec {real} \"$@\";; esac\n")
    result = tell(running, "enable", "--timeout", "2")
    assert result.status == NO, result
    assert "as it was before" in result.complaint
    assert line_of(running) == FORMER
    assert not os.path.exists(former_path(running))


def test_undone_if_the_file_cannot_be_written(instance):
    os.mkdir(former_path(instance))
    result = tell(instance, "enable")
    assert result.status == NO and "tlsmgr.master.cf" in result.complaint
    assert line_of(instance) == FORMER


# What `check` finds

def break_mode(instance):
    os.chmod(instance._path("data"), 0o777)
    return "lets others in"


def break_owner(instance):
    os.chown(instance._path("data"), 0, 0)
    return "is not the mail owner's"


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
    os.symlink("/etc/passwd", instance._path("data/smtpd_scache.db"))
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


def break_socket(instance):
    directory = instance._path("queue/private")
    os.makedirs(directory, exist_ok=True)
    os.chown(directory, instance.owner.pw_uid, -1)
    with open(directory + "/tlsmgr", "w"):
        pass
    return "is no socket"


def append(instance, text):
    with open(instance.config_directory + "/main.cf", "a") as main_cf:
        main_cf.write(text)


def own(instance, text):
    with open(instance.config_directory + "/tlsmgr.cf", "w") as tlsmgr_cf:
        tlsmgr_cf.write(text)


def field(instance, assignment):
    subprocess.run(["postconf", "-c", instance.config_directory, "-F",
                    "tlsmgr/unix/" + assignment],
                   stderr=subprocess.DEVNULL, check=True)


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


def test_check_without_being_root(instance):
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


def test_check_redirected_caches(make_master):
    """As the oldest documentation has it: told of, and not found fault with."""
    master = make_master({
        "smtpd_tls_session_cache_database": "sdbm:/etc/smtpd_scache",
        "tls_random_exchange_name": "/etc/prng_exch"})
    result = tell(master, "check", "--timeout", "1")
    notes = [line for line in result.text.splitlines()
             if line.startswith("note") and "non-postfix directory" in line]
    assert len(notes) == 2, result
