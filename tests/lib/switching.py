"""A private Postfix that uses its own tlsmgr, with ours installed beside it, for
tests of `tlsmgrctl check`, `enable` and `disable`. Import the fixtures."""

import shutil
import subprocess

import pytest

import ctl
import installed
from postfix_instance import PostfixInstance

PROGRAM = "tlsmgr2"  # as in the Makefile
LINE = ("tlsmgr unix - - n 1000? 1 tlsmgr -o tls_random_bytes=16"
        " -o { debugger_command = a b }")


@pytest.fixture
def instance(binary, is_stock):
    """A Postfix that uses its own tlsmgr, with ours installed beside it."""
    if is_stock:
        pytest.skip("there is nothing to switch to")
    made = PostfixInstance(installed.stock_tlsmgr(), chroot=False)
    made.create()
    try:
        shutil.copy(binary, made._path("sbin/" + PROGRAM))
        path = master_cf(made)
        with open(path) as master:
            lines = ["# A comment that stays.\n"] + master.readlines()
        with open(path, "w") as master:
            master.writelines(LINE + "\n" if line.startswith("tlsmgr") else
                              line for line in lines)
        yield made
    finally:
        print(made.log())
        made.remove()


@pytest.fixture
def running(instance):
    instance.start()
    return instance


def master_cf(instance):
    return instance.config_directory + "/master.cf"


def saved_path(instance):
    return instance.config_directory + "/tlsmgr.master.cf"


def tell(instance, *arguments, **keywords):
    return ctl.run(instance.config_directory, *arguments, **keywords)


def line_of(instance):
    """The service's line, words with one blank between them."""
    output = subprocess.run(
        ["postconf", "-c", instance.config_directory, "-M", "tlsmgr/unix"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
        universal_newlines=True).stdout
    return " ".join(output.split())


def others(instance):
    with open(master_cf(instance)) as master:
        return [line for line in master.read().splitlines()
                if not line.startswith(("tlsmgr", "    -o"))]


def append(instance, text):
    with open(instance.config_directory + "/main.cf", "a") as main_cf:
        main_cf.write(text)


def own(instance, text):
    with open(instance.config_directory + "/tlsmgr.cf", "w") as tlsmgr_cf:
        tlsmgr_cf.write(text)


def field(instance, assignment):
    subprocess.run(["postconf", "-c", instance.config_directory, "-F",
                    "tlsmgr/unix/" + assignment],
                   stderr=subprocess.DEVNULL, check=True)
