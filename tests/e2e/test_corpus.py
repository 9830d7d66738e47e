"""Whole files of main.cf as people have them, of every kind that was met with
(distributions, mail suites, odd bytes), made up: each is read as postconf -x of
the installed Postfix reads it.

What postconf refuses has to be refused here, and the other way round. Covers
settings_defaults.c.
"""

import os
import shutil

import pytest

from conftest import REPOSITORY
from test_expansion import DUMP, finish, parse, start

FILES = sorted((REPOSITORY / "tests/corpus/main.cf").glob("*.cf"))
# As another program sees them, or not known to it.
OTHER_NAMES = ("process_id", "process_name", "service_name", "tlsmgr_")
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
    compare(directory, install(path, directory))


@pytest.mark.parametrize("overrides", OVERRIDES, ids=lambda each: each[0])
@pytest.mark.parametrize("name", ["debian-default", "mail-suite", "instance-second"])
def test_overrides_are_taken_as_postconf_takes_them(directory, name, overrides):
    path, = [path for path in FILES if path.stem == name]
    compare(directory, install(path, directory), overrides)
