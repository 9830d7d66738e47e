#!/usr/bin/python3
"""make run-fleet: several hosts of one name, alone, with a secret, and with an
engine (Valkey or Redis).

Three private Postfix, each with this daemon, in a network of their own, and
HAProxy in front of them, which hands every connection to one of them at random.
Shows how many of the clients that come back resume their session: with nothing
shared, with the secret of a group on all hosts, while that secret is replaced,
and with an engine, which is stopped and started again. Mail from each host to
one server shows the same for outbound sessions. KEEP=1 leaves it all running.
TLSMGR_BINARY names another daemon.

Exit status 0: with the secret tickets are resumed nearly always, with the engine
session ids as well, and outbound sessions; the rest about as often as chance has
it.
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "lib"))

import ctl  # noqa: E402
import demonstration  # noqa: E402
import engine as engines  # noqa: E402
import scenarios  # noqa: E402
import postfix_fleet as fleet  # noqa: E402
import installed  # noqa: E402
import key_directories  # noqa: E402
import smtp_tls  # noqa: E402
from demonstration import say  # noqa: E402
from waiting import wait_until  # noqa: E402

RECONNECTS = 72
SHARED_MIN = 99.0  # percent
ALONE_MAX = 60.0

# The least that there is: an old secret can go after this.
TIMEOUT_S = 120
SETTINGS = "smtpd_tls_session_cache_timeout = %ds\n" % TIMEOUT_S

HAPROXY_CFG = """\
defaults
	mode tcp
	timeout connect 10s
	timeout client 60s
	timeout server 60s
listen mx
	bind {balancer}:{port}
	balance random
{servers}"""

ALONE, SECRET, ENGINE, STOPPED, BACK = MODES = (
    "nothing shared", "with the secret", "with an engine", "engine stopped",
    "engine back")
# What is resumed wherever a client comes back to.
SHARED = {ALONE: (), SECRET: smtp_tls.TICKETS, ENGINE: tuple(smtp_tls.KINDS),
          STOPPED: smtp_tls.TICKETS, BACK: tuple(smtp_tls.KINDS)}
# Of the engine, for a machine that is busy with all of this.
LOOKUP_MS = "200"


def progress(text):
    """One line that changes on a terminal; elsewhere a dot."""
    if sys.stdout.isatty():
        print("\r\033[K" + text, end="", flush=True)
    else:
        print("." if text else "", end="" if text else "\n", flush=True)


def new_secret():
    return subprocess.run([ctl.PROGRAM, "secret"], check=True,
                          stdout=subprocess.PIPE,
                          universal_newlines=True).stdout.strip()


class Balancer:
    """HAProxy in front of the hosts."""

    def __init__(self, hosts):
        self.directory = tempfile.mkdtemp(prefix="tlsmgr-haproxy.")
        self.config = os.path.join(self.directory, "haproxy.cfg")
        servers = "".join("\tserver %s %s:%d\n" % (address, address,
                                                   fleet.PORT)
                          for address in hosts)
        with open(self.config, "w") as output:
            output.write(HAPROXY_CFG.format(
                balancer=fleet.BALANCER, port=fleet.PORT, servers=servers))
        self.process = subprocess.Popen(
            ["haproxy", "-db", "-q", "-f", self.config],
            stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
            stdout=open(os.path.join(self.directory, "log"), "w"))

    def wait_ready(self):
        def is_ready():
            if self.process.poll() is not None:
                raise RuntimeError("haproxy ended: " + self.log())
            with contextlib.suppress(OSError):
                smtp_tls.Client("ticket 1.3").connect(fleet.BALANCER,
                                                      fleet.PORT)
                return True
            return False
        wait_until(is_ready, "no answer through haproxy", 30)

    def log(self):
        with open(os.path.join(self.directory, "log")) as log:
            return log.read()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.directory)


class Steady:
    """Clients that come back all the time, until stop().

    smtpd(8) renews no ticket, and one is good for half the timeout at least:
    after that each client begins anew.
    """

    def __init__(self):
        self.tallies = {kind: fleet.Tally() for kind in smtp_tls.TICKETS}
        self.failures = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(kind,))
                         for kind in smtp_tls.TICKETS]
        for thread in self._threads:
            thread.start()

    def _run(self, kind):
        tally, ends_at = self.tallies[kind], 0
        try:
            while not self._ended.wait(0.2):
                if time.monotonic() >= ends_at:
                    ends_at = time.monotonic() + TIMEOUT_S / 2
                    client = smtp_tls.Client(kind)
                    client.connect(fleet.BALANCER, fleet.PORT)
                tally.resumed += client.connect(fleet.BALANCER, fleet.PORT)
                tally.tried += 1
        except OSError as error:
            self.failures.append("%s: %s" % (kind, error))

    def count(self):
        return sum(tally.tried for tally in self.tallies.values())

    def stop(self):
        self._ended.set()
        for thread in self._threads:
            thread.join()


def measure(mode):
    """{kind: Tally} of clients through the balancer."""
    tallies = {}
    for kind in smtp_tls.KINDS:
        progress("%s: %d reconnects, %s ..." % (mode, RECONNECTS, kind))
        tallies[kind] = fleet.reconnect(kind, lambda: fleet.BALANCER,
                                        RECONNECTS)
    return tallies


def wait_with(steady, seconds, what):
    """While clients go on: they must, and do not fail."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not steady.failures:
        progress("%s: %d s more, %d reconnects so far ..." % (
            what, end - time.monotonic(), steady.count()))
        time.sleep(1)


