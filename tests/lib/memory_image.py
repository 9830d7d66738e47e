"""The memory of a process, put back as it was: what a machine that is set back
to a snapshot does to it. Needs root."""

import signal

from waiting import wait_until


def _state(pid):
    with open("/proc/%d/stat" % pid) as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]


def _place(pid):
    """Stack pointer and instruction pointer."""
    with open("/proc/%d/syscall" % pid) as syscall:
        return syscall.read().split()[-2:]


def stop(daemon):
    """In its event loop, where it waits for something to do."""
    wait_until(lambda: _state(daemon.pid) == "S", "it waits")
    daemon.signal(signal.SIGSTOP)
    wait_until(lambda: _state(daemon.pid) == "T", "it is stopped")


def _private_regions(pid):
    """(start, end) of what the process may write to, and nobody else has."""
    with open("/proc/%d/maps" % pid) as maps:
        for line in maps:
            addresses, permissions = line.split()[:2]
            if permissions.startswith("rw") and permissions.endswith("p"):
                yield tuple(int(each, 16) for each in addresses.split("-"))


def size_of(pid):
    return sum(end - start for start, end in _private_regions(pid))


class MemoryImage:
    """Of a process that is stopped."""

    def __init__(self, pid):
        self.place = _place(pid)
        self.regions = list(_private_regions(pid))
        with open("/proc/%d/mem" % pid, "rb", 0) as memory:
            self._contents = [_read(memory, *each) for each in self.regions]

    def put_back(self, pid):
        """The process is stopped at the same place as then."""
        assert _place(pid) == self.place
        assert list(_private_regions(pid)) == self.regions
        with open("/proc/%d/mem" % pid, "r+b", 0) as memory:
            for (start, _), content in zip(self.regions, self._contents):
                _write(memory, start, content)


def _read(memory, start, end):
    memory.seek(start)
    content = b""
    while len(content) < end - start:
        part = memory.read(end - start - len(content))
        if not part:
            raise OSError("cannot read the memory at %#x" % start)
        content += part
    return content


def _write(memory, start, content):
    done = 0
    while done < len(content):
        memory.seek(start + done)
        done += memory.write(content[done:])
