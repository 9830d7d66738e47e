"""A client of an SMTP server that comes back, with the session of before."""

import socket
import ssl

TIMEOUT_S = 30


def _context(version, options=0):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    context.options |= options
    return context


# What a client can come back with. A session belongs to its context.
KINDS = {
    "ticket 1.2": (ssl.TLSVersion.TLSv1_2, 0),
    "ticket 1.3": (ssl.TLSVersion.TLSv1_3, 0),
    "session id": (ssl.TLSVersion.TLSv1_2, ssl.OP_NO_TICKET),
}
TICKETS = ("ticket 1.2", "ticket 1.3")


class Client:
    """One client: remembers the session that it was given last."""

    def __init__(self, kind):
        self.context = _context(*KINDS[kind])
        self.session = None

    def connect(self, address, port):
        """EHLO, STARTTLS, EHLO, QUIT. True: the session was resumed."""
        with socket.create_connection((address, port), TIMEOUT_S) as plain:
            lines = plain.makefile("rb")
            expect(lines, b"220")
            ask(plain, lines, b"EHLO client.example.test", b"250")
            ask(plain, lines, b"STARTTLS", b"220")
            with self.context.wrap_socket(plain, session=self.session) as tls:
                lines = tls.makefile("rb")
                ask(tls, lines, b"EHLO client.example.test", b"250")
                # Tickets of TLS 1.3 have come with that reply.
                self.session = tls.session
                is_resumed = tls.session_reused
                ask(tls, lines, b"QUIT", b"221")
        return is_resumed


def ask(connection, lines, command, code):
    connection.sendall(command + b"\r\n")
    expect(lines, code)


def expect(lines, code):
    """A whole reply, of that code."""
    while True:
        line = lines.readline()
        if line[:3] != code:
            raise OSError("%r instead of %r" % (line, code))
        if line[3:4] != b"-":
            return
