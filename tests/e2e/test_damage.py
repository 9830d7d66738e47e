"""A file that is not what it was costs one warning, and never a wrong value.

What stands in the place of a file (links, pipes, directories) is in
test_files.py, but for the journal. TLSMGR_LONG=1 damages at random for longer.
"""

import os
import random
import re

import pytest

from attributes import OK
from fake_master import FakeMaster
from faults import put_data
from ledger import session
from pipeline import find_all, store_all
from tell import tell
from waiting import wait_until

LOTTERY_ROUNDS = 3000 if os.environ.get("TLSMGR_LONG") else 60
SESSIONS = {"key-%d" % number: session("key-%d" % number, number)
            for number in range(400)}

PROMPT_S = 3.0
PAGE = 4096
DATABASE = "smtpd_tls_session_cache_database"
KINDS = ["btree", "hash"]
FILES = ["cache.journal", "prng_exch"]


def end(daemon):
    """As at a reload: without waiting for the disk."""
    daemon.hang_up()
    assert daemon.wait() == 0


def settings(kind):
    return {DATABASE: kind + ":${data_directory}/cache"}


class Files:
    """The files that a clean end has left, with all the sessions."""

    def __init__(self, binary, kind):
        with FakeMaster(binary, settings(kind)) as master:
            daemon = master.start()
            with master.client() as client:
                assert store_all(client, SESSIONS) == SESSIONS
            end(daemon)
            self.contents = {}
            for name in FILES:
                path = os.path.join(master.data_directory, name)
                with open(path, "rb") as content:
                    self.contents[name] = (content.read(),
                                           os.stat(path).st_mtime_ns)

    def put(self, master):
        for name, (content, modified_ns) in self.contents.items():
            put_data(master, name, content, modified_ns)


@pytest.fixture(scope="module")
def files(binary):
    return {kind: Files(binary, kind) for kind in KINDS}


def complaints(master, since=0):
    return [line for line in master.messages(since)
            if line.startswith(("warning", "error", "fatal", "panic"))]


def start_and_look(master):
    """The sessions that are there; none is wrong, and all works."""
    daemon = master.start(chroot=True)
    with master.client(PROMPT_S) as client:
        assert client.policy("smtpd").status == OK
        assert client.seed(32).status == OK
        assert client.ticket_key().status == OK
        assert client.policy("smtpd").number("cachable") == 1
        wait_until(lambda: client.ask([("request", "stats")])
                   .value("smtpd.ready") == "1", "what can be recovered")
        found = find_all(client, SESSIONS)
        assert client.update("smtpd", "new", b"session").status == OK
        assert client.lookup("smtpd", "new").data("session") == b"session"
    assert daemon.stderr == b""
    return daemon, found


def start_again(master, daemon, found):
    """What was found once is found again. What is damaged may still be so."""
    end(daemon)
    expected = len(complaints(master))
    mark = master.log_mark()
    daemon = master.start(chroot=True)
    with master.client(PROMPT_S) as client:
        assert client.lookup("smtpd", "new").data("session") == b"session"
        again = find_all(client, SESSIONS)
    assert again.keys() >= found.keys()
    assert len(complaints(master, mark)) <= expected
    end(daemon)


# One kind of damage after the other. They take the content of a file.

def zeros(length):
    return lambda content: bytes(length) + content[length:]


def cut(part):
    return lambda content: content[:int(len(content) * part)]


def noise(start, length):
    """`start` is a part of the whole."""
    def damage(content):
        at = int(len(content) * start) // PAGE * PAGE
        return content[:at] + random.Random(1).randbytes(length) + \
            content[at + length:]
    return damage


DAMAGE = {
    "empty": lambda content: b"",
    "a byte": lambda content: content[:1],
    "part of a page": lambda content: content[:1000],
    "half": cut(0.5),
    "all but a byte": lambda content: content[:-1],
    "first page zero": zeros(PAGE),
    "all zero": lambda content: bytes(len(content)),
    "first bytes random": noise(0, 64),
    "a page in the middle random": noise(0.5, PAGE),
    "last page random": noise(0.99, PAGE),
    "all random": lambda content: random.Random(2).randbytes(len(content)),
    "text": lambda content: b"# not what you think it is\n" * 1000,
    "another version": lambda content: content[:16] + b"\x63" + content[17:],
    "garbage behind": lambda content: content + b"x" * 10000,
    "twice": lambda content: content * 2,
    "pages in another order": lambda content: content[:PAGE] + b"".join(
        content[at:at + PAGE]
        for at in range(len(content) - PAGE, 0, -PAGE)),
}


# What 1.0 left there: pages of Berkeley DB whose checksums are right, but
# which its library would loop on, or write out of bounds for.
OLD_TABLES = {
    "text": b"# not what you think it is\n" * 1000,
    "zeros": bytes(8 * PAGE),
    "a btree with an empty root": random.Random(3).randbytes(12) +
    b"\x62\x31\x05\x00\x09\x00\x00\x00\x00\x10\x00\x00" + bytes(8 * PAGE),
}


@pytest.mark.ours("has its sessions there")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", OLD_TABLES.values(),
                         ids=OLD_TABLES.keys())
def test_a_table_of_berkeley_db_is_not_looked_at(make_master, files, content,
                                                 kind):
    master = make_master(settings(kind))
    files[kind].put(master)
    put_data(master, "cache.db", content, 1)
    path = os.path.join(master.data_directory, "cache.db")
    os.chmod(path, 0)
    daemon, found = start_and_look(master)
    assert found == SESSIONS
    assert complaints(master) == []
    start_again(master, daemon, SESSIONS)
    assert os.stat(path).st_mtime_ns == 1
    with open(path, "rb") as left:
        assert left.read() == content


