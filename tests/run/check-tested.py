#!/usr/bin/python3
"""check-tested.py: every source file has a test that says so.

Either tests/unit/test_NAME.c, or a test whose first comment (Python: docstring)
names the file, as "covers NAME.c" or in a list of such names. Prints the files
that have none; exit status 1 if there are any. main.c and tlsmgrctl.c have a
main() and are covered by every end-to-end test.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
HEAD = re.compile(r'\s*(?:/\*(.*?)\*/|"""(.*?)""")', re.DOTALL)
PROGRAMS = {"main", "tlsmgrctl"}


def named():
    """The names without .c of files that some test says it covers."""
    names = set()
    for path in [*(TOP / "tests/unit").glob("*.c"),
                 *(TOP / "tests/e2e").glob("*.py")]:
        found = HEAD.match(path.read_text())
        if found:
            names |= set(re.findall(r"\b(\w+)\.c\b", found.group()))
    return names


def main():
    covered = named() | PROGRAMS | {
        path.stem.removeprefix("test_")
        for path in (TOP / "tests/unit").glob("test_*.c")}
    missing = [path for path in sorted((TOP / "src").glob("*/*.c"))
               if path.stem not in covered]
    for path in missing:
        print(f"{path.relative_to(TOP)} is covered by no test that says so",
              file=sys.stderr)
    sys.exit(1 if missing else 0)


main()
