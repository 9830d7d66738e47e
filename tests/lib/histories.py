"""The history, as a test asks for it."""

from attributes import OK

ANSWER_LEN_MAX = 64 * 1024


class Minute:
    """How long was counted, and what: figures by name."""

    def __init__(self, names, attributes):
        assert [name for name, _ in attributes] == [
            "time", "duration_ms", "values"]
        self.time, self.duration_ms = (
            int(value) for _, value in attributes[:2])
        assert self.time % 60 == 0
        values = attributes[2][1].split(" ")
        assert len(values) == len(names)
        self.figures = dict(zip(names, map(int, values)))

    def __getitem__(self, name):
        return self.figures[name]


class History:
    """All of it from that time on: minutes by when they began."""

    def __init__(self, client, since=0):
        self.slices, cursor, found = 0, str(since), []
        while self.slices == 0 or cursor != "0":
            cursor, minutes = self._ask(client, cursor)
            found += minutes
            self.slices += 1
        times = [minute.time for minute in found]
        assert times == sorted(set(times))
        self.minutes = {minute.time: minute for minute in found}

    def _ask(self, client, cursor):
        reply = client.ask([("request", "history"), ("cursor", cursor)])
        assert reply.status == OK
        assert reply.names()[:3] == ["status", "cursor", "file"]
        assert sum(len(name) + len(value) + 2 for name, value in reply) \
            < ANSWER_LEN_MAX
        self.file = reply[2][1]
        rows = [pair for pair in reply if pair[0] in ("counter", "gauge")]
        self.kinds = {name: kind for kind, name in rows}
        assert len(self.kinds) == len(rows), "a name is there twice"
        names, rest = list(self.kinds), reply[3 + len(rows):]
        return reply[1][1], [Minute(names, rest[at:at + 3])
                             for at in range(0, len(rest), 3)]

    def sum(self, name):
        return sum(minute[name] for minute in self.minutes.values())
