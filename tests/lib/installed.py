"""What the Postfix installed on this machine says of itself."""

import functools
import os
import subprocess


@functools.lru_cache(maxsize=None)
def default(name):
    """The built-in value of a parameter: postconf -d needs no main.cf."""
    result = subprocess.run(["postconf", "-d", "-h", name],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            universal_newlines=True, check=True)
    return result.stdout.strip()


@functools.lru_cache(maxsize=None)
def version():
    """(3, 7) for Postfix 3.7.11."""
    return tuple(int(part) for part in default("mail_version").split(".")[:2])


def announces():
    """Does a tlsmgr of this version speak first?"""
    return version() >= (3, 6)


def compatibility_level():
    """The newest level that this version knows: no notes in the log."""
    return "%d.%d" % version() if version() >= (3, 6) else "2"


def stock_tlsmgr():
    return os.path.join(default("daemon_directory"), "tlsmgr")


def mail_owner():
    return default("mail_owner")


def sanitizer_options():
    """What a daemon that was built with sanitizers is to be told."""
    return {name: value for name, value in os.environ.items()
            if name.endswith("SAN_OPTIONS")}
