"""make install and make uninstall, for a Postfix that is not Debian's."""

import os
import shutil
import subprocess

import pytest

from conftest import REPOSITORY

DIRECTORIES = {
    "CONFIG_DIRECTORY": "/opt/mail/etc",
    "QUEUE_DIRECTORY": "/opt/mail/spool",
    "DAEMON_DIRECTORY": "/opt/mail/libexec",
    "COMMAND_DIRECTORY": "/opt/mail/sbin",
    "DATA_DIRECTORY": "/opt/mail/lib",
}
STOCK = DIRECTORIES["DAEMON_DIRECTORY"] + "/tlsmgr"
INSTALLED = DIRECTORIES["DAEMON_DIRECTORY"] + "/tlsmgr2"


@pytest.fixture
def build(tmp_path):
    """A copy of what is built: other defaults compile one file anew."""
    directory = tmp_path / "build"
    built = os.environ.get("TLSMGR_BUILD", str(REPOSITORY / "build"))
    directory.mkdir()
    shutil.copytree(os.path.join(built, "obj"), str(directory / "obj"))
    for name in ("libtlsmgr.a", "tlsmgr", "tlsmgrctl", "defaults",
                 "postfix_defaults.def"):
        shutil.copy2(os.path.join(built, name), str(directory))
    return str(directory)


@pytest.fixture
def root(tmp_path):
    """Where it is installed: with a Postfix in it, and a blank in its name.

    The first half of that name is somebody else's.
    """
    directory = tmp_path / "root of it"
    (tmp_path / "root").mkdir()
    os.makedirs(str(directory) + os.path.dirname(STOCK))
    with open(str(directory) + STOCK, "w") as stock:
        stock.write("Postfix's own")
    return str(directory)


def write_postconf(path):
    """A postconf(1) that knows where its Postfix is, and nothing else."""
    cases = "".join("%s) echo %s ;;\n" % (name.lower(), value)
                    for name, value in DIRECTORIES.items())
    with open(path, "w") as script:
        script.write("#!/bin/sh\n[ \"$1 $2\" = '-d -h' ] || exit 1\n"
                     "case $3 in\n%s*) exit 1 ;;\nesac\n" % cases)
    os.chmod(path, 0o755)


