"""tlsmgrctl enable and disable, in a private Postfix. Covers ctl_disable.c,
ctl_enable.c, ctl_file.c, ctl_master_cf.c, ctl_run.c, ctl_saved_service.c and
ctl_switch.c."""

import fcntl
import grp
import os
import subprocess

import pytest

import ctl
from switching import (LINE, PROGRAM, append, field, instance, line_of,
                       master_cf, others, running, saved_path, tell)
from waiting import wait_until

OK, NO, UNREACHABLE = 0, 1, 3
STOCK, OURS = "Postfix's own tlsmgr answers", "(process "


# As postconf(1) shows it.
SAVED = LINE.replace("{ debugger_command = a b }", "{debugger_command=a b}")


def test_enable_and_disable_change_one_word(running):
    untouched = others(running)
    result = tell(running, "enable")
    assert result.status == OK, result
    assert OURS in result.text and not result.err
    assert line_of(running) == SAVED.replace("1 tlsmgr", "1 " + PROGRAM)
    with open(saved_path(running)) as previous:
        text = previous.read()
    assert "tlsmgrctl disable" in text and LINE in text.splitlines()
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
    assert line_of(running) == SAVED
    assert not os.path.exists(saved_path(running))
    assert others(running) == untouched
    journal = running._path("data/smtpd_scache.journal")
    assert "rm " + journal in result.text and os.path.exists(journal)


def test_both_may_be_repeated(running):
    assert tell(running, "enable").status == OK
    daemon = tell(running, "ping").text.splitlines()[-1]
    again = tell(running, "enable")
    assert again.status == OK and "already" in again.text, again
    assert OURS in again.text
    assert tell(running, "ping").text.splitlines()[-1] == daemon
    assert os.path.exists(saved_path(running))
    assert tell(running, "disable").status == OK
    again = tell(running, "disable")
    assert again.status == OK and STOCK in again.text, again
    assert line_of(running) == SAVED


def test_a_line_changed_by_hand_is_put_into_effect(running):
    assert STOCK in tell(running, "ping").text
    subprocess.run(["postconf", "-c", running.config_directory, "-F",
                    "tlsmgr/unix/command=" + PROGRAM],
                   stderr=subprocess.DEVNULL, check=True)
    check = tell(running, "check")
    assert check.status == NO and "answers still" in check.text
    result = tell(running, "enable")
    assert result.status == OK and OURS in result.text, result
    # Nothing is known of a previous line: the name is all there is to go by.
    result = tell(running, "disable")
    assert result.status == OK and STOCK in result.text, result
    assert line_of(running) == "tlsmgr unix - - n 1000? 1 tlsmgr"


def test_disable_works_without_the_saved_line(running):
    assert tell(running, "enable").status == OK
    os.unlink(saved_path(running))
    result = tell(running, "disable")
    assert result.status == OK and STOCK in result.text, result
    assert line_of(running) == SAVED


def test_disable_works_where_the_saved_line_is_rubbish(instance):
    assert tell(instance, "enable").status == OK
    with open(saved_path(instance), "wb") as previous:
        previous.write(b"#\n\n\0\xff tlsmgr\nunix - -\n")
    assert tell(instance, "disable").status == OK
    assert line_of(instance) == SAVED


def test_what_was_changed_meanwhile_stays(instance):
    assert tell(instance, "enable").status == OK
    subprocess.run(["postconf", "-c", instance.config_directory, "-F",
                    "tlsmgr/unix/command=" + PROGRAM + " -o a=b",
                    "tlsmgr/unix/chroot=y"],
                   stderr=subprocess.DEVNULL, check=True)
    result = tell(instance, "disable")
    assert result.status == OK and "stays" in result.text
    assert line_of(instance) == "tlsmgr unix - - y 1000? 1 tlsmgr -o a=b"


def test_postfix_need_not_run(instance):
    result = tell(instance, "enable")
    assert result.status == OK and "Postfix does not run" in result.text
    assert PROGRAM in line_of(instance)
    assert not instance.processes()
    result = tell(instance, "disable")
    assert result.status == OK and "Postfix does not run" in result.text
    assert line_of(instance) == SAVED


def test_disable_works_whatever_tlsmgr_cf_says(running):
    assert tell(running, "enable").status == OK
    with open(running.config_directory + "/tlsmgr.cf", "w") as tlsmgr_cf:
        tlsmgr_cf.write("not_ours = 1\n")
    result = tell(running, "disable")
    assert result.status == OK and STOCK in result.text, result
    assert not result.err


