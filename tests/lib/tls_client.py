"""TLS connections to an smtpd(8), made by openssl s_client."""

import os
import re
import subprocess

# Ways to resume a session, and what each proves of tlsmgr.
TLS12_TICKET = ("-tls1_2",)
TLS12_SESSION_ID = ("-tls1_2", "-no_ticket")
TLS13 = ("-tls1_3",)

TIMEOUT_S = 60


class TlsConnection:
    """What came of one connection."""

    def __init__(self, output):
        self.output = output
        found = re.search(r"^(New|Reused), (TLSv[0-9.]+), Cipher is \S+",
                          output, re.MULTILINE)
        self.protocol = found.group(2) if found else None
        self.resumed = bool(found) and found.group(1) == "Reused"

    def __repr__(self):
        kind = "resumed" if self.resumed else "new"
        return "%s %s" % (kind, self.protocol) if self.protocol else \
            "no TLS:\n" + self.output


def connect(port, options, session_in=None, session_out=None):
    """STARTTLS and QUIT, with a session to offer or a file to keep it in."""
    command = ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port,
               "-starttls", "smtp", "-crlf", "-ign_eof", *options]
    if session_in:
        command += ["-sess_in", session_in]
    if session_out:
        if os.path.exists(session_out):
            os.unlink(session_out)
        command += ["-sess_out", session_out]
    # Lower case: an upper case Q makes s_client hang up by itself.
    try:
        result = subprocess.run(
            command, input=b"quit\n", timeout=TIMEOUT_S,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired as expired:
        return TlsConnection("%s after %s" % (expired, expired.output))
    return TlsConnection(result.stdout.decode("utf-8", "backslashreplace"))
