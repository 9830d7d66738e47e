#!/usr/bin/env python3
"""Draws docs/figures/latency.svg from the figures of bench.py, with gnuplot(1).

    plot.py [BENCH.json [FIGURE.svg]]
"""

import json
import math
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
OPERATIONS = ("lookup", "update", "seed")
PERCENTILES = (("p50_us", "50 %"), ("p99_us", "99 %"), ("p999_us", "99.9 %"))

SCRIPT = """
set terminal svg size 860,300 font "sans,11" background rgb "white"
set output "{output}"
set multiplot layout 1,3 title \\
    "How long a client waits for its answer: 16 clients, {when}"
set style data histograms
set style histogram clustered gap 1
set style fill solid border rgb "#444444"
set logscale y
set yrange [10:{top}]
set grid y
set xlabel "of all requests"
set key top left reverse Left samplen 1.5
{panels}
unset multiplot
"""
PANEL = """
set title "{operation}"
set ylabel "{ylabel}"
{key}
plot "-" using 2:xtic(1) title "stock" linecolor rgb "#bbbbbb", \\
     "-" using 2 title "this one" linecolor rgb "#2a6fbb"
{stock}
e
{ours}
e
"""


def rows(servers, name):
    return "\n".join('"%s" %.1f' % (label, servers[name][key])
                     for key, label in PERCENTILES)


def top_of(shape):
    """One scale for all panels: the power of ten above the longest."""
    longest = max(shape[operation][name][key] for operation in OPERATIONS
                  for name in ("stock", "ours") for key, _ in PERCENTILES)
    return 10 ** math.ceil(math.log10(longest))


def main():
    figures = pathlib.Path(sys.argv[1] if len(sys.argv) > 1
                           else TOP / "build/bench.json")
    output = pathlib.Path(sys.argv[2] if len(sys.argv) > 2
                          else TOP / "docs/figures/latency.svg")
    data = json.loads(figures.read_text())
    shape = data["throughput"]["16x1500"]
    panels = "".join(
        PANEL.format(operation=operation,
                     ylabel="" if index else "microseconds",
                     key="unset key" if index else "set key",
                     stock=rows(shape[operation], "stock"),
                     ours=rows(shape[operation], "ours"))
        for index, operation in enumerate(OPERATIONS))
    output.parent.mkdir(parents=True, exist_ok=True)
    when = "Postfix %s, %s" % (data["postfix"], data["at"][:10])
    subprocess.run(["gnuplot"], check=True, text=True, input=SCRIPT.format(
        output=output, when=when, panels=panels, top=top_of(shape)))
    print(output)


main()