def give(hosts, what, *secrets):
    """Host by host, as a person would."""
    progress(what)
    for host in hosts.hosts:
        fleet.write_secrets(host, *secrets)
        host.reload()
        time.sleep(1)


def replace(hosts, old, new):
    """The old secret gives way to the new one, while clients go on."""
    steady = Steady()
    try:
        wait_with(steady, 2, "before the replacement")
        give(hosts, "the new secret as the second line", old, new)
        give(hosts, "the new secret as the first line", new, old)
        wait_with(steady, TIMEOUT_S,
                  "until no ticket of the old secret is left")
        give(hosts, "the new secret alone", new)
        wait_with(steady, 2, "after the replacement")
    finally:
        steady.stop()
    return steady


def show_table(table):
    say("Of %d reconnects to a host at random, resumed:" % RECONNECTS)
    say("  %-18s" % "" + "".join("%14s" % kind for kind in smtp_tls.KINDS))
    for mode, tallies in table.items():
        say("  %-18s" % mode + "".join(
            "%12.0f %%" % tallies[kind].percent for kind in smtp_tls.KINDS))


def judge(table, steady):
    """What is not as it should be."""
    wrong = []
    for mode, tallies in table.items():
        for kind, tally in tallies.items():
            is_shared = kind in SHARED[mode]
            if is_shared and tally.percent < SHARED_MIN:
                wrong.append("%s, %s: only %r" % (mode, kind, tally))
            if not is_shared and tally.percent > ALONE_MAX:
                wrong.append("%s, %s: %r" % (mode, kind, tally))
    for kind, tally in steady.tallies.items():
        if tally.tried == 0 or tally.resumed < tally.tried:
            wrong.append("replacement, %s: only %r" % (kind, tally))
    return wrong + steady.failures


def wait_for_engine(hosts):
    progress("until all hosts are in touch with the engine ...")
    for host in hosts.hosts:
        wait_until(lambda: shared(host)["state"] == "up" and
                   shared(host)["ticket_key"], "in touch with the engine", 60)


def shared(host):
    """What the daemon of a host counts; it is started if need be."""
    host.client().close()
    return json.loads(ctl.run(host.config_directory, "status",
                              "--json").text)["shared"]


def send(host):
    """One mail to the sink. True: with a session of before."""
    mark = host.log_mark()
    scenarios.send_message(host)
    host.wait_for_log(scenarios.SENT, mark)
    wait_until(lambda: shared(host)["queue"] == 0, "all is sent")
    return "Reusing old session" in host.log(mark)


