"""Sessions, ticket keys and seeds leave nothing behind.

Planted ones are looked for in the log, in all memory of the process, freed
memory too, and in a core file. What may have them still, by design: the file
of a cache and its mapping, until the place is used again (SECURITY.md); and
the ticket keys that are in use.
"""

import os
import re
import shutil
import subprocess
import time

import pytest

import attributes
from attributes import ERR, OK
from clock_shift import ClockShift
from memory import Secret, find, needles_of
from waiting import wait_until

TIDY_S = 10  # what is not needed any more is gone by then; 1 as a rule

# smtpd's is in a file, smtp's in memory.
CACHES = {
    "smtpd_tls_session_cache_database": "btree:${data_directory}/cache",
    "smtp_tls_session_cache_database": "internal:cache",
    "smtpd_tls_session_cache_timeout": "600",
    "smtp_tls_session_cache_timeout": "600",
    "smtpd_tls_loglevel": "2", "smtp_tls_loglevel": "2"}

pytestmark = [
    pytest.mark.ours("wipes less", strict=False),
    pytest.mark.skipif(bool(os.environ.get("TLSMGR_WRAP")),
                       reason="a debugger has copies of its own")]


@pytest.fixture(params=["256m", "1m"], ids=["mapped", "read"])
def master(request, make_master):
    """Sessions are in a mapping of the file, or are read from it."""
    return make_master(CACHES, {"tlsmgr_cache_memory": request.param})


def assert_gone(daemon, needles):
    """Soon: some buffers are wiped when there is nothing else to do."""
    wait_until(lambda: not find(daemon.pid, needles),
               lambda: "no trace of it: %r" % find(daemon.pid, needles),
               TIDY_S)


def assert_not_logged(master, *needles):
    text = "\n".join(master.log) + "".join(
        daemon.stderr.decode("latin-1") for daemon in master.daemons)
    for needle in sum(needles, []):
        assert needle.decode("latin-1") not in text
        assert needle.hex() not in text.lower()


def is_asan(daemon):
    with open("/proc/%d/maps" % daemon.pid) as maps:
        return re.search("asan", maps.read()) is not None


@pytest.fixture
def daemon(master):
    daemon = master.start("-v", "-v")
    master.wait_ready()
    if is_asan(daemon):
        pytest.skip("the sanitizer has copies of its own")
    return daemon


def test_the_search_finds_what_is_there(master, daemon):
    """Half a request is kept for its other half."""
    secret = Secret()
    request = attributes.encode(attributes.update_request(
        "smtpd", "id", secret.bytes(3000)))
    with master.client() as client:
        client.read_announcement()
        client.send(request[:-100])
        wait_until(lambda: find(daemon.pid, secret.needles()), "half of it")
    assert_gone(daemon, secret.needles())


@pytest.mark.parametrize("size", [300, 3000, 60000])
@pytest.mark.parametrize("cache", ["smtpd", "smtp"])
def test_a_deleted_session_leaves_no_trace(master, daemon, cache, size):
    secret = Secret()
    with master.client() as client:
        session = secret.bytes(size)
        assert client.update(cache, "id", session).status == OK
        assert client.lookup(cache, "id").data("session") == session
        assert client.delete(cache, "id").status == OK
        if cache == "smtp":  # fill what is to be written next
            for number in range(50):
                client.update(cache, "other%d" % number, os.urandom(9000))
        assert_gone(daemon, secret.needles())
    assert_not_logged(master, secret.needles())


def test_a_session_that_was_looked_up_leaves_no_trace(master, daemon):
    """What is kept on disk is read for it, and nothing else is asked."""
    secret = Secret()
    with master.client() as client:
        assert client.update("smtpd", "id", secret.bytes(3000)).status == OK
        assert_gone(daemon, secret.needles())
        assert client.lookup("smtpd", "id").status == OK
        assert_gone(daemon, secret.needles())


def test_seeds_and_wiped_ticket_keys_leave_no_trace_without_caches(
        make_master):
    master = make_master({})
    daemon = master.start()
    with master.client() as client:
        seed = client.seed(255).data("seed")
        if is_asan(daemon):
            pytest.skip("the sanitizer has copies of its own")
        assert_gone(daemon, needles_of(seed))


