"""docs/administration.md knows every line that the daemon logs, and names
nothing that there is not; DIAGNOSTICS in tlsmgr.8 are some of them."""

import re

from conftest import REPOSITORY

GUIDE = REPOSITORY / "docs/administration.md"
MANUAL = REPOSITORY / "man/tlsmgr.8"
LITERAL = r'"(?:[^"\\\n]|\\.)*"'
# Literals side by side are one, also with macros between them.
LITERALS = r"%s(?:\s*(?:%s|PRI\w+|[A-Z_]{4,}(?=\s*\")))*" % (LITERAL, LITERAL)
DEFINE = re.compile(r"^#define (\w+)\s+(%s)$" % LITERAL, re.MULTILINE)
CALL = re.compile(r"\blog_(?:info|warning|error|fatal)\(\s*(%s)" % LITERALS)
EMERGENCY = re.compile(r"\blog_emergency\(\w+,\s*(%s)" % LITERALS)
CONVERSION = re.compile(r"%[-+ #0]*\d*(?:\.\d+|\.\*)?(?:hh|h|ll|l|z|j|t)?"
                        r"[a-zA-Z]")
PLACEHOLDER = re.compile(r"(?<![A-Za-z])[A-Z]+(?![A-Za-z])")


def sources():
    """The daemon's; tlsmgrctl is a program of its own, and writes no log."""
    return [path for path in sorted((REPOSITORY / "src").glob("*/*.c"))
            if not path.name.startswith(("ctl_", "tlsmgrctl"))]


def texts(pattern, source):
    """What the literals are that a pattern finds in a file of C."""
    macros = dict(DEFINE.findall(source))

    def expand(found):
        if found.group().startswith('"'):
            return found.group()[1:-1]
        return macros.get(found.group(), '"lu"')[1:-1]
    pieces = re.compile(LITERAL + r"|\w+|\s+")
    for literals in re.findall(pattern, source):
        yield re.sub(r"\\(.)", r"\1", "".join(
            expand(found) for found in pieces.finditer(literals)
            if not found.group().isspace()))


def sample_of(text):
    """A line that this format makes."""
    return CONVERSION.sub("x", text.replace("%%", "\0")).replace("\0", "%")


def logged():
    """{sample of a line: the file that logs it}"""
    return {sample_of(text): path.name
            for path in sources() for pattern in (CALL, EMERGENCY)
            for text in texts(pattern, path.read_text())}


def documented():
    """Every line in the first column of the tables on the log."""
    text = GUIDE.read_text().split("\n## Troubleshooting by log line\n")[1]
    cells = re.findall(r"^\| (`.*?`) \| ", text, re.MULTILINE)
    return [line for cell in cells for line in re.findall(r"`(.*?)`", cell)]


def pattern_of(line):
    """In a documented line, words in capitals stand for anything."""
    pieces = PLACEHOLDER.split(line)
    return re.compile(".+".join(re.escape(piece) for piece in pieces))


def test_the_sources_are_understood():
    lines = logged()
    assert len(lines) > 80
    assert lines["the journal of x is damaged at byte x"] == "journal_io.c"
    assert lines["watchdog timeout"] == "master_watchdog.c"
    assert "99%=xus" in [line for line in lines if "latency" in line][0]


def test_every_line_is_documented():
    patterns = [pattern_of(line) for line in documented()]
    missing = ["%s: %s" % (name, line) for line, name in logged().items()
               if re.search("[a-z]{3}", line)  # not a cause alone, "%s"
               and not any(each.fullmatch(line) for each in patterns)]
    assert not missing


def test_there_is_each_documented_line():
    """Its longest part without a placeholder is in one text of the code, which
    another may put behind a place."""
    known = [text for path in sources()
             for text in texts(LITERALS, path.read_text())]
    for line in documented():
        part = max(PLACEHOLDER.split(line), key=len).strip(": ")
        assert any(part in text for text in known), line


def test_lines_of_the_manual_are_in_the_guide():
    section = MANUAL.read_text().split("\n.Sh DIAGNOSTICS\n")[1]
    lines = re.findall(r'^\.It "(.*)"$', section.split("\n.Sh ")[0],
                       re.MULTILINE)
    assert len(lines) > 20
    patterns = [pattern_of(line) for line in documented()]
    for line in lines:
        line = line.replace(r"\(dq", '"')
        assert any(each.fullmatch(line) for each in patterns), line


def test_parameters_exist():
    known = set(re.findall(r"^PARAM_\w+\((\w+),", (
        REPOSITORY / "include/params.def").read_text(), re.MULTILINE))
    postfix_only = {"tls_ssl_options", "smtp_tls_security_level",
                    "smtp_tls_CApath"}
    metrics = {"tlsmgr_up"}
    named = set(re.findall(r"[`\s]((?:(?:smtpd?|lmtp)_)?tls_\w+|tlsmgr_\w+)",
                           GUIDE.read_text()))
    assert len(named) > 10
    assert named - known <= postfix_only | metrics


def test_subcommands_exist():
    known = re.findall(r'^\t\{ "([a-z-]+)", "', (
        REPOSITORY / "src/ctl/tlsmgrctl.c").read_text(), re.MULTILINE)
    named = set(re.findall(r"\btlsmgrctl (?:-c \S+ )?([a-z-]+)",
                           GUIDE.read_text()))
    assert {"status", "check", "flush-tickets"} <= named <= set(known)


def test_the_sample_sets_what_the_guide_turns_on():
    sample = (REPOSITORY / "conf/main.cf.sample").read_text()
    lines = [line for line in sample.splitlines()
             if line and not line.startswith("#")]
    assert lines == [
        "smtp_tls_session_cache_database = btree:${data_directory}/smtp_scache"]
    assert "\n    %s\n" % lines[0] in GUIDE.read_text()
