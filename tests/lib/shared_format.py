"""What a group of hosts has in its engine: a second implementation of names and
records, from the definitions of tlsmgr-protocol(7) alone.

    python3 tests/lib/shared_format.py    prints the vectors of the unit test
                                          and the manual
"""

import base64
import hmac
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared_group import (GROUP, PARAMETERS, SECRET, TIMEOUT_S, TRUST_FILE,
                          Side, digest, expand)

SIZES = [256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192]
SESSION, TICKET_KEY = b"s", b"k"


def padded(length):
    for size in SIZES:
        if length <= size:
            return size
    return (length + 4095) // 4096 * 4096


def name(side, kind, identifier):
    mac = hmac.new(side.derive(b"name"), kind + identifier, "sha256").digest()
    text = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    return f"tlsmgr:{side.fingerprint()}:{text}"


def hour_key(side, hour):
    return expand(side.key, b"seal" + side.context + hour, 32)


def seal(side, under, put_at, value, nonce):
    header = b"\x01" + struct.pack(">I", put_at // 3600)
    plain = struct.pack(">QI", put_at, len(value)) + value
    plain += bytes(padded(len(plain)) - len(plain))
    return header + nonce + AESGCM(hour_key(side, header[1:])).encrypt(
        nonce, plain, under.encode() + header)


def unseal(side, under, record):
    """(put_at, value); an exception where it does not open."""
    header, nonce, text = record[:5], record[5:17], record[17:]
    plain = AESGCM(hour_key(side, header[1:])).decrypt(
        nonce, text, under.encode() + header)
    put_at, length = struct.unpack(">QI", plain[:12])
    assert header == b"\x01" + struct.pack(">I", put_at // 3600)
    assert length <= len(plain) - 12 and not any(plain[12 + length:])
    return put_at, plain[12:12 + length]


def vectors():
    """[(what it is, its value)]"""
    side = Side(SECRET, GROUP, "smtpd", TIMEOUT_S,
                digest(PARAMETERS, [TRUST_FILE]))
    nonce = bytes(range(12))
    session = name(side, SESSION, b"AB&s=smtp&l=805306608")
    key = name(side, TICKET_KEY, b"555555")
    random = bytes(range(100, 132))
    return [("name of a session", session),
            ("record of a session", seal(side, session, 1000000000, bytes(range(200)),
                                nonce).hex()),
            ("name of a ticket key", key),
            ("record of a ticket key", seal(side, key, 1000000000,
                                struct.pack(">I", 7) + random, nonce).hex())]


if __name__ == "__main__":
    for what, value in vectors():
        print("%-23s %s" % (what, value))
