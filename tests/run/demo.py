#!/usr/bin/python3
"""make run: this daemon at work in a private Postfix.

Exit status 0 only if all of it worked. KEEP=1 leaves the Postfix running.
TLSMGR_BINARY names another daemon to show, CHROOT=n runs it outside a jail.
"""

import os
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "lib"))

import demonstration  # noqa: E402
import installed  # noqa: E402
import key_directories  # noqa: E402
import scenarios  # noqa: E402
import tls_client  # noqa: E402
from demonstration import say  # noqa: E402
from postfix_instance import PostfixInstance  # noqa: E402


def show(what, outcome):
    say("  %-52s %s" % (what, outcome))


def show_resumption(postfix, what, scenario):
    result = scenario(postfix)
    show(what, "resumed: session of smtpd %s taken up by smtpd %s" %
         tuple(result.pids))


def show_all(postfix):
    say("A client of the SMTP server (openssl s_client -starttls smtp):")
    show_resumption(postfix, "TLS 1.2, by session ticket",
                    scenarios.resume_by_ticket)
    show_resumption(postfix, "TLS 1.2, by session id (without tickets)",
                    scenarios.resume_by_session_id)
    show_resumption(postfix, "TLS 1.3, by session ticket",
                    scenarios.resume_tls13)
    say("The SMTP client, two messages over TLS to a sink:")
    result = scenarios.deliver_twice(postfix)
    show("session of the first used for the second",
         "resumed: session of smtp %s taken up by smtp %s" %
         tuple(result.pids))
    say("Across `postfix reload`, to another tlsmgr process:")
    _, session = scenarios.open_session(postfix, tls_client.TLS12_SESSION_ID)
    before = show_process(postfix)
    postfix.reload()
    again = tls_client.connect(postfix.port, tls_client.TLS12_SESSION_ID,
                               session_in=session)
    assert again.resumed, "session forgotten:\n%s" % again.output
    assert show_process(postfix) != before, "tlsmgr is the old process"
    show("session from before the reload", "resumed")
    show_resumption(postfix, "TLS 1.2, by session ticket",
                    scenarios.resume_by_ticket)
    complaints = postfix.complaints()
    assert not complaints, "\n".join(["in the log:"] + complaints)
    show("warnings and errors in the log", "none")


def show_process(postfix):
    pid, = postfix.tlsmgr_pids()
    show("tlsmgr", "process %d, root directory %s" %
         (pid, os.readlink("/proc/%d/root" % pid)))
    return pid


def say_how_to_go_on(postfix):
    say("""
Left running (KEEP=1):
  connect    openssl s_client -connect 127.0.0.1:%(port)d -starttls smtp
  log        %(log)s
  settings   %(config)s/main.cf
  ask        build/tlsmgrctl -c %(config)s status
  reload     postfix -c %(config)s reload
  stop       postfix -c %(config)s stop; rm -r %(directory)s; %(keys)s""" % {
        "keys": key_directories.removal_of(postfix.queue_directory),
        "port": postfix.port, "log": postfix.log_path,
        "config": postfix.config_directory, "directory": postfix.directory})


def log_tail(postfix):
    return "\n".join(line for line in postfix.log().splitlines()
                     if "SSL_accept:" not in line and
                     "SSL_connect:" not in line)[-6000:]


def show_and_stop(postfix, keep):
    say("%s in a private Postfix %s on 127.0.0.1:%d, %s" % (
        postfix.tlsmgr, installed.default("mail_version"), postfix.port,
        postfix.directory))
    postfix.start()
    show_all(postfix)
    if not keep:
        postfix.stop()
        show("postfix stop", "all processes ended")


def run(binary, chroot, keep):
    postfix = PostfixInstance(binary, chroot=chroot)
    postfix.create()
    is_left_running = False
    try:
        show_and_stop(postfix, keep)
        is_left_running = keep
    except (AssertionError, OSError, RuntimeError, ValueError,
            subprocess.SubprocessError) as error:
        say("\nThe end of the log:\n%s\n\nFAILED: %s" %
            (log_tail(postfix), error))
        return 1
    finally:
        if not is_left_running:
            postfix.remove()
    if is_left_running:
        say_how_to_go_on(postfix)
    else:
        say("All of it worked; nothing is left behind.")
    return 0


def main():
    chroot = os.environ.get("CHROOT", "y") == "y"
    return demonstration.main(
        lambda binary, keep: run(binary, chroot, keep), "run")


if __name__ == "__main__":
    sys.exit(main())
