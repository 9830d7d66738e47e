#!/usr/bin/python3
"""check-rooms.py OBJECTS: the arrows of CONTRIBUTING.md, held against the code.

The table under "Rooms" says which rooms a room may use, and the text below it
which file knows which library. Checked are the headers that a file includes,
the symbols that an object file takes from another (as nm(1) gives them), and
that no files use each other in a circle. OBJECTS is the
folder that has the object files of all rooms. Prints what is wrong, one line
each; exit status 1 if there is anything.
"""
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
GENERATED = "postfix_defaults.def"  # by the Makefile
# What only a few files may include; of libevent's parts the longest name counts.
LIBRARIES = {
    "event2/": ["base/loop.c"],
    "event2/http.h": ["ctl/ctl_http.c"],
    "event2/buffer.h": ["ctl/ctl_http.c"],
    "event2/bufferevent.h": ["ctl/ctl_http.c"],
    "event2/listener.h": ["ctl/ctl_http.c"],
    "db.h": ["cache/bdb.c"],
    "curses.h": ["ctl/ctl_terminal.c"],
    "hiredis/": ["shared/shared_reply.c"],
}

problems = []


def read_table():
    """{room: the rooms that it may use, itself among them}"""
    text = (TOP / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| `src/(\w+)` \| (.*?) \| ", text, re.MULTILINE)
    names = [room for room, _ in rows]
    rooms = {}
    for room, uses in rows:
        below = set(re.findall(r"\w+", uses))
        if "all" in below:
            below = set(names) - set(re.findall(r"but (\w+)", uses))
        unknown = below - set(names) - {"nothing"}
        if unknown:
            problems.append(f"CONTRIBUTING.md: no room {sorted(unknown)}")
        rooms[room] = below | {room, "base"}
    folders = {path.name for path in (TOP / "src").iterdir() if path.is_dir()}
    for room in folders ^ set(names):
        problems.append(f"src/{room} is either no folder or has no row in the "
                        "table of CONTRIBUTING.md")
    return rooms


def owner_of(header):
    """The room whose module a header of include/ describes."""
    stem = header.rsplit(".", 1)[0]
    for pattern in (f"{stem}.c", f"{stem}_*.c"):
        for path in (TOP / "src").glob(f"*/{pattern}"):
            return path.parent.name
    return "base"  # types and lists alone


def check_includes(rooms):
    files = [(path, path.parent.name) for path in (TOP / "src").glob("*/*.[ch]")]
    files += [(path, owner_of(path.name))
              for path in (TOP / "include").glob("*.h")]
    for path, room in sorted(files):
        where = path.relative_to(TOP)
        for header in re.findall(r'^#include "(.*?)"', path.read_text(),
                                 re.MULTILINE):
            if header == GENERATED:
                continue
            if (TOP / "src" / room / header).exists():
                if where.parts[0] == "include":
                    problems.append(f"{where}: {header} is private to {room}")
            elif not (TOP / "include" / header).exists():
                problems.append(f"{where}: {header} is private to another room")
            elif owner_of(header) not in rooms[room]:
                problems.append(f"{where}: {room} may not use "
                                f"{owner_of(header)} ({header})")


def check_libraries():
    for path in sorted((TOP / "src").glob("*/*.[ch]")):
        where = str(path.relative_to(TOP / "src"))
        for header in re.findall(r"^#include <(.*?)>", path.read_text(),
                                 re.MULTILINE):
            known = [name for name in LIBRARIES if header.startswith(name)]
            if known and where not in LIBRARIES[max(known, key=len)]:
                problems.append(f"src/{where}: {header} is for "
                                f"{LIBRARIES[max(known, key=len)]} alone")


def read_symbols(objects):
    """{file: (defined, wanted)}, by name without an ending, as room/file."""
    symbols = {}
    for path in sorted(objects.glob("*/*.o")):
        name = f"{path.parent.name}/{path.stem}"
        if not (TOP / "src" / (name + ".c")).exists():
            continue  # left over from a file that was renamed
        listing = subprocess.run(["nm", "-P", "-g", path], check=True,
                                 capture_output=True, text=True).stdout
        fields = [line.split() for line in listing.splitlines()]
        symbols[name] = ({field[0] for field in fields if field[1] != "U"},
                         {field[0] for field in fields if field[1] == "U"})
    return symbols


def read_arrows(symbols):
    """{file: {the file that it uses: one symbol}}"""
    homes = {symbol: name for name, (defined, _) in symbols.items()
             for symbol in defined}
    return {name: {homes[symbol]: symbol for symbol in sorted(wanted)
                   if symbol in homes}
            for name, (_, wanted) in symbols.items()}


def check_arrows(rooms, arrows):
    for name, uses in arrows.items():
        for other, symbol in uses.items():
            room, below = name.split("/")[0], other.split("/")[0]
            if below not in rooms[room]:
                problems.append(f"src/{name}.c: {room} may not use {below} "
                                f"({symbol} of src/{other}.c)")


def check_random(symbols):
    for name, (_, wanted) in symbols.items():
        calls = sorted(each for each in wanted if each.startswith("RAND_"))
        if calls and name != "random/prng_pool":
            problems.append(f"src/{name}.c: {calls} are for "
                            "random/prng_pool.c alone")


def reachable(arrows, start):
    seen, ahead = set(), list(arrows[start])
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead += arrows[name]
    return seen


def check_circles(arrows):
    reach = {name: reachable(arrows, name) for name in arrows}
    circles = {frozenset(other for other in reach[name]
                         if name in reach[other])
               for name in arrows if name in reach[name]}
    for circle in sorted(map(sorted, circles)):
        problems.append("a circle: " + ", ".join(circle))


def main():
    symbols = read_symbols(pathlib.Path(sys.argv[1]))
    arrows = read_arrows(symbols)
    if len(arrows) < 50:
        sys.exit(f"{sys.argv[1]} has no object files: make all comes first")
    rooms = read_table()
    check_includes(rooms)
    check_libraries()
    check_arrows(rooms, arrows)
    check_random(symbols)
    check_circles(arrows)
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems else 0)


main()
