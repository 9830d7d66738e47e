"""tlsmgrctl check and reload with a daemon that runs: what `status` calls
trouble is a finding with something to do, and what is not in force is found.
Covers ctl_check_daemon.c, ctl_check_running.c, ctl_check_changes.c, ctl_check_tls.c, ctl_reload.c,
ctl_advice.c."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import ctl
from ctl import Impostor
from switching import append, field, instance, own, running, tell

OK, NO = 0, 1


@pytest.fixture
def enabled(running):
    assert tell(running, "enable").status == OK
    return running


def finding(result, expected):
    """The one that has this text, and what to do about it."""
    lines = result.text.splitlines()
    found = [i for i, line in enumerate(lines) if expected in line and
             line.startswith(("PROBLEM", "warning"))]
    assert len(found) == 1, result
    assert lines[found[0] + 1].startswith("         Do: "), result
    return lines[found[0] + 1][len("         Do: "):]


def set_value(instance, assignment):
    subprocess.run(["postconf", "-c", instance.config_directory, "-e",
                    assignment], stderr=subprocess.DEVNULL, check=True)


def test_a_daemon_that_is_well_has_no_findings(enabled):
    result = tell(enabled, "check")
    assert result.status == OK, result
    assert "the daemon answers" in result.text


def test_a_cache_that_cannot_be_used_is_found(enabled):
    set_value(enabled, "smtp_tls_session_cache_database=btree:/nonexist/x")
    assert tell(enabled, "reload", "--force").status == NO
    result = tell(enabled, "check")
    assert result.status == NO
    assert "reload" in finding(
        result, "smtp: the cache btree:/nonexist/x cannot be used")


def test_values_that_are_not_in_force_are_found(enabled):
    set_value(enabled, "smtp_tls_session_cache_timeout=1234s")
    result = tell(enabled, "check")
    assert result.status == NO
    assert "reload" in finding(
        result, "smtp_tls_session_cache_timeout = 1234s, but the daemon has")
    assert "not in force until: postfix reload" in result.text
    assert tell(enabled, "reload").status == OK
    assert tell(enabled, "check").status == OK


@pytest.mark.parametrize("name", ["main.cf", "tlsmgr.cf", "master.cf"])
def test_files_newer_than_the_daemon_are_found(enabled, name):
    """Also where what was changed is for other daemons."""
    path = enabled.config_directory + "/" + name
    with open(path, "a"):
        os.utime(path, (2 ** 31, 2 ** 31))
    result = tell(enabled, "check")
    assert result.status == NO
    assert "reload" in finding(
        result, name + " was changed since the daemon started")


def test_options_in_master_cf_that_are_not_in_force_are_found(enabled):
    field(enabled, "command=tlsmgr2 -o tls_random_bytes=24")
    finding(tell(enabled, "check"), "tls_random_bytes = 24, but the daemon")


def test_a_postfix_without_tls_is_found(instance):
    append(instance, "smtpd_tls_security_level = none\n"
                     "smtp_tls_security_level =\n")
    result = tell(instance, "check")
    assert "smtp_tls_security_level = may" in finding(result, "uses no TLS")
    with open(instance.config_directory + "/master.cf", "a") as master_cf:
        master_cf.write("9 inet n - n - - smtpd\n"
                        "  -o smtpd_tls_security_level=encrypt\n")
    assert "uses no TLS" not in tell(instance, "check").text


COUNTS = {
    "refused": "clients of other users were refused",
    "limit_closes": "clients were closed for the limit",
    "memory_closes": "clients were closed for the memory",
    "complaints": "requests were malformed",
    "random_failures": "random number generator gave nothing",
    "entropy_failures": "reads of the entropy source failed",
    "exchange_failures": "updates of the exchange file failed",
    "smtp.failures": "smtp: 3 requests could not be carried out",
    "smtp.errors": "smtp: 3 reads or writes failed",
    "smtp.lost": "smtp: 3 sessions were lost to damage",
    "smtp.evicted": "smtp: 3 sessions left before their time",
    "shared.dropped": "found no room in the queue",
    "shared.rejected": "were not made by this group",
    "shared.skewed": "from the future",
    "shared.errors": "were refused by the engine",
}
STATES = [
    ({"smtp.cachable": "0"}, "smtp: the cache btree:x cannot be used"),
    ({"smtp.ready": "0"}, "smtp: the daemon is still reading"),
    ({"entropy_answering": "0"}, "dev:x does not answer"),
    ({"settings_ignored": "2", "first_setting_ignored": "tlsmgr_x: unknown"},
     "ignored 2 settings at its start, the first: tlsmgr_x: unknown"),
    ({"shared.problem": "it is too short"}, "shares nothing: it is too short"),
    ({"shared.secrets": "1", "ticket_lifetime": "3600",
      "shared.ticket_key": "0"}, "ticket keys are this host's own"),
    ({"shared.down_since": "1700000000", "shared.server": "cache1:6379"},
     "the engine cache1:6379 is not used"),
]
WELL = {"smtp.enabled": "1", "smtp.cachable": "1", "smtp.ready": "1",
        "smtp.database": "btree:x", "entropy_source": "dev:x",
        "entropy_answering": "1"}


def check_with(statistics):
    def answer(request):
        if request["request"] == "stats":
            return ctl.statistics(**dict(WELL, **statistics))
        return ctl.reply(0)
    with Impostor(answer) as impostor:
        shutil.copy("/etc/postfix/master.cf", impostor.config_directory)
        return impostor.run("check")


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_a_count_that_status_has_in_red_is_found(name):
    assert COUNTS[name] not in check_with({name: "0"}).text
    finding(check_with({name: "3"}), COUNTS[name])


@pytest.mark.parametrize("values, expected", STATES,
                         ids=[each[1][:20] for each in STATES])
def test_a_state_that_is_trouble_is_found(values, expected):
    assert expected not in check_with({}).text
    finding(check_with(values), expected)


def test_a_replay_that_has_just_begun_is_no_fault():
    text = check_with({"smtp.ready": "0", "started_at": "9999999999"}).text
    assert "note     smtp: the daemon is still reading" in text


def test_findings_in_json(instance):
    set_value(instance, "smtp_tls_session_cache_database=cdb:/x")
    result = tell(instance, "check", "--json")
    assert result.status == NO
    told = json.loads(result.text)
    assert told["warnings"] == 1 and told["problems"] == 0
    bad = [each for each in told["findings"] if each["level"] == "warning"]
    assert len(bad) == 1 and 'no type "cdb"' in bad[0]["finding"]
    assert "reload" in bad[0]["do"]
    assert {each["level"] for each in told["findings"]} >= {"ok", "note"}


# Advice

def test_without_main_cf_postfix_is_to_be_configured(instance):
    os.unlink(instance.config_directory + "/main.cf")
    assert "configure Postfix" in finding(
        tell(instance, "check"), "main.cf")
    assert "configure Postfix" in tell(instance, "status").complaint


def test_what_keeps_the_daemon_from_starting_needs_a_restart(instance):
    append(instance, "tls_random_reseed_period = none\n")
    advice = finding(tell(instance, "check"), "tls_random_reseed_period")
    assert "after a minute" in advice
    restart = "systemctl restart postfix" \
        if os.path.exists("/run/systemd/system") else "postfix stop"
    assert restart in advice


@pytest.mark.parametrize("command", ["enable", "disable", "reload"])
def test_who_is_not_root_is_told_to_be(instance, command):
    result = tell(instance, command, user="nobody")
    assert result.status == NO
    assert result.complaint == "tlsmgrctl: nothing was changed: be root\n"


# Status

def test_status_starts_no_daemon_that_is_idle(instance):
    field(instance, "command=tlsmgr2")
    instance.start()
    assert not daemons(instance)
    result = tell(instance, "status")
    assert result.status == OK and "No tlsmgr runs at present" in result.text
    assert not daemons(instance)
    assert tell(instance, "ping").status == OK
    assert len(daemons(instance)) == 1
    assert ", process %s," % daemons(instance)[0] in \
        tell(instance, "status").text


def daemons(instance):
    """Process ids of the daemons that its master(8) has started."""
    parent = "PPid:\t%s\n" % master_pid(instance)
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if parent in (process / "status").read_text() and \
                    (process / "cmdline").read_bytes().startswith(b"tlsmgr2\0"):
                found.append(process.name)
    return found


def master_pid(instance):
    with open(instance._path("queue/pid/master.pid")) as pid_file:
        return pid_file.read().strip()


def test_status_does_not_count_itself(enabled):
    told = [re.findall(r"^(?:Clients|Requests) .*", tell(
        enabled, "status").text, re.MULTILINE) for _ in range(3)]
    assert told[0][0].startswith("Clients       0 now")
    assert {each[1] for each in told} == {told[0][1]}


# Reload

def test_reload_sees_the_new_values_in_force(enabled):
    set_value(enabled, "smtp_tls_session_cache_timeout=1234s")
    result = tell(enabled, "reload")
    assert result.status == OK, result
    assert "It has the values of the files." in result.text
    told = json.loads(tell(enabled, "config", "--json").text)
    assert told["smtp_tls_session_cache_timeout"]["value"] == "1234s"


def test_reload_refuses_with_the_findings(enabled):
    before = json.loads(tell(enabled, "status", "--json").text)["pid"]
    own(enabled, "tlsmgr_nosuch = 1\n")
    result = tell(enabled, "reload")
    assert result.status == NO
    finding(result, "unknown parameter: tlsmgr_nosuch")
    assert "Postfix was not reloaded" in result.complaint
    assert json.loads(
        tell(enabled, "status", "--json").text)["pid"] == before
    assert tell(enabled, "reload", "--force").status == OK
    assert json.loads(
        tell(enabled, "status", "--json").text)["pid"] != before


def test_reload_tells_of_a_cache_that_cannot_be_used_then(enabled):
    set_value(enabled, "smtp_tls_session_cache_database=btree:/nonexist/x")
    result = tell(enabled, "reload")
    assert result.status == NO
    finding(result, "smtp: the cache btree:/nonexist/x cannot be used")


def test_reload_of_a_postfix_that_does_not_run_says_how_to_start_it(instance):
    result = tell(instance, "reload")
    assert result.status == NO
    assert "start it: " in result.complaint


def test_reload_with_the_daemon_of_postfix(running):
    assert tell(running, "reload").status == OK