def test_a_session_that_comes_in_pieces_leaves_no_trace(master, daemon):
    secret = Secret()
    with master.client() as client:
        client.read_announcement()
        client.send_in_pieces(attributes.encode(attributes.update_request(
            "smtpd", "id", secret.bytes(60000))), 7000)
        assert client.receive().status == OK
        assert client.lookup("smtpd", "id").status == OK
        assert client.delete("smtpd", "id").status == OK
        assert_gone(daemon, secret.needles())


def test_replies_that_nobody_reads_leave_no_trace(master, daemon):
    secret = Secret()
    request = attributes.encode(attributes.lookup_request("smtpd", "id"))
    with master.client() as client:
        assert client.update("smtpd", "id", secret.bytes(30000)).status == OK
        client.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                client.socket.send(request)
        wait_until(lambda: find(daemon.pid, secret.needles()), "replies kept")
    with master.client() as client:
        assert client.delete("smtpd", "id").status == OK
    assert_gone(daemon, secret.needles())


def test_a_session_that_cannot_be_read_leaves_no_trace(master, daemon):
    """Refused requests leave no more than others."""
    secret = Secret()
    with master.client() as client:
        client.ask([("request", "update"), ("cache_type", "smtpd"),
                    ("cache_id", "id"),
                    ("session", attributes.to_base64(
                        secret.bytes(3000)) + "?")])
        client.ask([("request", "nonsense"),
                    ("session", attributes.to_base64(
                        secret.bytes(3000)))])
    assert_gone(daemon, secret.needles())
    assert_not_logged(master, secret.needles())


def test_sessions_that_were_moved_leave_no_trace(master, daemon):
    """When the journal is compacted, what lives is copied."""
    secret = Secret()
    path = master.data_directory + "/cache.journal"
    with master.client() as client:
        for turn in range(60):
            for number in range(60):
                client.update("smtpd", "id%d" % number, secret.bytes(3000))
            if turn % 20 == 0:
                time.sleep(1.2)  # a pass of compaction begins in between
        for number in range(60):
            assert client.lookup("smtpd", "id%d" % number).status == OK
            assert client.delete("smtpd", "id%d" % number).status == OK
    assert os.path.getsize(path) > 0
    assert_gone(daemon, secret.needles())


def test_expired_sessions_leave_no_trace(master):
    secret = Secret()
    clock = ClockShift(master.directory)
    daemon = master.start(environment=clock.environment)
    with master.client() as client:
        for number in range(100):
            client.update("smtpd", "id%d" % number, secret.bytes(1000))
            client.lookup("smtpd", "id%d" % number)
        if is_asan(daemon):
            pytest.skip("the sanitizer has copies of its own")
        clock.step(700)
        assert client.lookup("smtpd", "id1").status == ERR
        assert_gone(daemon, secret.needles())


def test_sessions_of_a_previous_process_leave_no_trace(master):
    """Making the table again reads all of them."""
    secret = Secret()
    daemon = master.start()
    with master.client() as client:
        for number in range(100):
            client.update("smtpd", "id%d" % number, secret.bytes(1000))
    wait_until(lambda: os.path.getsize(
        master.data_directory + "/cache.journal") > 100000, "written")
    daemon.kill()
    daemon = master.start()
    with master.client() as client:
        wait_until(lambda: client.lookup("smtpd", "id1").status == OK,
                   "the session of the previous process")
        if is_asan(daemon):
            pytest.skip("the sanitizer has copies of its own")
        for number in range(100):
            client.delete("smtpd", "id%d" % number)
    assert_gone(daemon, secret.needles())


def test_retired_ticket_keys_leave_no_trace(master):
    clock = ClockShift(master.directory)
    master.configure(CACHES, {
        "tlsmgr_ticket_key_file": master.data_directory + "/keys"})
    daemon = master.start("-v", "-v", environment=clock.environment)
    with master.client() as client:
        key = client.ticket_key().data("keybuf")
        if is_asan(daemon):
            pytest.skip("the sanitizer has copies of its own")
        needles = needles_of(key[:80])
        assert find(daemon.pid, needles)
        clock.step(1000)
        assert client.ticket_key(key[:16]).status != OK
        assert client.ticket_key().data("keybuf") != key
        assert_gone(daemon, needles)
    with open(master.data_directory + "/keys", "rb") as keys:
        content = keys.read()
    assert not [needle for needle in needles if needle in content]
    assert_not_logged(master, needles)


