"""Libraries of tests/lib that change what a daemon's system calls do."""

import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def library(name, directory):
    """The path of NAME.so: as built by make, or built here and now."""
    built = os.path.join(os.environ.get("TLSMGR_BUILD", ""),
                         "tests/%s.so" % name)
    if os.path.exists(built):
        return os.path.abspath(built)
    path = os.path.join(directory, name + ".so")
    subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-O2",
                    "-fPIC", "-shared", "-o", path,
                    str(HERE / (name + ".c")), "-ldl"], check=True)
    return path


def environment(name, directory, **own):
    """What a process has to be started with to load the library."""
    return {
        "LD_PRELOAD": library(name, directory),
        # A sanitizer's library would insist on coming first.
        "ASAN_OPTIONS": ":".join(
            [os.environ.get("ASAN_OPTIONS", "")] +
            ["verify_asan_link_order=0"]).lstrip(":"),
        **own}
