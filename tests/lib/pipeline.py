"""Many requests over one connection, faster than one after the other."""

from attributes import ERR, OK, encode, lookup_request, update_request

WINDOW = 100  # requests under way; their replies fit in a socket's buffer


def ask_all(client, requests):
    """Send lists of (name, value); the replies, in order, as they come."""
    client.read_announcement()
    for start in range(0, len(requests), WINDOW):
        chunk = requests[start:start + WINDOW]
        client.send(b"".join(encode(each) for each in chunk))
        for _ in chunk:
            yield client.receive()


def store_all(client, sessions, cache="smtpd"):
    """Store {key: session}; what was taken."""
    replies = ask_all(client, [update_request(cache, *item)
                               for item in sessions.items()])
    return {key: sessions[key] for key, reply in zip(sessions, replies)
            if reply.status == OK}


def find_all(client, sessions, cache="smtpd"):
    """Look up the keys; what was found. AssertionError if one is wrong."""
    found = {}
    replies = ask_all(client, [lookup_request(cache, key)
                               for key in sessions])
    for key, reply in zip(sessions, replies):
        assert reply.status in (OK, ERR), (key, reply)
        if reply.status == OK:
            found[key] = reply.data("session")
            assert found[key] == sessions[key], key
    return found
