"""What goes wrong around a daemon, and what it shows of itself meanwhile."""

import os
import resource
import struct
import subprocess

import preload



# Disks

class SmallDisk:
    """A file system of its own, in memory, with room for so many bytes."""

    def __init__(self, path, size, owner):
        self.path = str(path)
        os.makedirs(self.path)
        self._mount("-t", "tmpfs", "-o", "size=%d,mode=755,uid=%d,gid=%d" %
                    (size, owner.pw_uid, owner.pw_gid), "tmpfs")
        self._filler = self.path + "/filler"

    def _mount(self, *arguments):
        result = subprocess.run(["mount", *arguments, self.path],
                                stderr=subprocess.PIPE,
                                universal_newlines=True)
        if result.returncode != 0:
            raise OSError(result.stderr.strip())

    def set_writable(self, is_writable):
        self._mount("-o", "remount," + ("rw" if is_writable else "ro"))

    def fill(self, leave=0):
        """Take all the room but for so many bytes."""
        with open(self._filler, "ab", buffering=0) as filler:
            status = os.statvfs(self.path)
            room = status.f_bavail * status.f_frsize - leave
            filler.write(bytes(max(0, room)))

    def free(self):
        os.unlink(self._filler)

    def remove(self):
        # Lazily, since a daemon of a test that failed may still be there.
        subprocess.run(["umount", "-l", self.path], check=True)


class FaultyIo:
    """Makes calls on the files of a directory fail; see faulty_io.c."""

    KINDS = ("write", "sync", "truncate", "read")
    _FAULTS = struct.Struct("4i")
    _COUNTS = struct.Struct("4I")

    def __init__(self, master):
        self._path = os.path.join(master.directory, "faulty_io")
        with open(self._path, "wb") as output:
            output.write(bytes(self._FAULTS.size + self._COUNTS.size))
        self.environment = preload.environment(
            "faulty_io", master.directory, FAULTY_IO_FILE=self._path,
            FAULTY_IO_DIRECTORY=master.data_directory)

    def fail(self, **errors):
        """fail(write=errno.ENOSPC, ...); what is not named works again."""
        with open(self._path, "r+b") as output:
            output.write(self._FAULTS.pack(
                *(errors.get(kind, 0) for kind in self.KINDS)))

    def count(self):
        """How many calls were made to fail so far."""
        with open(self._path, "rb") as counts:
            counts.seek(self._FAULTS.size)
            return sum(self._COUNTS.unpack(counts.read(self._COUNTS.size)))


def together(*environments):
    """One environment that preloads what each of them does."""
    merged = {}
    for environment in environments:
        merged.update(environment)
    merged["LD_PRELOAD"] = ":".join(
        environment["LD_PRELOAD"] for environment in environments)
    return merged


# A process

def resident_bytes(pid):
    with open("/proc/%d/statm" % pid) as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def anonymous_bytes(pid):
    """What is not shared with a file."""
    with open("/proc/%d/status" % pid) as status:
        for line in status:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("no RssAnon")


def busy_s(pid):
    """Time in which it had something to do, and ran or waited for its turn.

    On a machine that is busy with something else, processor time alone would
    not tell one that spins.
    """
    with open("/proc/%d/schedstat" % pid) as schedstat:
        ran_ns, waited_ns, _ = schedstat.read().split()
    return (int(ran_ns) + int(waited_ns)) / 1e9


def descriptor_count(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


# Files

def put_data(master, name, content, modified_ns=None):
    """A file of the data directory, as if the daemon had left it there."""
    path = os.path.join(master.data_directory, name)
    with open(path, "wb") as output:
        output.write(content)
    os.chown(path, master.owner.pw_uid, master.owner.pw_gid)
    os.chmod(path, 0o600)
    if modified_ns is not None:
        os.utime(path, ns=(modified_ns, modified_ns))
