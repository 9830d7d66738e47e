"""The files of the caches and of the generator."""

import os
import re
import stat
import subprocess

import pytest

import installed
from attributes import ERR, OK
from conftest import CACHES

PROMPT_S = 5.0
SMTPD = "smtpd_tls_session_cache_database"
SMTP = "smtp_tls_session_cache_database"
LMTP = "lmtp_tls_session_cache_database"


def data_path(master, name):
    return os.path.join(master.data_directory, name)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def assert_stores(master, cache_type="smtpd"):
    with master.client(PROMPT_S) as client:
        assert client.policy(cache_type).number("cachable") == 1
        assert client.update(cache_type, "x", b"session").status == OK
        assert client.lookup(cache_type, "x").data("session") == b"session"


def assert_serves_without(master, cache_type="smtpd"):
    """All but this cache: told so, and stored nowhere."""
    with master.client(PROMPT_S) as client:
        assert client.policy(cache_type) == [
            ("status", "0"), ("cachable", "0"), ("timeout", "3600")]
        assert client.update(cache_type, "x", b"session").status == ERR
        assert client.lookup(cache_type, "x").status == ERR
        assert client.delete(cache_type, "x").status == ERR
        assert client.policy("smtp").number("cachable") == 1
        assert client.update("smtp", "x", b"session").status == OK
        assert client.seed(32).status == OK
        assert client.ticket_key().status == OK


# Types

@pytest.mark.parametrize("chroot", [True, False])
@pytest.mark.parametrize("kind", ["btree", "hash", "internal"])
def test_each_type_makes_its_files(make_master, kind, chroot):
    master = make_master({SMTPD: kind + ":${data_directory}/cache"})
    master.start(chroot=chroot)
    assert_stores(master)
    assert os.path.exists(data_path(master, "cache.journal")) == \
        (kind != "internal")


@pytest.mark.ours("does not know them")
@pytest.mark.parametrize("kind", ["sdbm", "lmdb"])
def test_a_type_served_by_another_is_said(make_master, kind):
    master = make_master({SMTPD: kind + ":${data_directory}/cache"})
    master.start()
    assert_stores(master)
    assert os.path.exists(data_path(master, "cache.journal"))
    lines = [line for line in master.messages() if kind + ":" in line]
    assert len(lines) == 1, master.messages()
    assert not lines[0].startswith(("error", "fatal"))


def test_no_type_is_the_default_type(make_master):
    master = make_master({SMTPD: "${data_directory}/cache",
                          "default_database_type": "btree"})
    master.start()
    assert_stores(master)
    assert os.path.exists(data_path(master, "cache.journal"))


@pytest.mark.skipif(installed.version() < (3, 11),
                    reason="Postfix 3.11 and later have this parameter")
def test_the_default_type_is_that_of_postfix(make_master):
    master = make_master(
        {SMTPD: "$default_cache_db_type:${data_directory}/cache"})
    master.start()
    assert_stores(master)


def test_a_type_in_memory_has_no_file(make_master):
    """So no place to complain of, either."""
    master = make_master({SMTPD: "internal:anything"})
    master.start()
    assert_stores(master)
    assert not [line for line in master.messages() if "anything" in line]


@pytest.mark.ours("pretends to have the cache")
@pytest.mark.parametrize("kind", ["cdb", "texthash", "mysql", "nonsense"])
def test_a_type_that_cannot_be_served_turns_that_cache_off(make_master, kind):
    master = make_master({SMTPD: kind + ":${data_directory}/cache",
                          SMTP: "btree:${data_directory}/smtp"})
    master.start()
    assert master.wait_ready().number("cachable") == 0
    assert_stores(master, "smtp")
    line, = [line for line in master.remarks() if SMTPD in line]
    for part in ("warning: ", kind, "btree", "hash"):
        assert part in line


@pytest.mark.parametrize("first, second", [
    (SMTPD, SMTP), (SMTPD, LMTP), (SMTP, LMTP)])
def test_the_same_database_twice_is_fatal(make_master, first, second):
    same = "btree:${data_directory}/same"
    master = make_master({first: same, second: same})
    daemon = master.start()
    assert daemon.wait() == 1
    line = master.wait_for_log("^fatal: .*/data/same")
    assert first.split("_")[0] in line and second.split("_")[0] in line