# No fault of anybody's.
EXPECTED_LOSS = {
    "empty": "",
    "another version": "emptied: ",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_journal(make_master, files, request, damage):
    master = make_master(settings("btree"))
    files["btree"].put(master)
    content, modified_ns = files["btree"].contents["cache.journal"]
    put_data(master, "cache.journal", damage(content), modified_ns)
    daemon, found = start_and_look(master)
    assert len(complaints(master)) <= 1
    if found != SESSIONS:
        line = EXPECTED_LOSS.get(request.node.callspec.id, "^warning: ")
        assert re.search(line, "\n".join(master.messages()), re.MULTILINE)
    start_again(master, daemon, found)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_exchange_file(make_master, files, damage):
    """Whatever is in it is stirred in, and gets replaced."""
    master = make_master(settings("btree"))
    files["btree"].put(master)
    put_data(master, "prng_exch",
             damage(files["btree"].contents["prng_exch"][0]))
    daemon, found = start_and_look(master)
    assert found == SESSIONS
    assert complaints(master) == []
    assert os.path.getsize(master.exchange_path) == 1024
    start_again(master, daemon, found)


@pytest.mark.parametrize("name, other", [
    ("prng_exch", "cache.journal"), ("cache.journal", "prng_exch")])
def test_one_file_in_the_place_of_another(make_master, files, name, other):
    master = make_master(settings("btree"))
    files["btree"].put(master)
    put_data(master, name, files["btree"].contents[other][0])
    daemon, found = start_and_look(master)
    assert len(complaints(master)) <= 1
    start_again(master, daemon, found)


@pytest.mark.parametrize("old, new", [KINDS, KINDS[::-1]])
def test_another_type_finds_the_same_sessions(make_master, files, old, new):
    master = make_master(settings(new))
    files[old].put(master)
    daemon, found = start_and_look(master)
    assert found == SESSIONS
    assert complaints(master) == []
    start_again(master, daemon, SESSIONS)


@pytest.mark.parametrize("size", [4 << 30, 1 << 40, 1 << 43])
def test_journal_that_is_mostly_a_hole_takes_no_time(make_master, files,
                                                     size):
    """As after an fsck(8)."""
    master = make_master(settings("btree"))
    files["btree"].put(master)
    path = os.path.join(master.data_directory, "cache.journal")
    try:
        os.truncate(path, size)
    except OSError as error:
        pytest.skip("no file is so large here: %s" % error)
    daemon, found = start_and_look(master)
    assert found == SESSIONS
    assert len(complaints(master)) <= 1
    start_again(master, daemon, found)


# At random

def damage_at_random(chance, content):
    """Some of what a disk, or a person, may do to a file."""
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(content) + 1)
        length = min(chance.choice((1, 8, 100, PAGE, 100000)),
                     len(content) - at)
        filling = chance.choice((
            bytes(length), b"\xff" * length, chance.randbytes(length), b""))
        if chance.randrange(5) == 0:
            content = content[:at]
        elif chance.randrange(3) == 0:  # what belongs elsewhere
            start = chance.randrange(len(content) + 1) // PAGE * PAGE
            at = at // PAGE * PAGE
            piece = content[start:start + PAGE]
            content = content[:at] + piece + content[at + len(piece):]
        else:
            content = content[:at] + filling + content[at + length:]
    return content


def test_random_damage(make_master, files, request):
    kept = 0
    for seed in range(LOTTERY_ROUNDS):
        chance = random.Random(seed)
        kind = chance.choice(KINDS)
        master = make_master(settings(kind))
        files[kind].put(master)
        for name in chance.sample(FILES, chance.choice((1, 1, 2))):
            content, modified_ns = files[kind].contents[name]
            put_data(master, name, damage_at_random(chance, content),
                     chance.choice((modified_ns, None)))
        try:
            daemon, found = start_and_look(master)
            assert len(complaints(master)) <= 1
            start_again(master, daemon, found)
        except BaseException:
            print("seed %d" % seed, master.messages())
            raise
        kept += len(found)
        master.close()
    tell(request.config, "random damage: %d rounds, %.0f%% of the sessions "
         "kept" % (LOTTERY_ROUNDS,
                   100 * kept / (len(SESSIONS) * LOTTERY_ROUNDS)))


# While the daemon runs

def truncate(master, path):
    os.truncate(path, 0)


def halve(master, path):
    os.truncate(path, os.path.getsize(path) // 2)


def overwrite(master, path):
    with open(path, "r+b") as output:
        output.write(bytes(os.path.getsize(path)))


def scramble(master, path):
    with open(path, "r+b") as output:
        output.write(os.urandom(os.path.getsize(path)))


def remove(master, path):
    os.unlink(path)


def replace(master, path):
    with open(path + ".new", "w") as output:
        output.write("something else")
    os.rename(path + ".new", path)
    os.chown(path, master.owner.pw_uid, master.owner.pw_gid)


@pytest.mark.parametrize("change", [
    truncate, halve, overwrite, scramble, remove, replace],
    ids=lambda change: change.__name__)
def test_changed_by_another_while_in_use(make_master, change):
    """`rm`, an editor, a backup that is put back."""
    master = make_master(settings("btree"))
    daemon = master.start(chroot=True)
    with master.client() as client:
        assert store_all(client, SESSIONS) == SESSIONS
        find_all(client, SESSIONS)
        change(master, os.path.join(master.data_directory, "cache.journal"))
        find_all(client, SESSIONS)
        store_all(client, SESSIONS)
        find_all(client, SESSIONS)
        assert client.seed(32).status == OK
    assert len(complaints(master)) <= 2
    end(daemon)
    assert daemon.stderr == b""
    daemon, _ = start_and_look(master)
    end(daemon)
