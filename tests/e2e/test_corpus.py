"""Whole files of main.cf as people have them, of every kind that was met with
(distributions, mail suites, odd bytes), made up: each is read as postconf -x of
the installed Postfix reads it.

What postconf refuses has to be refused here, and the other way round. Covers
settings_defaults.c.
"""

import os
import pathlib
import re
import shutil

import pytest

import installed
from attributes import OK
from conftest import REPOSITORY
from test_expansion import DUMP, finish, parse, start

FILES = sorted((REPOSITORY / "tests/corpus/main.cf").glob("*.cf"))
# As another program sees them, or not known to it.
OTHER_NAMES = ("process_id", "process_name", "service_name", "tlsmgr_")
REFUSED = ["byte-order-mark"]
# With "<=level" and the like, which postconf knows since Postfix 3.6.
LEVELS_COMPARED = ["compatibility-levels", "ternaries-over-lines"]
OVERRIDES = [["tls_random_bytes=48"], [" tls_random_bytes = 48 "],
             ["myhostname = o.example.com", "syslog_name=$mydomain"],
             ["smtpd_tls_session_cache_timeout = ${a?{1h}:{2h}}", "a ="]]


@pytest.fixture
def directory(tmp_path):
    path = tmp_path / "etc"
    path.mkdir()
    (path / "master.cf").write_bytes(b"")
    return path


def install(path, directory):
    shutil.copy(str(path), str(directory / "main.cf"))
    # Postfix reads a young file again and again until it has settled.
    os.utime(str(directory / "main.cf"), (1000000000, 1000000000))
    return (directory / "main.cf").read_bytes()


def compare(directory, text, overrides=()):
    options = [part for each in overrides for part in ("-o", each)]
    ours = start(DUMP, str(directory), *options)
    output, errors = finish(ours)
    names = [name for name in parse(output)
             if not name.startswith(OTHER_NAMES)]
    if b"process_id" in text:
        names.remove("debugger_command")
    theirs = start("postconf", "-x", *options,
                   *(names or ["tls_random_bytes"]),
                   MAIL_CONFIG=str(directory))
    their_output, their_errors = finish(theirs)
    assert ours.returncode == (1 if theirs.returncode else 0), (
        errors, their_errors)
    expected = parse(their_output)
    values = parse(output)
    for name in names:
        # Not all versions know all of them.
        if name in expected:
            assert values[name] == expected[name], name
    assert theirs.returncode or len(expected) > 30


def test_there_are_files_of_many_kinds():
    assert len(FILES) >= 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_read_as_postconf_reads_it(directory, path):
    if path.stem in LEVELS_COMPARED and installed.version() < (3, 6):
        pytest.skip("postconf of this version knows no levels")
    compare(directory, install(path, directory))


@pytest.mark.parametrize("overrides", OVERRIDES, ids=lambda each: each[0])
@pytest.mark.parametrize("name", ["debian-default", "mail-suite", "instance-second"])
def test_overrides_are_taken_as_postconf_takes_them(directory, name, overrides):
    path, = [path for path in FILES if path.stem == name]
    compare(directory, install(path, directory), overrides)


# What the surroundings of a test have to be.
SURROUNDINGS = ["mail_owner", "daemon_directory", "tls_random_source"]


@pytest.mark.ours("looks at parameters that are none of its business",
                  strict=False)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_daemon_starts_with_a_file_that_postconf_takes(make_master, path):
    """Whatever it makes of the caches: policy, seeds and keys are served."""
    master = make_master()
    values = dict({name: installed.default(name) for name in SURROUNDINGS},
                  queue_directory=master.queue_directory,
                  data_directory=master.data_directory,
                  myhostname="mail.example.test", maillog_file="/var/log/x",
                  maillog_file_prefixes="/var", postlog_service_name="postlog")
    install(path, pathlib.Path(master.config_directory))
    daemon = master.start(*[part for each in values.items()
                            for part in ("-o", "%s=%s" % each)])
    if path.stem in REFUSED:
        assert daemon.wait() == 1
        assert re.search(r"fatal: .*/main\.cf, line 1: ",
                         "\n".join(master.log))
        return
    with master.client() as client:
        for kind in ("smtpd", "smtp", "lmtp"):
            reply = client.policy(kind)
            assert reply.status == OK and reply.number("timeout") >= 120
        assert len(client.seed(32).data("seed")) == 32
        assert client.ticket_key().status == OK
