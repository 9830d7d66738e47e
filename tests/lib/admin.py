"""The requests of administrators, as a test asks them."""

from attributes import OK

ANSWER_LEN_MAX = 64 * 1024


def statistics(client):
    reply = client.ask([("request", "stats")])
    assert reply.status == OK
    values = dict(reply)
    assert len(values) == len(reply), "a name is there twice"
    return {name: int(value) if value.isdigit() else value
            for name, value in values.items()}


class Entry:
    def __init__(self, attributes):
        assert [name for name, _ in attributes] == [
            "cache_id", "size", "time"]
        self.id = attributes[0][1]
        self.size, self.time = (int(value) for _, value in attributes[1:])


def slice_of(client, cursor="0", cache_type="smtpd", text_filter=""):
    """One answer: the next cursor, and the entries."""
    reply = client.ask([("request", "list"), ("cache_type", cache_type),
                        ("cursor", cursor), ("filter", text_filter)])
    assert reply.status == OK
    assert reply.names()[:2] == ["status", "cursor"]
    assert sum(len(name) + len(value) + 2 for name, value in reply) + 1 \
        <= ANSWER_LEN_MAX
    return reply[1][1], [Entry(reply[at:at + 3])
                         for at in range(2, len(reply), 3)]


def slices(client, **keywords):
    cursor = None
    while cursor != "0":
        cursor, entries = slice_of(client, cursor or "0", **keywords)
        yield entries


def listing(client, **keywords):
    return [entry for entries in slices(client, **keywords)
            for entry in entries]


def ids(entries):
    return [entry.id for entry in entries]


def act(client, request, cache_type=None):
    """An answer that is a status alone."""
    reply = client.ask([("request", request)] + (
        [] if cache_type is None else [("cache_type", cache_type)]))
    assert reply.names() == ["status"]
    return reply.status