def test_seeds_leave_no_trace(master, daemon):
    with master.client() as client:
        seeds = [client.seed(size).data("seed") for size in (32, 255)]
        for seed in seeds:
            assert_gone(daemon, needles_of(seed))
    assert_not_logged(master, *[needles_of(seed) for seed in seeds])


# Core files

def test_no_core_file_is_allowed(master, daemon):
    with open("/proc/%d/limits" % daemon.pid) as limits:
        line, = [line for line in limits if "core file" in line]
    assert line.split()[4:6] == ["0", "0"]
    # Only root has the files of a process that is not dumpable.
    assert os.stat("/proc/%d/mem" % daemon.pid).st_uid == 0
    with open("/proc/%d/coredump_filter" % daemon.pid) as filter_:
        assert int(filter_.read(), 16) == 0


def forced_core(daemon, directory):
    """The bytes of a core file that root makes, or None."""
    path = directory / ("core.%d" % daemon.pid)
    result = subprocess.run(
        ["gcore", "-o", str(directory / "core"), str(daemon.pid)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    if not path.exists():
        pytest.skip("gcore: " + result.stdout.decode()[-200:])
    content = path.read_bytes()
    path.unlink()
    assert content[:4] == b"\x7fELF"
    return content


# Which registers the C library copies with depends on the processor; of those
# that this one has these leave some out. Others ignore it.
REGISTERS = ["", "-AVX512VL", "-AVX512VL,-AVX512F",
             "-AVX512VL,-AVX512F,-AVX_Fast_Unaligned_Load"]


@pytest.mark.skipif(shutil.which("gcore") is None,
                    reason="needs gcore, of gdb")
@pytest.mark.parametrize("hwcaps", REGISTERS)
def test_a_core_that_root_forces_has_no_secrets_in_it(
        master, tmp_path, hwcaps):
    """Made by root; what is in use is not in its memory either, and what was
    in registers is gone a second later."""
    daemon = master.start(environment={
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=" + hwcaps} if hwcaps else None)
    master.wait_ready()
    if is_asan(daemon):
        pytest.skip("the sanitizer has copies of its own")
    secret = Secret()
    with master.client() as client, master.client() as other:
        assert client.update("smtpd", "id", secret.bytes(3000)).status == OK
        assert client.update("smtp", "id", secret.bytes(3000)).status == OK
        assert client.lookup("smtpd", "id").status == OK
        key = client.ticket_key().data("keybuf")
        seed = client.seed(255).data("seed")
        needles = (secret.needles() + needles_of(key[16:80]) +
                   needles_of(seed))
        wait_until(lambda: not contains(forced_core(daemon, tmp_path),
                                        needles),
                   "a core without it", TIDY_S)
        # Half a request is in memory, and passes through registers too.
        other.read_announcement()
        other.send(attributes.encode(attributes.update_request(
            "smtpd", "half", secret.bytes(60000)))[:-100])
        wait_until(lambda: find(daemon.pid, secret.needles()), "half of it")
        wait_until(lambda: not contains(forced_core(daemon, tmp_path),
                                        needles),
                   "a core without it", TIDY_S)


def contains(content, needles):
    return any(needle in content for needle in needles)


# Files

def test_files_are_private(master):
    path = master.data_directory + "/keys"
    master.configure(CACHES, {"tlsmgr_ticket_key_file": path})
    master.start()
    with master.client() as client:
        client.update("smtpd", "id", b"session")
        client.ticket_key()
    names = os.listdir(master.data_directory)
    assert {"keys", "prng_exch", "cache.journal"} <= set(names)
    for name in names:
        status = os.stat(os.path.join(master.data_directory, name))
        assert status.st_mode & 0o7777 == 0o600, name
        assert status.st_uid == master.owner.pw_uid, name
