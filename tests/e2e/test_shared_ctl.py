"""tlsmgrctl for several hosts (covers ctl_secret.c, ctl_shared.c,
ctl_group.c, ctl_check_shared.c)."""

import base64
import difflib
import hashlib
import json
import os
import time

import pytest

import ctl
import shared_group
from shared_host import OTHER, SECRET, TIMEOUT_S, text_of

pytestmark = pytest.mark.ours("it knows no such request")


def shown(host):
    result = host.run("shared")
    assert result.status == 0, result
    assert result.complaint == ""
    return result.text


def without_time(text):
    return [line for line in text.splitlines()
            if not line.startswith("time = ")]


def test_secret_prints_a_new_one_each_time():
    results = [ctl.run(None, "secret") for _ in range(3)]
    lines = [result.text for result in results]
    assert len(set(lines)) == 3
    for line in lines:
        assert line.endswith("\n")
        assert len(base64.b64decode(line, validate=False)) == 32


def test_a_new_secret_is_taken(make_host):
    host = make_host(is_started=False)
    host.write(ctl.run(None, "secret").text + ctl.run(None, "secret").text)
    host.start()
    assert "secrets = 2\n" in shown(host)
    assert not host.warnings()


def test_shared_shows_all_that_is_in_a_fingerprint(make_host):
    host = make_host(SECRET, OTHER, is_started=False)
    path = host.master.directory + "/ca.pem"
    with open(path, "wb") as output:
        output.write(b"a certificate\n")
    host.settings.update({"smtp_tls_CAfile": path, "smtp_tls_loglevel": "1",
                          "tls_ssl_options": "no_compression"})
    host.start()
    sides = [shared_group.Side(
        secret, "postfix", "smtp", 3600, shared_group.digest(
            [("smtp_tls_CAfile", path),
             ("tls_ssl_options", "no_compression")], [b"a certificate\n"]))
        for secret in (SECRET, OTHER)]
    section = shown(host).split("\nsmtp\n")[1].split("\n\n")[0]
    assert section.splitlines() == [
        "  fingerprint of secret 1 = " + sides[0].fingerprint(),
        "  fingerprint of secret 2 = " + sides[1].fingerprint(),
        "  timeout = 3600",
        "  smtp_tls_CAfile = " + path,
        "  tls_ssl_options = no_compression",
        "  file %s = %s" % (path, hashlib.sha256(
            b"a certificate\n").hexdigest())]


def test_shared_shows_time_and_epoch(make_host):
    host = make_host(SECRET)
    side = shared_group.Side(SECRET, "postfix", "smtpd", TIMEOUT_S, b"")
    before = side.epoch(time.time())
    text = shown(host)
    assert text.startswith("time = 20")
    assert any("\nepoch of ticket keys = %d, of 1800 s each\n" % epoch in text
               for epoch in (before, side.epoch(time.time())))


def test_equal_hosts_differ_in_the_time_alone(make_host):
    one, other = make_host(SECRET), make_host(SECRET)
    assert without_time(shown(one)) == without_time(shown(other))


def test_a_difference_is_a_line_of_diff(make_host):
    one, other = make_host(SECRET), make_host(SECRET, is_started=False)
    other.settings["smtpd_tls_ask_ccert"] = "yes"
    other.start()
    changed = [line[2:] for line in difflib.ndiff(
        without_time(shown(one)), without_time(shown(other)))
        if line.startswith("+ ")]
    assert "  smtpd_tls_ask_ccert = yes" in changed
    assert [line for line in changed if "fingerprint" in line]
    assert len(changed) == 2


@pytest.mark.parametrize("subcommand", ["shared", "check"])
def test_a_change_that_the_daemon_has_not_seen_is_told(make_host, subcommand):
    host = make_host(SECRET)
    host.give(OTHER)
    result = host.run(subcommand)
    assert result.status == 1
    assert "the daemon" in result.text + result.complaint
    assert "another secret, or other settings" in \
        result.text + result.complaint
    host.reload()
    assert host.run("shared").status == 0


def test_without_a_group_it_says_so(make_host):
    host = make_host(tlsmgr_shared_secret_file="")
    result = host.run("shared")
    assert result.status == 1
    assert "there is no tlsmgr_shared_secret_file" in result.complaint
    assert "fingerprint" not in result.text
    assert "nothing is shared with other hosts, as configured" in \
        host.run("check").text
    assert "Shared        nothing with other hosts\n" in \
        host.run("status").text


