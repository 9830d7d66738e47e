"""Daemons that are started under a limit of the system's."""

import os


def start_under(master, option, value):
    """From now on the master starts its daemons under `ulimit OPTION VALUE`,
    soft and hard."""
    wrapper = os.path.join(master.directory, "wrapper")
    with open(wrapper, "w") as script:
        script.write("#!/bin/sh\nulimit %s %s\nexec %s \"$@\"\n" % (
            option, value, master.binary))
    os.chmod(wrapper, 0o755)
    master.binary = wrapper
