"""After an upgrade of Postfix, or a step back: what is installed decides who
speaks first, at each start, and nobody has to build or configure anything."""

import os
import shutil

import pytest

import installed
from attributes import OK

OLD, NEW = b"3.5.25", b"3.6.0"
pytestmark = pytest.mark.ours("announces as the Postfix it came with",
                              strict=False)


def install(master, version):
    """Put a Postfix in place, as a package manager does: by renaming."""
    path = os.path.join(master.directory, "sbin", "master")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "wb") as program:
        program.write(b"\x7fELF" + bytes(100000) +
                      b"mail_version=" + version + bytes(1000))
    os.rename(path + ".new", path)


def assert_speaks_first(master, expected):
    """The client fails if it is told nothing, or something unasked."""
    master.announced = expected
    for _ in range(2):
        with master.client() as client:
            assert client.policy("smtpd").status == OK
            assert not client.is_readable()


def start_again(master, chroot):
    if master.daemons:
        master.daemons[-1].hang_up()  # postfix reload
        assert master.daemons[-1].wait() == 0
    return master.start(chroot=chroot)


@pytest.mark.parametrize("chroot", [True, False])
def test_upgrade_and_downgrade(make_master, chroot):
    master = make_master()
    master.configure({"daemon_directory": master.directory + "/sbin"})
    for version in (OLD, NEW, OLD):
        install(master, version)
        start_again(master, chroot)
        assert_speaks_first(master, version == NEW)
    assert [line for line in master.messages()
            if line.startswith(("warning", "error"))] == []


def test_upgrade_counts_at_the_next_start(make_master):
    """The old master and its clients run until the reload."""
    master = make_master()
    master.configure({"daemon_directory": master.directory + "/sbin"})
    install(master, OLD)
    start_again(master, True)
    assert_speaks_first(master, False)
    install(master, NEW)
    assert_speaks_first(master, False)


def test_installed_postfix_is_recognised(make_master):
    """Also where its programs are not in the place compiled in."""
    master = make_master()
    directory = master.directory + "/sbin"
    shutil.copytree(installed.default("daemon_directory"), directory)
    master.configure({"daemon_directory": directory})
    start_again(master, True)
    assert_speaks_first(master, installed.announces())
