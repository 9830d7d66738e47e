"""conf/tlsmgr-exporter.service allows what the exporter does, and no more than
that is worth."""

import re
import shutil
import subprocess

import pytest

import ctl
from conftest import CACHES, REPOSITORY
from exporter import Exporter

UNIT = REPOSITORY / "conf/tlsmgr-exporter.service"
pytestmark = pytest.mark.ours("it knows no such request")


def values(name):
    return re.findall(r"^%s=(.*)$" % name, UNIT.read_text(), re.MULTILINE)


def analyze(*arguments):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze")
    return subprocess.run(["systemd-analyze", *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, timeout=60)


def calls_of(group):
    """All system calls of a set of systemd's, with those of sets in it."""
    result = analyze("syscall-filter", "--no-pager", group)
    if result.returncode != 0:
        pytest.skip("systemd-analyze: " + result.stdout)
    found = set()
    for line in result.stdout.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            found |= calls_of(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


def allowed_calls():
    allowed = set()
    for value in values("SystemCallFilter"):
        forbids = value.startswith("~")
        for group in value.lstrip("~").split():
            if forbids:
                allowed -= calls_of(group)
            else:
                allowed |= calls_of(group)
    return allowed


def calls_made(trace):
    return set(re.findall(r"^(?:\d+ +)?(?:\d+\.\d+ )?(\w+)\(", trace,
                          re.MULTILINE))


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_it_makes_no_call_that_its_unit_forbids(make_master, tmp_path):
    """As the mail owner, from its start to its end."""
    master = make_master(CACHES)
    master.start()
    master.wait_ready()
    trace = tmp_path / "trace"
    program = shutil.copy(ctl.PROGRAM, master.directory)
    tracer = Exporter(master.config_directory, program=[
        "strace", "-f", "-qq", "-u", master.owner.pw_name, "-o", str(trace),
        program])
    try:
        assert tracer.is_up()
        assert tracer.get("/nothing")[0] == 404
    finally:
        tracer.end(int(tracer.children()[0]))
    made = calls_made(trace.read_text())
    assert {"accept4", "socket", "clone3"} & made
    assert made - allowed_calls() <= {"execve"}


def test_systemd_finds_it_safe(tmp_path):
    result = analyze("security", "--offline=true", "--no-pager",
                     "--threshold=20", str(UNIT))
    if "offline" in result.stdout and result.returncode != 0 and \
            "xposure" not in result.stdout:
        pytest.skip("this systemd-analyze reads no file")
    assert result.returncode == 0, result.stdout


def test_systemd_takes_it(tmp_path):
    program = tmp_path / "tlsmgrctl"
    shutil.copy(ctl.PROGRAM, str(program))
    unit = tmp_path / UNIT.name
    unit.write_text(re.sub("^(ExecStart=)tlsmgrctl", r"\1%s" % program,
                           re.sub("(?m)^Documentation=.*\n", "",
                                  UNIT.read_text()), flags=re.MULTILINE))
    result = analyze("verify", str(unit))
    assert result.returncode == 0 and result.stdout == "", result.stdout
