"""main.cf, tlsmgr.cf, what is refused and how. Covers daemon_caches.c."""

import json
import os
import re

import pytest

import ctl
import installed
from attributes import ERR, OK
from waiting import wait_until


def assert_refused(master, *parts, arguments=()):
    """Exit status 1 after a fatal line in which all the patterns are."""
    daemon = master.start(*arguments)
    assert daemon.wait() == 1
    line = master.wait_for_log("^fatal: ")
    for part in parts:
        assert re.search(part, line), "no %r in %r" % (part, line)


def remarks(master, count):
    """What was logged, when that many lines have come."""
    wait_until(lambda: len(master.remarks()) >= count, master.remarks)
    return master.remarks()


def last_line_of(master, name):
    """A pattern for the last line of a configuration file."""
    with open(os.path.join(master.config_directory, name)) as text:
        return r"/%s\W+(line )?%d\b" % (
            re.escape(name), len(text.read().splitlines()))


# Values

BAD_VALUES = [
    ("smtpd_tls_session_cache_timeout", "foo"),
    ("smtpd_tls_session_cache_timeout", "10x"),
    ("smtpd_tls_session_cache_timeout", ""),
    ("smtpd_tls_session_cache_timeout", "-1"),
    ("smtpd_tls_session_cache_timeout", "3600 # x"),
    ("smtpd_tls_session_cache_timeout", "1.5h"),
    ("smtpd_tls_session_cache_timeout", "+ 1"),
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


def test_lines_are_joined_and_expanded(make_master):
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


# What Postfix takes, whatever it may mean

@pytest.mark.parametrize("value, seconds", [
    ("3600s # one hour", 3600), ("1hour", 3600), ("60min", 3600),
    ("1day", 86400), ("3600s,", 3600), ("1h30m", 3600), ("+30m", 1800),
    ("+1800", 1800), ("-0", 0), ("+30minutes", 1800)])
def test_time_is_taken_as_postfix_takes_it(make_master, is_stock, value,
                                           seconds):
    """With one warning of what is ignored, where that is anything."""
    name = "smtpd_tls_session_cache_timeout"
    master = make_master("%s = %s\n" % (name, value))
    master.start()
    assert master.wait_ready().number("timeout") == seconds
    ignored = re.sub(r"^[-+]?\d+[smhdw]?", "", value)
    expected = [] if is_stock or not ignored else [
        "warning: %s/main.cf, line 6: parameter %s: value \"%s\": \"%s\" is "
        "ignored" % (master.config_directory, name, value, ignored)]
    assert remarks(master, len(expected)) == expected


def test_number_may_have_a_sign(make_master):
    master = make_master({"tls_random_bytes": "+32"})
    master.start()
    assert master.wait_ready().status == OK
    assert master.remarks() == []


NUL_FILE = ("smtpd_tls_session_cache_timeout = 30\0m\n  00\n"
            "smtp_tls_session_cache_timeout = 50\0\n   0\n# x\0y\n"
            "lmtp_tls_session_cache_timeout = 700\n")


def test_nul_byte_in_main_cf_ends_a_line(make_master, is_stock):
    master = make_master(NUL_FILE)
    master.start()
    with master.client() as client:
        assert [client.policy(kind).number("timeout") for kind in
                ("smtpd", "smtp", "lmtp")] == [120, 120, 700]
    if not is_stock:
        lines = remarks(master, 2)
        assert len(lines) == 2, lines
        for number, line in ((6, lines[0]), (8, lines[1])):
            assert re.search(r"main\.cf, line %d: .*NUL byte.*ignored" % number,
                             line)


@pytest.mark.parametrize("database", ["cdb:/x/y", "memcache:/x/y", "btre:/x/y",
                                      "lmbd:/dev/shm/x"])
def test_cache_type_that_cannot_be_served_turns_that_cache_off(
        make_master, is_stock, database):
    """With one warning that lists those that can; the rest is served."""
    name = "smtp_tls_session_cache_database"
    master = make_master(
        "smtpd_tls_session_cache_database = btree:${data_directory}/x\n"
        "%s = %s\n" % (name, database))
    master.start()
    with master.client() as client:
        assert client.policy("smtpd").number("cachable") == 1
        assert client.update("smtpd", "id", b"session").status == OK
        assert client.lookup("smtpd", "id").data("session") == b"session"
        assert len(client.seed(32).data("seed")) == 32
        if is_stock:
            return
        assert client.policy("smtp") == [
            ("status", "0"), ("cachable", "0"), ("timeout", "3600")]
        assert client.update("smtp", "id", b"session").status == ERR
        assert client.lookup("smtp", "id").status == ERR
        assert client.delete("smtp", "id").status == ERR
    assert remarks(master, 1) == [
        "warning: %s/main.cf, line 7: parameter %s: bad value \"%s\": "
        "unsupported type \"%s\" (supported are: btree, hash, internal, lmdb, "
        "sdbm): this cache is off" % (
            master.config_directory, name, database, database.split(":")[0])]


@pytest.mark.ours("makes a file named .db")
@pytest.mark.parametrize("database", ["btree:", "hash:", "lmdb: "])
def test_database_without_a_path_is_an_error_of_that_parameter(make_master,
                                                               database):
    """And not a file to be redirected."""
    name = "smtpd_tls_session_cache_database"
    master = make_master("%s = %s\n" % (name, database))
    master.start()
    assert master.wait_ready() == [
        ("status", "0"), ("cachable", "0"), ("timeout", "3600")]
    assert remarks(master, 1) == [
        "warning: %s/main.cf, line 6: parameter %s: bad value \"%s\": there is "
        "no path behind the type: this cache is off" % (
            master.config_directory, name, database.strip())]
    assert os.listdir(master.data_directory) == ["prng_exch"]


@pytest.mark.parametrize("name", [
    "max_idle", "ipc_ttl", "trigger_timeout", "process_id_directory"])
def test_names_of_postfix_expand_to_its_defaults(make_master, name):
    master = make_master(
        {"smtpd_tls_session_cache_timeout":
             "${{$%s} == {%s} ? {1100} : {1200}}" % (
                 name, installed.default(name))})
    master.start()
    assert master.wait_ready().number("timeout") == 1100


# tlsmgr.cf: a bad line there is not worth the mail of a site

def ask_config(master):
    """The parameters in force."""
    return {name: value["value"] for name, value in json.loads(ctl.run(
        master.config_directory, "config", "--json").out).items()}


@pytest.mark.ours("reads no tlsmgr.cf")
def test_tlsmgr_cf_is_read(make_master):
    master = make_master({"limit": "77"}, {
        "tlsmgr_cache_persist": "no", "tlsmgr_client_limit": "$limit"})
    master.start()
    master.wait_ready()
    values = ask_config(master)
    assert values["tlsmgr_cache_persist"] == "no"
    assert values["tlsmgr_client_limit"] == "77"
    assert master.remarks() == []


BAD_OWN_FILES = [
    ("tlsmgr_client_limit = no\n", "tlsmgr_client_limit", "no", "4000"),
    ("tlsmgr_client_limit = 0\n", "tlsmgr_client_limit", "0", "4000"),
    ("tlsmgr_client_limit = $many\n", "tlsmgr_client_limit", "many", "4000"),
    ("tlsmgr_client_limit = ${unclosed\n", "tlsmgr_client_limit", "unclosed",
     "4000"),
    ("tlsmgr_cache_memory = 1t\n", "tlsmgr_cache_memory", "1t", "256m"),
    ("tlsmgr_announce_protocol = maybe\n", "tlsmgr_announce_protocol", "maybe",
     "auto"),
    ("tlsmgr_statistics_period = 1 h\n", "tlsmgr_statistics_period", "1 h",
     "0s"),
    ("tlsmgr_sandbox = perhaps\n", "tlsmgr_sandbox", "perhaps", "yes"),
    ("tlsmgr_cache_persist = never\n", "tlsmgr_cache_persist", "never", "no"),
    ("tlsmgr_nosuch = ${unclosed\n", "tlsmgr_nosuch", "unknown", None),
    ("mail_owner = nosuchuser\n", "mail_owner", "belongs in main.cf", None),
    ("smtpd_tls_session_cache_timeout = ${bad\n",
     "smtpd_tls_session_cache_timeout", "belongs in main.cf", None),
    ("tlsmgr_service_name = other\n", "tlsmgr_service_name",
     "belongs in main.cf", None),
    ("two words = x\n", "two words", "missing '='", None),
    ("justname\n", "justname", "missing '='", None)]


@pytest.mark.ours("reads no tlsmgr.cf")
@pytest.mark.parametrize("text, name, part, value", BAD_OWN_FILES)
def test_bad_line_in_tlsmgr_cf_does_not_stop_the_mail(
        make_master, text, name, part, value):
    """It is named, with its place, in the log, by `status` and `check`; the
    default counts, and all other lines."""
    master = make_master({"many": "many"})
    master.write_config("tlsmgr.cf", "# ours\n%stlsmgr_cache_max_size = 7m\n"
                        % text)
    master.start()
    assert master.wait_ready() == [
        ("status", "0"), ("cachable", "0"), ("timeout", "3600")]
    line, = remarks(master, 1)
    assert line.startswith("warning: %s/tlsmgr.cf, line 2: " %
                           master.config_directory), line
    assert name in line and part in line and "ignored" in line, line
    values = ask_config(master)
    assert values["tlsmgr_cache_max_size"] == "7m"
    assert value is None or values[name] == value
    status = ctl.run(master.config_directory, "status").text.splitlines()[0]
    assert status.startswith("1 setting is ignored: ")
    assert line.split(" ", 1)[1] in status
    check = ctl.run(master.config_directory, "check").text.splitlines()
    assert check[0] == "warning  " + line.split(" ", 1)[1]
    assert check[1] == "         Do: correct that, then: postfix reload"


@pytest.mark.ours("reads no tlsmgr.cf")
@pytest.mark.parametrize("make", [
    os.mkdir, lambda path: os.symlink("tlsmgr.cf", path)],
    ids=["directory", "loop"])
def test_tlsmgr_cf_that_cannot_be_read_does_not_stop_the_mail(make_master,
                                                              make):
    master = make_master()
    make(os.path.join(master.config_directory, "tlsmgr.cf"))
    master.start()
    assert master.wait_ready().status == OK
    line, = remarks(master, 1)
    assert re.match(r"warning: (read|open) .*/tlsmgr\.cf: ", line), line


@pytest.mark.ours("reads no tlsmgr.cf")
def test_main_cf_may_refer_to_a_bad_line_of_tlsmgr_cf(make_master):
    master = make_master(
        {"smtpd_tls_session_cache_timeout": "50$tlsmgr_nosuch$nosuch",
         "smtp_tls_session_cache_timeout": "$tlsmgr_client_limit"},
        {"tlsmgr_nosuch": "${", "nosuch": "${", "tlsmgr_client_limit": "${"})
    master.start()
    with master.client() as client:
        assert client.policy("smtpd").number("timeout") == 120
        assert client.policy("smtp").number("timeout") == 4000


@pytest.mark.ours("has no such parameter")
@pytest.mark.parametrize("arguments", [(), ("-o", "tlsmgr_client_limit=no")])
def test_own_parameter_may_stand_in_main_cf_and_does_not_stop_it(
        make_master, arguments):
    master = make_master({"tlsmgr_client_limit": "never"})
    master.start(*arguments)
    assert master.wait_ready().status == OK
    master.wait_for_log("^warning: .*tlsmgr_client_limit: bad value \"%s\""
                        % ("no" if arguments else "never"))


def test_service_name_may_stand_in_main_cf(make_master):
    """It has our prefix, but is Postfix's."""
    master = make_master({"tlsmgr_service_name": "other"})
    master.start()
    assert master.wait_ready().status == OK
    assert "unknown parameter" not in "\n".join(master.messages())


@pytest.mark.ours("has no use for it")
def test_service_name_may_not_be_empty(make_master):
    """smtpd(8) refuses it as well."""
    master = make_master("tlsmgr_service_name =\n")
    assert_refused(master, "tlsmgr_service_name",
                   last_line_of(master, "main.cf"))


@pytest.mark.parametrize("arguments", [
    ("-o", "smtpd_tls_session_cache_timeout=500"),
    ("-osmtpd_tls_session_cache_timeout=500",),
    ("-o", " smtpd_tls_session_cache_timeout = 500 "),
    ("-vo", "smtpd_tls_session_cache_timeout = ${a?{1}:{500}}")])
def test_override_has_many_forms(make_master, arguments):
    """The third is what master(8) makes of -o { name = value }."""
    master = make_master({"smtpd_tls_session_cache_timeout": "400"})
    master.start(*arguments)
    assert master.wait_ready().number("timeout") == 500


@pytest.mark.parametrize("name", [
    "process_id", "service_name",
    pytest.param("process_name", marks=pytest.mark.ours("lets it be set"))])
def test_read_only_parameter_is_not_overridden(make_master, name):
    """Refused or ignored, but not obeyed."""
    master = make_master({"smtpd_tls_session_cache_timeout":
                          "${{$%s} == {123} ? {999} : {500}}" % name})
    daemon = master.start("-o", name + "=123")
    if daemon.wait_or_none(0.5) is None:
        with master.client(15) as client:
            assert client.policy("smtpd").number("timeout") == 500
