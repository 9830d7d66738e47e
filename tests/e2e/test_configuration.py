"""main.cf, tlsmgr.cf, what is refused and how."""

import os
import re

import pytest

from attributes import OK


def assert_refused(master, *parts, arguments=()):
    """Exit status 1 after a fatal line in which all the patterns are."""
    daemon = master.start(*arguments)
    assert daemon.wait() == 1
    line = master.wait_for_log("^fatal: ")
    for part in parts:
        assert re.search(part, line), "no %r in %r" % (part, line)


def last_line_of(master, name):
    """A pattern for the last line of a configuration file."""
    with open(os.path.join(master.config_directory, name)) as text:
        return r"/%s\W+(line )?%d\b" % (
            re.escape(name), len(text.read().splitlines()))


# Values

BAD_VALUES = [
    ("smtpd_tls_session_cache_timeout", "foo"),
    ("smtpd_tls_session_cache_timeout", "10x"),
    ("smtpd_tls_session_cache_timeout", "1 h"),
    ("smtpd_tls_session_cache_timeout", "1H"),
    ("smtpd_tls_session_cache_timeout", "8640001"),
    ("smtpd_tls_session_cache_timeout", "99999999999"),
    ("smtpd_tls_session_cache_timeout", "9999999999999999w"),
    ("smtp_tls_session_cache_timeout", "bar"),
    ("lmtp_tls_session_cache_timeout", "8640001"),
    ("tls_random_bytes", "0"),
    ("tls_random_bytes", "-3"),
    ("tls_random_bytes", "abc"),
    ("tls_random_reseed_period", "0"),
    ("tls_random_reseed_period", "x"),
    ("tls_random_prng_update_period", "0s"),
    ("daemon_timeout", "0"),
    ("ipc_timeout", "0"),
    ("syslog_facility", "bogus"),
    ("mail_owner", "nosuchuser")]


@pytest.mark.parametrize("name, value", BAD_VALUES)
def test_bad_value_is_refused(make_master, name, value):
    assert_refused(make_master({name: value}), name)


@pytest.mark.ours("does not name the file and line")
@pytest.mark.parametrize("name, value", BAD_VALUES)
def test_bad_value_is_named_with_its_place(make_master, name, value):
    master = make_master("# comment\n\n%s = %s\n" % (name, value))
    assert_refused(master, name, re.escape(value),
                   last_line_of(master, "main.cf"))


@pytest.mark.ours("does not name the place")
def test_bad_override_is_named(make_master):
    assert_refused(
        make_master(), "-o", "smtpd_tls_session_cache_timeout", "never",
        arguments=("-o", "smtpd_tls_session_cache_timeout=never"))


@pytest.mark.parametrize("text, part", [
    ("no equals sign\n", "no equals sign"), ("justname\n", "justname"),
    ("= value\n", "= value"), ("two words = x\n", "two words")])
def test_bad_line_is_refused(make_master, text, part):
    master = make_master("# comment\n" + text)
    assert_refused(master, last_line_of(master, "main.cf"), part)


def test_main_cf_that_is_missing_is_refused(make_master):
    master = make_master()
    os.unlink(os.path.join(master.config_directory, "main.cf"))
    assert_refused(master, "main.cf", "No such file")


@pytest.mark.parametrize("text, part", [
    ("tls_random_source = $tls_random_source\n", "tls_random_source"),
    ("first = $second\nsecond = ${first}\n"
     "tls_random_source = dev:$(first)\n", "first|second"),
    ("tls_random_source = ${unclosed\n", "unclosed")])
def test_bad_expansion_is_refused(make_master, text, part):
    master = make_master(text)
    daemon = master.start()
    assert daemon.wait() == 1
    master.wait_for_log("^fatal: ")
    assert re.search(part, "\n".join(master.messages()))


def test_value_that_nobody_uses_may_be_bad(make_master):
    master = make_master("first = $second\nsecond = $first\n")
    master.start()
    assert master.wait_ready().status == OK


def test_overridden_entry_is_reported(make_master):
    master = make_master("smtpd_tls_session_cache_timeout = 1000\n"
                         "smtpd_tls_session_cache_timeout = 2000\n")
    master.start()
    assert master.wait_ready().number("timeout") == 2000
    line = master.wait_for_log("^warning: .*overriding earlier entry")
    assert "main.cf" in line
    assert "smtpd_tls_session_cache_timeout=1000" in line


def test_lines_and_expansion(make_master):
    """A taste; all of it is compared with postconf(1) elsewhere."""
    master = make_master(
        "base =\n"
        "# a comment in the middle\n"
        "\n"
        "\t20\n"
        "other = ${empty?wrong}${empty:right}\n"
        "smtpd_tls_session_cache_timeout = ${base?{${base}00}:{7}}s\n"
        "smtp_tls_session_cache_timeout = "
        "${{$other} == {right} ? {30m} : {15m}}\n")
    master.start()
    with master.client() as client:
        assert client.policy("smtpd").number("timeout") == 2000
        assert client.policy("smtp").number("timeout") == 1800


@pytest.mark.ours("reads no tlsmgr.cf")
def test_tlsmgr_cf_is_read(make_master):
    """A bad value there is named with that file and line."""
    master = make_master(own_settings={
        "tlsmgr_cache_persist": "yes", "tlsmgr_client_limit": "no"})
    assert_refused(master, "tlsmgr_client_limit", r"\bno\b",
                   last_line_of(master, "tlsmgr.cf"))


@pytest.mark.ours("has no such parameter")
def test_own_parameter_in_main_cf(make_master):
    assert_refused(make_master({"tlsmgr_client_limit": "no"}),
                   "tlsmgr_client_limit", r"\bno\b", "main.cf")


@pytest.mark.ours("has no such parameter")
def test_tlsmgr_cf_may_refer_to_main_cf(make_master):
    master = make_master({"limit": "many"},
                         own_settings={"tlsmgr_client_limit": "$limit"})
    assert_refused(master, "tlsmgr_client_limit", "many")


def test_service_name_in_main_cf(make_master):
    """It has our prefix, but is Postfix's."""
    master = make_master({"tlsmgr_service_name": "other"})
    master.start()
    assert master.wait_ready().status == OK
    assert "unknown parameter" not in "\n".join(master.messages())


@pytest.mark.ours("reads no tlsmgr.cf")
def test_service_name_in_tlsmgr_cf(make_master):
    master = make_master(own_settings={"tlsmgr_service_name": "other"})
    assert_refused(master, "tlsmgr_service_name", r"belongs in main\.cf",
                   last_line_of(master, "tlsmgr.cf"))


@pytest.mark.ours("has no use for it")
def test_service_name_that_is_empty(make_master):
    """smtpd(8) refuses it as well."""
    master = make_master("tlsmgr_service_name =\n")
    assert_refused(master, "tlsmgr_service_name",
                   last_line_of(master, "main.cf"))


@pytest.mark.parametrize("name", [
    "process_id", "service_name",
    pytest.param("process_name", marks=pytest.mark.ours("lets it be set"))])
def test_override_of_a_read_only_parameter(make_master, name):
    """Refused or ignored, but not obeyed."""
    master = make_master({"smtpd_tls_session_cache_timeout":
                          "${{$%s} == {123} ? {999} : {500}}" % name})
    daemon = master.start("-o", name + "=123")
    if daemon.wait_or_none(0.5) is None:
        with master.client(15) as client:
            assert client.policy("smtpd").number("timeout") == 500