def test_a_daemon_that_does_not_start_is_disabled(running):
    """Postfix pauses then, so that nobody answers for a while."""
    assert tell(running, "enable").status == OK
    replace_daemon(running, "exit 1\n")
    running.reload()
    assert tell(running, "ping", "--timeout", "1").status == UNREACHABLE
    result = tell(running, "disable", "--timeout", "2")
    assert result.status == NO, result
    assert "stays changed" in result.complaint
    assert line_of(running) == SAVED


def test_the_configuration_directory_may_be_an_option(instance):
    result = ctl.run(None, "-c", instance.config_directory, "enable")
    assert result.status == OK and PROGRAM in line_of(instance)


def test_enable_refuses_what_would_not_work(running):
    """What can be seen without starting the daemon."""
    field(running, "process_limit=2")
    result = tell(running, "enable")
    assert result.status == NO and "marked PROBLEM" in result.complaint
    assert result.text.startswith("PROBLEM  the tlsmgr service has a process")
    assert line_of(running) == SAVED.replace("1000? 1 ", "1000? 2 ")
    assert not os.path.exists(saved_path(running))


def test_enable_refuses_without_the_daemon(running):
    os.unlink(running._path("sbin/" + PROGRAM))
    result = tell(running, "enable")
    assert result.status == NO and "install it there" in result.complaint
    assert line_of(running) == SAVED


def replace_daemon(instance, script):
    path = instance._path("sbin/" + PROGRAM)
    os.rename(path, path + "-real")
    with open(path, "w") as program:
        program.write("#!/bin/sh\n" + script.format(real=path + "-real"))
    os.chmod(path, 0o755)


@pytest.mark.parametrize("script", [
    "echo broken >&2; exit 1", "kill -9 $$", "cat >/dev/null",
    "printf 'status\\0004294967295\\0\\0'"])
def test_enable_refuses_a_daemon_that_does_not_work(running, script):
    """And Postfix never starts it, so that nothing has to wait."""
    replace_daemon(running, script)
    result = tell(running, "enable")
    assert result.status == NO, result
    assert "nothing was changed" in result.complaint
    assert ("broken" in result.complaint) == ("broken" in script)
    assert line_of(running) == SAVED
    assert not os.path.exists(saved_path(running))
    assert STOCK in tell(running, "ping").text


def test_the_daemon_is_tried_without_touching_files(running):
    """As it would run, options included, but not in the caches' files."""
    assert STOCK in tell(running, "ping").text
    before = sorted(os.listdir(running._path("data")))
    replace_daemon(running, '{real} "$@" >/dev/null; echo "$@" >&2')
    result = tell(running, "enable")
    assert result.status == NO and "-S -u -V" in result.complaint, result
    assert "-o tls_random_bytes=16 -o debugger_command = a b -o" \
        in result.complaint
    assert sorted(os.listdir(running._path("data"))) == before


def test_enable_is_undone_if_the_daemon_fails(running):
    """It works when it is tried, and not under Postfix."""
    replace_daemon(running, "case $* in *-S*) exec {real} \"$@\";; esac\n")
    result = tell(running, "enable", "--timeout", "2")
    assert result.status == NO, result
    assert "as it was before" in result.complaint
    assert line_of(running) == SAVED
    assert not os.path.exists(saved_path(running))


def test_disable_is_undone_if_nobody_answers_unless_it_is_forced(running):
    assert tell(running, "enable").status == OK
    stock = running._path("sbin/tlsmgr")
    os.unlink(stock)
    with open(stock, "w") as program:
        program.write("#!/bin/sh\nexit 1\n")
    os.chmod(stock, 0o755)
    result = tell(running, "disable", "--timeout", "2")
    assert result.status == NO and "as it was before" in result.complaint
    assert PROGRAM in line_of(running)
    result = tell(running, "disable", "--force", "--timeout", "2")
    assert result.status == NO and "stays changed" in result.complaint
    assert line_of(running) == SAVED


def test_enable_changes_nothing_if_the_line_cannot_be_saved(instance):
    os.mkdir(saved_path(instance))
    result = tell(instance, "enable")
    assert result.status == NO and "tlsmgr.master.cf" in result.complaint
    assert line_of(instance) == SAVED


# Lines and files as people leave them

def write_master_cf(instance, text):
    """These lines of the service, in the place of the one."""
    with open(master_cf(instance)) as master:
        lines = [line for line in master if not line.startswith("tlsmgr")]
    with open(master_cf(instance), "w") as master:
        master.write("".join(lines) + text)


def read(path):
    with open(path) as text:
        return text.read()


