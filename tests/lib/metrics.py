"""The text format of Prometheus, as strictly as it is defined."""

import re

SAMPLE = re.compile(r"([a-z_0-9]+)(\{(?:[a-z_]+=\"(?:[^\"\\\n]|\\.)*\",?)*\})?"
                    r" (-?[0-9.]+(?:e[-+][0-9]+)?)")


def parse_metrics(text):
    """{name: [(labels, value)]}; every line is as the format demands, and what
    has a head has a sample."""
    metrics, head = {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            head = line.split()[2]
            assert head not in metrics
            metrics[head] = []
        elif line.startswith("# TYPE "):
            assert line.split()[2] == head
            kind = line.split()[3]
            assert (kind == "counter") == head.endswith("_total"), line
        else:
            sample = SAMPLE.fullmatch(line)
            name = sample and sample.group(1)
            if kind == "histogram":
                name = re.sub("_(bucket|count|sum)$", "", name)
            assert name == head, line
            metrics[head].append((sample.group(2) or "",
                                  float(sample.group(3))))
            if sample.group(1) != head:
                metrics.setdefault(sample.group(1), []).append(metrics[head][-1])
    for name, samples in metrics.items():
        assert samples, name
    return metrics
