#!/usr/bin/python3
"""check-contracts.py: every function that a header declares has its contract there.

A contract is a comment right above the declaration, above the group of
declarations without blank lines that it stands in, or behind it on its line.
Prints the functions that have none; exit status 1 if there are any.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
DECLARATION = re.compile(r"^(?!typedef|#|\s|/|\*|static _|extern \w+ \w+ \w+\[)"
                         r"[\w \*]+?\b(\w+)\(", re.MULTILINE)


def without(path):
    """The functions of a header that have no contract."""
    # A group ends with a blank line; one inside a comment or a body is none.
    text = re.sub(r"/\*.*?\*/|\{.*?^\}", lambda found: re.sub(
        r"\n\s*\n", "\n", found.group()), path.read_text(),
        flags=re.DOTALL | re.MULTILINE)
    # The comment at the top is the module's.
    text = re.sub(r"^/\*.*?\*/", "", text, count=1, flags=re.DOTALL)
    for group in re.split(r"\n\s*\n", text):
        first = group.strip()
        if first.startswith("/*"):
            continue
        for found in DECLARATION.finditer(group):
            rest = group[found.start():]
            declaration = rest[:rest.find(";") + 1]
            behind = rest[len(declaration):].split("\n")[0]
            above = group[:found.start()].rstrip().endswith("*/")
            if not above and "/*" not in behind:
                yield found.group(1)


def main():
    missing = [f"{path.relative_to(TOP)}: {name}"
               for path in sorted([*(TOP / "include").glob("*.h"),
                                   *(TOP / "src").glob("*/*.h")])
               for name in without(path)]
    for line in missing:
        print(f"{line} has no contract", file=sys.stderr)
    sys.exit(1 if missing else 0)


main()
