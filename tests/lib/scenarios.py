"""What a tlsmgr is for, end to end: used by the tests and by `make run`.

Each scenario returns what it saw, or raises AssertionError or TimeoutError
with the reason.
"""

import os
import re
import smtplib

import tls_client
from postfix_instance import SINK_NAME

ESTABLISHED = r"postfix/smtpd\[(\d+)\]: \w+ TLS connection established from "
# Postfix 3.5 with OpenSSL 1.1.1 gets no new ticket with a resumed session.
SAVED_OR_REUSED = (r"postfix/smtp\[(\d+)\]: (?:save session .* to smtp cache|"
                   r".*: Reusing old session)")
RELOADED = r"postfix/smtp\[(\d+)\]: reloaded session .* from smtp cache"
REUSED = r"postfix/smtp\[(\d+)\]: .*: Reusing old session"
SENT = r"postfix/smtp\[(\d+)\]: .* status=sent "
DISCARDED = r"postfix/discard\[\d+\]: .* status=sent "


class Resumption:
    """Two connections and the smtpd(8) processes that served them."""

    def __init__(self, first, second, pids):
        self.first, self.second = first, second
        self.pids = pids


def open_session(postfix, options, name="session"):
    """A full handshake; the file that keeps its session."""
    path = os.path.join(postfix.directory, name)
    first = tls_client.connect(postfix.port, options, session_out=path)
    assert first.protocol, first
    assert not first.resumed, first
    assert os.path.exists(path), "no session to resume:\n" + first.output
    return first, path


def resume_session(postfix, options):
    """Connect, and again with the session of the first time."""
    mark = postfix.log_mark()
    first, path = open_session(postfix, options)
    second = tls_client.connect(postfix.port, options, session_in=path)
    assert second.protocol, second
    assert second.resumed, "not resumed:\n" + second.output
    pids = postfix.wait_for_log(ESTABLISHED, mark, count=2)
    assert len(set(pids)) == 2, "both served by smtpd %s" % pids[0]
    return Resumption(first, second, pids)


def resume_by_ticket(postfix):
    """TLS 1.2: the second smtpd asks tlsmgr for the first one's key."""
    mark = postfix.log_mark()
    result = resume_session(postfix, tls_client.TLS12_TICKET)
    assert result.second.protocol == "TLSv1.2", result.second
    postfix.wait_for_log(r"smtpd\[%s\]: .*Decrypting session ticket" %
                         result.pids[1], mark)
    assert_no_lookup(postfix, mark)
    return result


def resume_by_session_id(postfix):
    """TLS 1.2 without tickets: the second smtpd looks the session up."""
    mark = postfix.log_mark()
    result = resume_session(postfix, tls_client.TLS12_SESSION_ID)
    assert result.second.protocol == "TLSv1.2", result.second
    postfix.wait_for_log(r"smtpd\[%s\]: .*reloaded session .* from smtpd "
                         r"cache" % result.pids[1], mark)
    postfix.wait_for_log(r"postfix/tlsmgr\S*\[\d+\]: put smtpd session id=",
                         mark)
    postfix.wait_for_log(r"postfix/tlsmgr\S*\[\d+\]: lookup smtpd session "
                         r"id=", mark)
    return result


def resume_tls13(postfix):
    """TLS 1.3, which has tickets only."""
    result = resume_session(postfix, tls_client.TLS13)
    assert result.second.protocol == "TLSv1.3", result.second
    return result


def assert_no_lookup(postfix, mark):
    found = re.findall(r"lookup smtpd session id=.*", postfix.log(mark))
    assert not found, found


class Delivery:
    """The smtp(8) processes that delivered the first and second message."""

    def __init__(self, pids):
        self.pids = pids


def deliver_twice(postfix):
    """Two messages to the sink; the second smtp(8) resumes the session."""
    mark = postfix.log_mark()
    send_message(postfix)
    saved = postfix.wait_for_log(SAVED_OR_REUSED, mark)
    postfix.wait_for_log(DISCARDED, mark)
    second_mark = postfix.log_mark()
    send_message(postfix)
    pids = postfix.wait_for_log(SENT, mark, count=2)
    reloaded = postfix.wait_for_log(RELOADED, second_mark)
    reused = postfix.wait_for_log(REUSED, second_mark)
    postfix.wait_for_log(DISCARDED, second_mark)
    assert saved[0] == pids[0] and reloaded == reused == [pids[1]], \
        postfix.log(mark)
    assert pids[0] != pids[1], "both delivered by smtp %s" % pids[0]
    return Delivery(pids)


def send_message(postfix):
    try:
        with smtplib.SMTP(postfix.address, postfix.port,
                          timeout=tls_client.TIMEOUT_S) as smtp:
            smtp.sendmail("sender@example.test", ["someone@" + SINK_NAME],
                          "Subject: test\r\n\r\nHello.\r\n")
    except (OSError, smtplib.SMTPException) as error:
        raise AssertionError("message not taken: %s" % error) from error


ALL = (resume_by_ticket, resume_by_session_id, resume_tls13, deliver_twice)