def make(*arguments, status=0):
    """What make printed; not told how to by a make that runs the tests."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("MAKE", "MFLAGS"))}
    result = subprocess.run(
        ["make", "-C", str(REPOSITORY), *arguments], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True, timeout=300)
    assert result.returncode == status, result.stdout
    return result.stdout


def files_in(root):
    return {os.path.join(parent, name)[len(root):]
            for parent, _, names in os.walk(root) for name in names}


def assert_installed(root):
    files = files_in(root)
    assert {os.path.basename(path) for path in files} >= {
        "tlsmgr2", "tlsmgrctl", "tlsmgr2.8", "tlsmgrctl.8", "tlsmgr.cf.5",
        "tlsmgr-protocol.7", "README.md", "LICENSE",
        "main.cf.sample", "master.cf.sample", "tlsmgr.cf.sample",
        "tlsmgr-metrics.service", "tlsmgr-metrics.timer",
        "tlsmgr-exporter.service", "_tlsmgrctl", "tlsmgrctl.fish",
        "latency.svg"}
    assert os.access(root + INSTALLED, os.X_OK)
    with open(root + INSTALLED, "rb") as program:
        content = program.read()
    for directory in DIRECTORIES.values():
        assert directory.encode() + b"\0" in content, directory


def place(tmp_path):
    """Settings of make for an installation below a directory of its own."""
    return ["DESTDIR="] + [
        "%s=%s" % (name, tmp_path / name.lower()) for name in (
            *DIRECTORIES, "SBINDIR", "MANDIR", "DOCDIR", "UNITDIR",
            "COMPLETIONDIR", "ZSHDIR", "FISHDIR")]


def test_installing_ends_with_what_to_do_next(build, tmp_path):
    output = make("install", "BUILD=" + build, *place(tmp_path))
    end = output.split("Installed. Postfix does not use it yet.")[1]
    for command in ("check", "enable", "disable"):
        assert "tlsmgrctl %s " % command in end
    guide = end.split("Guide: ")[1].splitlines()[0]
    assert os.path.exists(guide)


def test_links_of_installed_documents_resolve(build, root):
    """As do those of the package: tests/matrix/package-use."""
    make("install", "BUILD=" + build, "DESTDIR=" + root, "DOCDIR=/doc")
    check = [str(REPOSITORY / "tests/run/check-links"), root + "/doc"]
    subprocess.run(check, check=True)
    os.unlink(root + "/doc/docs/design.md")
    assert subprocess.run(check, stderr=subprocess.PIPE).returncode == 1


@pytest.mark.parametrize("way", ["variables", "postconf"])
def test_what_is_installed_can_be_uninstalled(build, root, tmp_path, way):
    told = ["BUILD=" + build, "DESTDIR=" + root]
    if way == "variables":
        told += ["%s=%s" % item for item in DIRECTORIES.items()]
    else:
        write_postconf(str(tmp_path / "postconf"))
        told.append("POSTCONF=" + str(tmp_path / "postconf"))
    make("install", *told)
    assert_installed(root)
    make("install", *told)
    make("uninstall", *told)
    assert files_in(root) == {STOCK}
    with open(root + STOCK) as stock:
        assert stock.read() == "Postfix's own"
    assert (tmp_path / "root").is_dir()


@pytest.mark.parametrize("flags", [
    "CPPFLAGS=-D_FORTIFY_SOURCE=3", "CFLAGS=-Wp,-D_FORTIFY_SOURCE=3",
    "CC=cc -D_FORTIFY_SOURCE=1"])
def test_a_distribution_may_set_what_we_set(tmp_path, flags):
    """In its compiler, or for all of its packages."""
    target = str(tmp_path / "obj/base/words.o")
    make("BUILD=%s" % tmp_path, flags, target)
    assert os.path.exists(target)


def test_nothing_is_built_twice(build, root):
    """Unless a directory is another than it was."""
    told = ["BUILD=" + build, "DESTDIR=" + root]
    told += ["%s=%s" % item for item in DIRECTORIES.items()]
    assert "-c -o" in make("install", *told)
    assert "-c -o" not in make("install", *told)
    output = make("install", *told, "CONFIG_DIRECTORY=/opt/other")
    assert 1 <= output.count("-c -o") <= 2, output


def used_by(directory, command):
    directory.mkdir(exist_ok=True)
    (directory / "master.cf").write_text(
        "tlsmgr unix - - y 1000? 1 %s\n" % command)
    if not (directory / "main.cf").exists():
        (directory / "main.cf").write_text("")


@pytest.mark.parametrize("instance", ["etc", "etc-second", "etc-third"])
@pytest.mark.parametrize("command", ["tlsmgr2", "tlsmgr2 -v"])
def test_what_is_in_use_is_not_uninstalled(tmp_path, command, instance):
    """In any instance: it would be left without a TLS manager."""
    told = ["DESTDIR=", "DOCDIR=%s/doc" % tmp_path,
            "CONFIG_DIRECTORY=%s/etc" % tmp_path] + [
        "%s=%s" % (name, tmp_path)
        for name in ("DAEMON_DIRECTORY", "SBINDIR", "MANDIR", "UNITDIR",
                     "COMPLETIONDIR", "ZSHDIR", "FISHDIR")]
    program = tmp_path / "tlsmgr2"
    program.write_text("in use")
    for name in ("etc", "etc-second", "etc-third"):
        used_by(tmp_path / name, "tlsmgr")
    (tmp_path / "etc/main.cf").write_text(
        "multi_instance_directories = {0}/etc-second, {0}/etc-third\n".format(
            tmp_path))
    used_by(tmp_path / instance, command)
    output = make("uninstall", *told, status=2)
    assert "tlsmgrctl -c %s/%s disable" % (tmp_path, instance) in output
    assert program.exists()
    used_by(tmp_path / instance, "tlsmgr")
    make("uninstall", *told)
    assert not program.exists()


def test_a_machine_that_has_not_64_bits_is_refused_with_a_reason(tmp_path):
    """By what the compiler says of it, before anything is compiled."""
    compiler = tmp_path / "compiler"
    compiler.write_text("#!/bin/sh\nexec cc -U__LP64__ \"$@\"\n")
    compiler.chmod(0o755)
    result = subprocess.run(
        ["make", "-s", "-C", str(REPOSITORY), "CC=%s" % compiler,
         "TLSMGR_INSTALL=no", "BUILD=%s/build" % tmp_path, "all"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True)
    assert result.returncode != 0
    assert "tlsmgr is for 64-bit machines" in result.stderr
    assert not (tmp_path / "build" / "obj").exists()