REFUSED = pytest.mark.ours("takes them for one database")


@pytest.mark.parametrize("first, second", [
    ("btree:${data_directory}/same", "internal:${data_directory}/same"),
    pytest.param("internal:same", "internal:same", marks=REFUSED),
    pytest.param("internal:", "internal:", marks=REFUSED)])
def test_what_is_in_memory_is_the_same_as_nothing_else(
        make_master, first, second):
    master = make_master({SMTPD: first, SMTP: second})
    master.start()
    with master.client() as client:
        for cache in ("smtpd", "smtp"):
            assert client.policy(cache).number("cachable") == 1
            assert client.update(cache, "id", cache.encode()).status == OK
        for cache in ("smtpd", "smtp"):
            assert client.lookup(cache, "id").data("session") == cache.encode()


def test_the_same_file_twice_is_fatal(make_master):
    """The same file by another type."""
    master = make_master({SMTPD: "btree:${data_directory}/same",
                          SMTP: "hash:${data_directory}/same"})
    daemon = master.start()
    assert daemon.wait() == 1
    master.wait_for_log("^fatal: .*/data/same")


# Owners, modes, places

@pytest.mark.parametrize("chroot", [True, False])
def test_files_belong_to_the_owner(make_master, chroot):
    master = make_master(CACHES)
    master.start(chroot=chroot)
    assert_stores(master)
    assert_stores(master, "smtp")
    for name in ("smtpd_scache.journal", "smtp_scache.journal", "prng_exch"):
        status = os.stat(data_path(master, name))
        assert status.st_uid == master.owner.pw_uid
        assert status.st_gid == master.owner.pw_gid


@pytest.mark.ours("makes them as the umask says")
def test_files_are_private(make_master):
    master = make_master(CACHES)
    old = os.umask(0)
    try:
        master.start()
        assert_stores(master)
    finally:
        os.umask(old)
    for name in os.listdir(master.data_directory):
        assert mode(data_path(master, name)) == 0o600, name


@pytest.mark.parametrize("database", [
    "btree:{directory}/foreign/cache", "hash:{directory}/foreign/cache"])
def test_a_database_in_a_foreign_directory_is_redirected(
        make_master, database):
    master = make_master()
    foreign = master.directory + "/foreign"
    os.mkdir(foreign)
    database = database.format(directory=master.directory)
    master.configure({SMTPD: database})
    master.start()
    assert_stores(master)
    assert os.path.exists(data_path(master, "cache.journal"))
    assert os.listdir(foreign) == []
    assert_redirected(master, "table " + database, foreign)


def assert_redirected(master, what, directory):
    """Two warnings in a row."""
    first = "warning: request to update %s in non-postfix directory %s" % (
        what, directory)
    master.wait_for_log(re.escape(first))
    messages = master.messages()
    assert messages[messages.index(first) + 1] == \
        "warning: redirecting the request to postfix-owned " \
        "data_directory " + master.data_directory


def test_an_exchange_file_in_a_foreign_directory_is_redirected(make_master):
    master = make_master()
    foreign = master.directory + "/foreign"
    os.mkdir(foreign)
    path = foreign + "/random"
    master.configure({"tls_random_exchange_name": path})
    daemon = master.start()
    assert master.wait_ready().status == OK
    daemon.hang_up()
    assert daemon.wait() == 0
    assert os.path.getsize(data_path(master, "random")) == 1024
    assert os.listdir(foreign) == []
    assert_redirected(master, "file " + path, foreign)


def test_no_exchange_file_is_made_without_a_name(make_master):
    master = make_master({"tls_random_exchange_name": ""})
    daemon = master.start()
    assert master.wait_ready().status == OK
    daemon.hang_up()
    assert daemon.wait() == 0
    assert os.listdir(master.data_directory) == []


# What may stand in the place of a file

def put_link(master, path):
    target = os.path.join(master.directory, "target")
    with open(target, "w") as output:
        output.write("precious")
    os.chown(target, master.owner.pw_uid, -1)
    os.symlink(target, path)


def put_dangling_link(master, path):
    os.symlink(os.path.join(master.data_directory, "nowhere"), path)


def put_fifo(master, path):
    os.mkfifo(path, 0o600)
    os.chown(path, master.owner.pw_uid, -1)


