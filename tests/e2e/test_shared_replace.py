"""conf/tlsmgr-secret replaces the secret of a group, step by step, so that at
each moment every host takes what any other makes."""

import os
import re
import subprocess

import pytest

import ctl
from conftest import REPOSITORY

SCRIPT = REPOSITORY / "conf/tlsmgr-secret"
HOSTS = ("one", "other")

# Each host is a directory, a reload is a line in a file of it.
SSH = """\
#!/bin/sh
cd %(root)s/$1 || exit 255
shift
exec sh -c "$*"
"""
POSTFIX = """\
#!/bin/sh
echo "$*" >>reloads
"""


class Group:
    def __init__(self, root):
        self.root = root
        for name in HOSTS + ("here",):
            (root / name).mkdir()
        self._program("ssh", SSH % {"root": root})
        self._program("postfix", POSTFIX)
        os.symlink(ctl.PROGRAM, root / "tlsmgrctl")

    def _program(self, name, text):
        path = self.root / name
        path.write_text(text)
        path.chmod(0o755)

    def run(self, step):
        return subprocess.run(
            [str(SCRIPT), step], cwd=str(self.root / "here"),
            env={"PATH": "%s:/usr/bin:/bin" % self.root, "SSH": "ssh",
                 "FILE": "secret", "HOSTS": " ".join(HOSTS)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True, timeout=60)

    def secrets(self, host="here"):
        return (self.root / host / "secret").read_text().split()

    def step(self, step):
        result = self.run(step)
        assert result.returncode == 0, result.stderr
        for host in HOSTS:
            assert self.secrets(host) == self.secrets()
        for host in HOSTS + ("here",):
            assert (self.root / host / "secret").stat().st_mode & 0o77 == 0
            assert not (self.root / host / "secret.new").exists()
        return self.secrets()

    def reloads(self, host):
        return (self.root / host / "reloads").read_text().count("reload")


@pytest.fixture
def group(tmp_path):
    return Group(tmp_path)


def test_the_first_run_makes_a_secret_everywhere(group):
    secret, = group.step("add")
    assert len(secret) == 44
    assert group.step("swap") == [secret]


def test_days_of_replacement_never_part_two_hosts(group):
    """A host that has the file of a step before takes what others make."""
    before = group.step("add")
    group.step("swap")
    seen = set(before)
    for _ in range(3):
        for step in ("add", "swap"):
            after = group.step(step)
            assert before[0] in after and after[0] in before
            before = after
        seen.update(after)
        assert len(after) == 2
    assert len(seen) == 4
    for host in HOSTS + ("here",):
        assert group.reloads(host) == 7


def test_a_host_that_is_missed_holds_up_the_second_step(group):
    group.step("add")
    group.step("swap")
    (group.root / "other").rename(group.root / "gone")
    result = group.run("add")
    assert result.returncode == 1
    assert "add: not done on other" in result.stderr
    secrets = group.secrets()
    result = group.run("swap")
    assert result.returncode == 1
    assert "the step before was not made on all hosts" in result.stderr
    assert group.secrets() == secrets
    (group.root / "gone").rename(group.root / "other")
    first, new = group.step("add")
    assert first == secrets[0]
    assert group.step("swap") == [new, first]


def test_comments_and_empty_lines_are_no_secrets(group):
    (group.root / "here" / "secret").write_text("# of 2026\n\n  \nAAAA\n")
    first, _ = group.step("add")
    assert first == "AAAA"


def test_anything_else_changes_nothing(group):
    before = group.step("add")
    assert group.run("rotate").returncode == 1
    assert group.run("").returncode == 1
    assert group.secrets() == before


def test_units_name_what_there_is():
    for step in ("add", "swap"):
        timer = (REPOSITORY / ("conf/tlsmgr-secret-%s.timer" % step)
                 ).read_text()
        assert "Unit=tlsmgr-secret@%s.service" % step in timer
        assert re.search(r"^%s\)" % step, SCRIPT.read_text(), re.MULTILINE)
