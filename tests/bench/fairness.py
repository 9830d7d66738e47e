"""What one client sees while others misbehave."""

import contextlib
import socket
import threading

import load
from report import figure
from servers import Ours, Stock

KEYS = 5000
HALF_REQUEST = b"request\0lookup\0cache_ty"
WHOLE_REQUEST = b"request\0policy\0cache_type\0smtpd\0\0"
PIPELINED = WHOLE_REQUEST * 1000


def connect(server):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(server.socket_path)
    return connection


@contextlib.contextmanager
def undisturbed(_server):
    yield


@contextlib.contextmanager
def idle_clients(server):
    connections = [connect(server) for _ in range(1000)]
    yield
    for connection in connections:
        connection.close()


@contextlib.contextmanager
def stalled_clients(server):
    """Fifty that stop in the middle of a request."""
    connections = [connect(server) for _ in range(50)]
    for connection in connections:
        connection.sendall(HALF_REQUEST)
    yield
    for connection in connections:
        connection.close()


@contextlib.contextmanager
def deaf_clients(server):
    """Fifty that ask on and on and read no reply."""
    connections = [connect(server) for _ in range(50)]
    for connection in connections:
        connection.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                connection.send(PIPELINED)
    yield
    for connection in connections:
        connection.close()


def _pipeline(connection, stop):
    connection.settimeout(0.5)
    with contextlib.suppress(OSError):
        while not stop.is_set():
            connection.sendall(PIPELINED[:len(WHOLE_REQUEST) * 500])
            connection.recv(1 << 20)


@contextlib.contextmanager
def pipelining_clients(server):
    """Four that send hundreds of requests at a time."""
    stop = threading.Event()
    connections = [connect(server) for _ in range(4)]
    threads = [threading.Thread(target=_pipeline, args=(connection, stop))
               for connection in connections]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join()
    for connection in connections:
        connection.close()


CROWDS = (
    ("alone", undisturbed),
    ("1000 idle clients", idle_clients),
    ("4 clients that pipeline", pipelining_clients),
    ("50 clients that never read", deaf_clients),
    ("50 clients stalled in mid-request", stalled_clients),
)


def measure_crowd(kind, crowd, rounds, seconds):
    """Medians of short rounds, until one goes without an answer."""
    with kind() as server:
        server.start()
        server.pin()
        load.fill(server, KEYS)
        results = []
        with crowd(server):
            for _ in range(rounds):
                results.append(load.Running(
                    server, "lookup", may_fail=True, connections=1,
                    keys=KEYS, seconds=seconds).result())
                if results[-1]["requests"] == 0:
                    return results[-1]
        return load.medians(results)


def measure(report, rounds, seconds, quick):
    seconds = min(seconds, 0.5)
    rows, results = [], {}
    for label, crowd in CROWDS:
        cells = [label]
        for kind in (Stock, Ours):
            result = measure_crowd(kind, crowd, rounds * 2, seconds)
            results.setdefault(kind.name, {})[label] = result
            answered = result["requests"] > 0
            cells += [figure(result[key]) if answered else "no answer"
                      for key in ("p50_us", "p999_us")]
        rows.append(cells)
    report.table("Latency in microseconds of one client's lookups: 50%, 99.9%",
                 ["", "stock", "", "ours", ""], rows)
    report.keep("fairness", results)
    ours = results["ours"]
    for label, _ in CROWDS[1:]:
        # The machine is shared with those who keep it busy.
        share = 10 if "pipeline" in label else 1.5
        report.at_most("median lookup, times that without: " + label,
                       ours[label]["p50_us"] / ours["alone"]["p50_us"], share)