def put_directory(master, path):
    os.mkdir(path, 0o700)
    os.chown(path, master.owner.pw_uid, -1)


def put_hard_link(master, path):
    target = data_path(master, "target")
    with open(target, "w") as output:
        output.write("precious")
    os.chown(target, master.owner.pw_uid, -1)
    os.link(target, path)


def put_foreign_file(master, path):
    with open(path, "w") as output:
        output.write("precious")
    os.chmod(path, 0o600)


OBSTACLES = [put_link, put_dangling_link, put_fifo, put_directory,
             put_hard_link, put_foreign_file]


def assert_precious(master):
    for name in ("target", "data/target"):
        path = os.path.join(master.directory, name)
        if os.path.exists(path):
            with open(path) as target:
                assert target.read() == "precious"
            assert mode(path) == 0o644
    assert not os.path.exists(data_path(master, "nowhere"))


@pytest.mark.ours("hangs, dies, or pretends", strict=False)
@pytest.mark.parametrize("chroot", [True, False])
@pytest.mark.parametrize("put", OBSTACLES, ids=lambda put: put.__name__)
def test_an_obstacle_in_the_place_of_the_cache_costs_that_cache(
        make_master, put, chroot):
    master = make_master(CACHES)
    put(master, data_path(master, "smtpd_scache.journal"))
    daemon = master.start(chroot=chroot)
    assert_serves_or_stores(master)
    master.wait_for_log("^(warning|error): .*smtpd_scache")
    daemon.hang_up()
    assert daemon.wait() == 0
    assert_precious(master)


def assert_serves_or_stores(master):
    """What is in the way may be left alone, or set aside."""
    with master.client(PROMPT_S) as client:
        is_cachable = client.policy("smtpd").number("cachable")
    if is_cachable:
        assert_stores(master)
    else:
        assert_serves_without(master)


@pytest.mark.ours("hangs or dies", strict=False)
@pytest.mark.parametrize("put", OBSTACLES, ids=lambda put: put.__name__)
def test_an_obstacle_in_the_place_of_the_exchange_file_costs_a_line(
        make_master, put):
    master = make_master(CACHES)
    put(master, master.exchange_path)
    daemon = master.start()
    with master.client(PROMPT_S) as client:
        assert client.seed(32).status == OK
    assert_stores(master)
    master.wait_for_log("^(warning|error): .*prng_exch")
    daemon.hang_up()
    assert daemon.wait() == 0
    assert_precious(master)


@pytest.mark.ours("has no journal")
@pytest.mark.parametrize("chroot", [True, False])
@pytest.mark.parametrize("parameter, remark", [
    ("tls_random_exchange_name", "cannot open PRNG exchange file "),
    ("tlsmgr_ticket_key_file",
     "session ticket keys are kept in memory only: ")])
def test_a_file_that_is_named_twice_is_the_cache_s(
        make_master, parameter, remark, chroot):
    """Nothing is written over a journal, at any time."""
    master = make_master({**CACHES, parameter:
                          "${data_directory}/smtpd_scache.journal"})
    for is_new in (True, False):
        daemon = master.start(chroot=chroot)
        with master.client(PROMPT_S) as client:
            if is_new:
                assert client.update("smtpd", "x", b"session").status == OK
            assert client.lookup("smtpd", "x").data("session") == b"session"
            assert client.seed(32).status == OK
            assert client.ticket_key().status == OK
        assert daemon.terminate() == 0
    line, = {line for line in master.remarks() if "another file" in line}
    assert line == "warning: %s%s: it is another file of this daemon " \
        "already" % (remark, data_path(master, "smtpd_scache.journal"))


@pytest.mark.ours("hangs, and the next start as well")
@pytest.mark.parametrize("kind", ["btree", "hash"])
def test_a_left_over_temporary_file_is_no_obstacle(make_master, kind):
    master = make_master({SMTPD: kind + ":${data_directory}/cache"})
    path = data_path(master, "__db.cache.db")
    with open(path, "wb") as output:
        output.write(b"x" * 9000)
    os.chown(path, master.owner.pw_uid, -1)
    master.start()
    assert_stores(master)


@pytest.mark.ours("says cachable, and OK to what it does not store")
def test_a_cache_that_cannot_be_opened_is_off(make_master):
    master = make_master({**CACHES,
                          SMTPD: "btree:/nonexistent/directory/cache"})
    master.start()
    assert_serves_without(master)