def test_an_engine_without_a_file_of_secrets_is_a_finding(make_host):
    """The daemon is on its own, as if none had been named."""
    host = make_host(tlsmgr_shared_secret_file="",
                     tlsmgr_shared_servers="127.0.0.1:6379")
    assert not host.warnings()
    found = host.run("check").text
    assert "warning  tlsmgr_shared_servers is set, but nothing is shared" in \
        found
    assert "as configured" not in found.splitlines()[0]


def test_a_word_that_is_no_cache_is_a_finding(make_host):
    host = make_host(SECRET, tlsmgr_shared_caches="smtpd, all",
                     tlsmgr_shared_servers="127.0.0.1:1")
    assert '"all" is none of smtpd, smtp, lmtp' in host.run("check").text


def test_a_bad_file_is_said_with_what_else_there_is(make_host):
    host = make_host(is_started=False)
    host.write("secret\n")
    host.start()
    result = host.run("shared")
    assert result.status == 1
    assert "line 1: not base64; nothing is shared" in result.complaint
    assert "\nsmtpd\n  timeout = 3600\n" in result.text


@pytest.mark.parametrize("subcommand", ["status", "check"])
def test_a_bad_value_is_said_first_with_what_comes_of_it(make_host,
                                                         subcommand):
    host = make_host(SECRET, tlsmgr_shared_lookup_ms="0")
    first = host.run(subcommand).text.splitlines()[0]
    assert "parameter tlsmgr_shared_lookup_ms: bad value" in first
    assert "nothing is shared" in first


def test_a_bad_value_counts_as_a_failure(make_host):
    """The alert TlsmgrSharedFailed goes by that."""
    host = make_host(SECRET, tlsmgr_shared_lookup_ms="0")
    shared = json.loads(host.run("status", "--json").text)["shared"]
    assert shared["state"] == "failed" and shared["secrets"] == 0
    assert "parameter tlsmgr_shared_lookup_ms: bad value" in shared["problem"]
    assert 'tlsmgr_shared_info{state="failed",problem="' in host.run(
        "status", "--prometheus").text
    assert "with other hosts, as configured" not in host.run("check").text
    assert "there is no tlsmgr_shared_secret_file" not in \
        host.run("shared").complaint


def test_a_bad_value_is_no_failure_where_nothing_would_be_shared(make_host):
    host = make_host(tlsmgr_shared_lookup_ms="0",
                     tlsmgr_shared_secret_file="")
    shared = json.loads(host.run("status", "--json").text)["shared"]
    assert shared["state"] == "off" and shared["problem"] == ""


def test_nothing_shows_a_secret(make_host):
    host = make_host(SECRET, OTHER)
    texts = [host.run(*arguments).text for arguments in (
        ["shared"], ["check"], ["status"], ["status", "--json"],
        ["status", "--prometheus"], ["config"])] + host.log()
    for secret in (SECRET, OTHER):
        for form in (text_of(secret).strip()[:20], secret.hex()[:20]):
            assert not [text for text in texts if form in text]


def test_status_shows_the_group_in_every_form(make_host):
    host = make_host(SECRET, OTHER)
    fingerprint = json.loads(host.run("status", "--json").text)[
        "shared"]["fingerprint_smtpd"]
    assert len(fingerprint) == 12
    text = host.run("status").text
    assert "with the group postfix, 2 secrets; ticket keys are the group's" \
        in text
    assert "fingerprints: smtpd %s, smtp " % fingerprint in text
    metrics = host.run("status", "--prometheus").text
    assert 'tlsmgr_shared_info{state="secret",' in metrics
    assert 'fingerprint_smtpd="%s"' % fingerprint in metrics
    assert "\ntlsmgr_shared_secrets 2\n" in metrics
    assert "\ntlsmgr_shared_ticket_key 1\n" in metrics


def test_keys_are_known_for_an_epoch_more(make_host):
    host = make_host(SECRET)
    until = json.loads(host.run("status", "--json").text)["shared"][
        "ticket_keys_until"]
    assert until in (host.key()[3], host.key()[3] + TIMEOUT_S // 2)


def test_trust_files_are_found_as_the_daemon_finds_them(make_host):
    """A relative path: from the queue directory, wherever the tool runs."""
    host = make_host(SECRET, is_started=False)
    with open(host.master.queue_directory + "/ca.pem", "w") as output:
        output.write("a CA\n")
    os.chmod(host.master.queue_directory + "/ca.pem", 0o644)
    host.settings["smtpd_tls_CAfile"] = "ca.pem"
    host.start()
    assert "  file ca.pem = " in shown(host)
    assert not host.warnings()