def deliver(hosts):
    """From each host to one server: whoever is not the first, resumes."""
    progress("mail from each host to one server ...")
    resumed = [send(host) for host in hosts.hosts]
    return fleet.Tally(sum(resumed[1:]), len(resumed) - 1)


def with_engine(hosts, engine, secret, table):
    """What the engine adds, and what is left without it."""
    engine.start()
    hosts.share_engine(engine.server, engines.USER, secret,
                       tlsmgr_shared_lookup_ms=LOOKUP_MS)
    hosts.reload()
    wait_for_engine(hosts)
    table[ENGINE] = measure(ENGINE)
    mails = deliver(hosts)
    engine.stop()
    table[STOPPED] = measure(STOPPED)
    engine.start()
    wait_for_engine(hosts)
    table[BACK] = measure(BACK)
    return mails


def is_expected(line):
    """The engine was stopped."""
    return "shared:" in line and "going on without it" in line


def show(hosts, engine):
    secret, newer = new_secret(), new_secret()
    table = {ALONE: measure(ALONE)}
    hosts.share(secret)
    hosts.reload()
    table[SECRET] = measure(SECRET)
    steady = replace(hosts, secret, newer)
    mails = with_engine(hosts, engine, newer, table)
    progress("")
    show_table(table)
    say("While the secret was replaced, host by host:")
    for kind, tally in steady.tallies.items():
        say("  %-18s%r" % (kind, tally))
    say("Mail from the other hosts to a server, with the engine: %r" % mails)
    wrong = judge(table, steady)
    if mails.resumed < mails.tried:
        wrong.append("outbound: only %r" % mails)
    for host in hosts.hosts:
        wrong += ["%s: %s" % (host.address, line)
                  for line in host.complaints() if not is_expected(line)]
    return wrong


def say_how_to_look(hosts, balancer, engine):
    say("""
Left running (KEEP=1), in a network of its own; in front of each command:
  nsenter -n -t %(pid)d
  connect    openssl s_client -connect %(balancer)s:%(port)d -starttls smtp
  one host   openssl s_client -connect %(address)s:%(port)d -starttls smtp
Without that:""" % {"pid": balancer.process.pid, "port": fleet.PORT,
                    "balancer": fleet.BALANCER,
                    "address": hosts.addresses[0]})
    for host in hosts.hosts:
        say("  ask %s    build/tlsmgrctl -c %s status" % (
            host.address, host.config_directory))
    say("  compare    build/tlsmgrctl -c DIRECTORY shared")
    # Elsewhere postfix(1) does not find the address, and stops nothing.
    say("  stop       for each in %s; do nsenter -n -t %d postfix -c $each stop; "
        "done; kill %d %d; rm -r %s; %s" % (
            " ".join(host.config_directory for host in hosts.hosts),
            balancer.process.pid, balancer.process.pid, engine.process.pid,
            " ".join([host.directory for host in hosts.hosts] +
                     [balancer.directory, engine.directory]),
            key_directories.removal_of(*(host.queue_directory
                                         for host in hosts.hosts))))


def run(binary, keep):
    with contextlib.ExitStack() as stack:
        hosts = fleet.Fleet(binary, settings=SETTINGS)
        hosts.route_to_one_sink()
        stack.enter_context(hosts)
        directory = tempfile.mkdtemp(prefix="tlsmgr-engine.")
        stack.callback(shutil.rmtree, directory)
        engine = engines.Engine(directory)
        stack.callback(engine.stop)
        progress("starting %d Postfix %s and HAProxy" % (
            len(hosts.hosts), installed.default("mail_version")))
        hosts.start()
        balancer = Balancer(hosts.addresses)
        stack.callback(balancer.stop)
        balancer.wait_ready()
        wrong = show(hosts, engine)
        if keep and not wrong:
            say_how_to_look(hosts, balancer, engine)
            stack.pop_all()
    for line in wrong:
        say("FAILED: " + line)
    if not wrong:
        say("All of it is as it should be" +
            ("." if keep else "; nothing is left behind."))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(demonstration.main(run, "run-fleet"))