@pytest.mark.ours("dies")
def test_a_missing_data_directory_costs_the_caches(make_master):
    master = make_master({"data_directory": "/nonexistent/data",
                          SMTPD: "btree:${data_directory}/cache"})
    master.start()
    with master.client(PROMPT_S) as client:
        assert client.seed(32).status == OK
        assert client.ticket_key().status == OK
        assert client.policy("smtpd").number("cachable") == 0


DAMAGE = {
    "empty": b"", "text": b"x" * 9000, "zeroes": b"\0" * 16384,
    "short": b"\0\x05\x31\x62", "random": os.urandom(20000)}


@pytest.mark.ours("the library writes to standard error without end",
                  strict=False)
@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_cache_is_replaced(make_master, content):
    master = make_master(CACHES)
    path = data_path(master, "smtpd_scache.journal")
    with open(path, "wb") as output:
        output.write(content)
    os.chown(path, master.owner.pw_uid, master.owner.pw_gid)
    daemon = master.start()
    assert_stores(master)
    assert daemon.stderr == b""


@pytest.mark.ours("throws everything away, so has nothing to read",
                  strict=False)
def test_a_truncated_cache_is_replaced(make_master):
    master = make_master(CACHES)
    daemon = master.start()
    with master.client() as client:
        for number in range(300):
            client.update("smtpd", str(number), b"%d " % number * 300)
    daemon.hang_up()
    assert daemon.wait() == 0
    path = data_path(master, "smtpd_scache.journal")
    os.truncate(path, os.path.getsize(path) // 2 + 1000)
    daemon = master.start()
    with master.client() as client:
        for number in range(300):
            reply = client.lookup("smtpd", str(number))
            assert reply.status == ERR or \
                reply.data("session") == b"%d " % number * 300
    assert_stores(master)
    assert daemon.stderr == b""


# DB_CONFIG (CVE-2017-10140)

@pytest.mark.ours("obeys it")
def test_a_db_config_file_is_not_read(make_master):
    """In the current, the data and the queue directory, for old and new."""
    master = make_master(CACHES)
    elsewhere = os.path.join(master.directory, "elsewhere")
    os.mkdir(elsewhere, 0o777)
    os.chmod(elsewhere, 0o777)
    for directory in (master.data_directory, master.queue_directory):
        path = os.path.join(directory, "DB_CONFIG")
        with open(path, "w") as output:
            output.write("set_data_dir {0}\nset_tmp_dir {0}\n"
                         "set_lg_dir {0}\nset_errfile {0}/errors\n"
                         .format(elsewhere))
        os.chown(path, master.owner.pw_uid, -1)
    daemon = master.start()
    assert_stores(master)
    daemon.hang_up()
    assert daemon.wait() == 0
    assert os.listdir(elsewhere) == []
    assert os.path.exists(data_path(master, "smtpd_scache.journal"))


def test_no_file_of_the_owner_is_opened_with_privileges(make_master, tmp_path):
    """Root opens nothing that $mail_owner could have put there."""
    strace = subprocess.run(["which", "strace"], stdout=subprocess.PIPE,
                            universal_newlines=True).stdout.strip()
    if not strace:
        pytest.skip("strace is not installed")
    trace = str(tmp_path / "trace")
    wrapper = tmp_path / "wrapper"
    master = make_master(CACHES)
    wrapper.write_text("#!/bin/sh\nexec %s -o %s -e "
                       "trace=openat,open,setresuid,setreuid,setuid "
                       "%s \"$@\"\n" % (strace, trace, master.binary))
    wrapper.chmod(0o755)
    master.binary = str(wrapper)
    daemon = master.start()
    assert_stores(master)
    daemon.hang_up()
    assert daemon.wait() == 0
    effective, opened = 0, []
    with open(trace) as lines:
        for line in lines:
            if line.startswith(("setres", "setre", "setuid")):
                arguments = line.split("(")[1].split(")")[0].split(", ")
                wanted = int(arguments[min(1, len(arguments) - 1)])
                effective = effective if wanted == -1 else wanted
            elif master.data_directory in line:
                opened.append((effective, line))
    assert opened
    assert {each for each, _ in opened} == {master.owner.pw_uid}, opened
