"""What the hosts of a group have in common, computed from the definitions of
tlsmgr-protocol(7) alone: a second implementation, to test the first against.

    python3 tests/lib/shared_group.py    prints the vectors of the unit test
                                         and the manual
"""

import hashlib
import hmac
import struct

SALT = b"tlsmgr shared 1"
DIGEST_VERSION = b"tlsmgr settings 1\0"


def extract(salt, secret):
    """HKDF-Extract with SHA-256 (RFC 5869)."""
    return hmac.new(salt, secret, hashlib.sha256).digest()


def expand(key, info, length):
    """HKDF-Expand with SHA-256."""
    out, block = b"", b""
    for counter in range(1, 256):
        if len(out) >= length:
            break
        block = hmac.new(key, block + info + bytes([counter]),
                         hashlib.sha256).digest()
        out += block
    return out[:length]


def digest(parameters=(), files=()):
    """parameters: (name, value), all that are set; files: their contents."""
    text = DIGEST_VERSION
    for name, value in sorted(parameters):
        text += name.encode() + b"\0" + value.encode() + b"\0"
    for content in files:
        text += hashlib.sha256(content).digest()
    return hashlib.sha256(text).digest()


class Side:
    """The keys of one side, "smtpd", "smtp" or "lmtp", under one secret."""

    def __init__(self, secret, group, side, timeout_s, digest):
        self.key = extract(SALT, secret)
        self.context = (group.encode() + b"\0" + side.encode() + b"\0" +
                        struct.pack(">Q", timeout_s) + digest)
        self.epoch_s = timeout_s // 2
        self.skew_s = min(60, timeout_s // 8)

    def derive(self, label):
        return expand(self.key, label + self.context, 32)

    def fingerprint(self):
        return self.derive(b"tag")[:6].hex()

    def epoch(self, now):
        return (int(now) + 1) // self.epoch_s

    def ticket_key(self, epoch, random=b""):
        """The 80 bytes of the key of an epoch: name, AES key, HMAC key."""
        parent = hmac.new(self.derive(b"ticket"), random,
                          hashlib.sha256).digest()
        return expand(parent, b"ticket key" + struct.pack(">Q", epoch), 80)

    def encrypt_until(self, epoch):
        return (epoch + 1) * self.epoch_s - 1

    def decrypt_until(self, epoch):
        return (epoch + 2) * self.epoch_s + self.skew_s


# The first vector: what follows from these.
SECRET = bytes(range(32))
GROUP = "postfix"
TIMEOUT_S = 3600
PARAMETERS = [("smtpd_tls_security_level", "may"),
              ("tls_ssl_options", "no_compression")]
TRUST_FILE = b"a certificate\n"
NOW = 1000000000


def vectors():
    """[(what it is, its value)]"""
    settings = digest(PARAMETERS, [TRUST_FILE])
    side = Side(SECRET, GROUP, "smtpd", TIMEOUT_S, settings)
    epoch = side.epoch(NOW)
    return [("key of the secret", side.key.hex()),
            ("digest", settings.hex()),
            ("context", side.context.hex()),
            ("fingerprint", side.fingerprint()),
            ("key for tickets", side.derive(b"ticket").hex()),
            ("epoch", str(epoch)),
            ("ticket key", side.ticket_key(epoch).hex()),
            ("ticket key with R", side.ticket_key(epoch,
                                                  b"\xff" * 32).hex())]


if __name__ == "__main__":
    for name, value in vectors():
        print("%-18s %s" % (name, value))