@pytest.mark.parametrize("text", [
    "tlsmgr unix - - n 1000? 1 tlsmgr\n"
    "tlsmgr unix - - n 1000? 1 tlsmgr -v\n",
    "tlsmgr  unix\t-  -  n  1000? 1\n# a comment\n  tlsmgr -v\n",
    "tlsmgr unix - - n 1000? 1 tlsmgr -otls_random_bytes=16 -v\n",
    "tlsmgr unix - - n 1000? 1 tlsmgr -vo tls_random_bytes=16\n   # x\n",
    "tlsmgr unix - - n 1000? 1 tlsmgr\n  -o { tls_random_bytes = 16 }\n"],
    ids=["twice", "lines", "one word", "cluster", "braces"])
def test_all_that_is_not_the_program_survives(instance, text):
    write_master_cf(instance, text)
    before = read(master_cf(instance))
    result = tell(instance, "enable")
    assert result.status == OK and not result.err, result
    # The last one, which is the one that master(8) uses.
    assert read(master_cf(instance)) == PROGRAM.join(
        before.rsplit("tlsmgr", 1))
    assert tell(instance, "disable").status == OK
    assert read(master_cf(instance)) == before


def set_mode(instance, mode, group="root"):
    os.chmod(master_cf(instance), mode)
    os.chown(master_cf(instance), 0, grp.getgrnam(group).gr_gid)


@pytest.mark.parametrize("mode, group", [
    (0o600, "root"), (0o444, "root"), (0o640, "adm"), (0o664, "root")])
def test_owner_and_mode_of_master_cf_survive(instance, mode, group):
    set_mode(instance, mode, group)
    before = os.stat(master_cf(instance))
    for command in ("enable", "disable"):
        assert tell(instance, command).status == OK
        after = os.stat(master_cf(instance))
        assert (after.st_mode, after.st_uid, after.st_gid) == (
            before.st_mode, before.st_uid, before.st_gid)
        if command == "enable":
            saved = os.stat(saved_path(instance))
            assert (saved.st_mode, saved.st_gid) == (
                before.st_mode, before.st_gid)
    assert not [name for name in os.listdir(instance.config_directory)
                if name.endswith((".tmp", ".part"))]


def test_a_link_to_master_cf_survives(instance):
    path = master_cf(instance)
    real = instance._path("real.cf")
    os.rename(path, real)
    os.symlink("../real.cf", path)
    before = read(real)
    assert tell(instance, "enable").status == OK
    assert os.readlink(path) == "../real.cf"
    assert read(real) != before
    assert tell(instance, "disable").status == OK
    assert os.readlink(path) == "../real.cf" and read(real) == before


def test_two_at_once_wait_for_each_other(instance):
    """Whoever is last, the file is whole and one of the two."""
    before = read(master_cf(instance))
    processes = [subprocess.Popen(
        [ctl.PROGRAM, "-c", instance.config_directory, command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for command in ["enable", "disable"] * 3]
    for process in processes:
        output = process.communicate()[0]
        assert process.returncode == OK, output
    assert read(master_cf(instance)) in (
        before, before.replace("1 tlsmgr", "1 " + PROGRAM))
    assert tell(instance, "disable").status == OK
    assert read(master_cf(instance)) == before


def test_the_lock_of_postconf_is_waited_for(instance):
    path = master_cf(instance) + ".tmp"
    with open(path, "w") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [ctl.PROGRAM, "-c", instance.config_directory, "enable"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        wait_until(lambda: os.path.exists(saved_path(instance)), "a line")
        assert PROGRAM not in line_of(instance)
        os.unlink(path)  # as postconf does when it has failed
    assert process.communicate() and process.returncode == OK
    assert PROGRAM in line_of(instance)


@pytest.mark.parametrize("text", [
    "justname\n", "= x\n", "mynetworks = 127\0.0.0.1\n\0\n",
    "tls_random_source = ${unclosed\n", "myhostname = ${unclosed\n"],
    ids=["name", "value", "NUL", "macro", "another macro"])
@pytest.mark.parametrize("runs", [True, False], ids=["runs", "stopped"])
def test_disable_works_where_main_cf_cannot_be_parsed(instance, text, runs):
    assert tell(instance, "enable").status == OK
    if runs:
        instance.start()
        assert OURS in tell(instance, "ping").text
    main_cf = read(instance.config_directory + "/main.cf")
    with open(instance.config_directory + "/main.cf", "w") as output:
        output.write(text + main_cf)
    result = tell(instance, "disable")
    assert result.status == OK, result
    assert "does not run" not in result.text or not runs, result
    with open(instance.config_directory + "/main.cf", "w") as output:
        output.write(main_cf)
    assert line_of(instance) == SAVED
    assert not os.path.exists(saved_path(instance))
