"""A real Prometheus in a directory of its own, that scrapes exporters."""

import json
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from waiting import wait_until

CONFIG = """\
global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
rule_files:
  - {rules}
scrape_configs:
  - job_name: tlsmgr
    scrape_interval: 3s
    scrape_timeout: 3s
    static_configs:
"""
TARGET = """\
      - targets: ['{address}']
        labels:
          instance: {name}
"""
# Grafana's own variables, and the dashboard's.
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*"}


def is_there():
    return shutil.which("prometheus") is not None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    """with Prometheus(directory, rules, {"name": "address:port"}) as it: ..."""

    def __init__(self, directory, rules, targets):
        self.directory = str(directory)
        self.port = free_port()
        self.config = os.path.join(self.directory, "prometheus.yml")
        with open(self.config, "w") as output:
            output.write(CONFIG.format(rules=rules))
            for name, address in targets.items():
                output.write(TARGET.format(name=name, address=address))

    def __enter__(self):
        self.log = open(os.path.join(self.directory, "log"), "w+")
        self.process = subprocess.Popen(
            ["prometheus", "--config.file=" + self.config,
             "--storage.tsdb.path=%s/data" % self.directory,
             "--web.listen-address=127.0.0.1:%d" % self.port],
            cwd=self.directory, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=subprocess.STDOUT)
        try:
            wait_until(self._is_ready, self.read_log, 60)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def read_log(self):
        self.log.seek(0)
        return self.log.read()

    def _get(self, path, **arguments):
        url = "http://127.0.0.1:%d%s?%s" % (
            self.port, path, urllib.parse.urlencode(arguments))
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def _is_ready(self):
        assert self.process.poll() is None, self.read_log()
        try:
            return "eady" in self._get("/-/ready")
        except OSError:
            return False

    def ask(self, path, **arguments):
        answer = json.loads(self._get("/api/v1/" + path, **arguments))
        assert answer["status"] == "success", (arguments, answer)
        return answer["data"]

    def query(self, expression):
        """The samples of an expression as Grafana would ask it."""
        for name, value in VARIABLES.items():
            expression = expression.replace(name, value)
        return self.ask("query", query=expression)["result"]

    def rules(self):
        return [rule for group in self.ask("rules")["groups"]
                for rule in group["rules"]]


