"""main.cf(5): lines and macros, compared with the installed postconf(1).

TLSMGR_BUILD names the build directory with tests/settings_dump in it.
"""

import os
import random
import re
import subprocess

import pytest

import installed
from conftest import REPOSITORY

DUMP = os.path.join(os.environ.get("TLSMGR_BUILD", str(REPOSITORY / "build")),
                    "tests", "settings_dump")

# Of text type, and of no meaning to settings_dump or postconf.
TARGETS = [
    "debugger_command", "import_environment", "maillog_file",
    "maillog_file_prefixes", "postlog_service_name", "syslog_facility",
    "smtpd_tls_session_cache_database", "smtp_tls_session_cache_database",
    "lmtp_tls_session_cache_database", "smtpd_tls_loglevel",
    "smtp_tls_loglevel", "lmtp_tls_loglevel", "tls_random_source",
    "tls_random_exchange_name", "syslog_name", "data_directory"]
TIMES = ["smtpd_tls_session_cache_timeout", "tls_random_reseed_period",
         "daemon_timeout"]

USER_NAMES = ["empty", "blank", "full", "two_words", "ten", "nine", "level",
              "dollar", "again", "chain", "_under", "9digit", "Upper"]
USER_VALUES = {
    "empty": [""], "blank": ["$empty", "${nope}"], "full": ["x", "a{b}c"],
    "two_words": ["one two"], "ten": ["10", "010"], "nine": ["9"],
    "level": ["3.6", "3.10", "2", "3.6.1"], "dollar": ["$$", "a$$b"],
    "again": ["$full", "${two_words}$ten"], "chain": ["$again-$nine", "$again"],
    "_under": ["u"], "9digit": ["d"], "Upper": ["U"]}
DEFAULTS = ["queue_directory", "command_directory", "daemon_directory",
            "mail_owner", "myhostname", "mydomain", "mail_name",
            "mail_version", "multi_instance_name", "config_directory",
            "default_database_type", "tls_random_bytes", "ipc_timeout"]
UNKNOWN = ["nope", "no_such_thing", "x9"]
OPERATORS = ["==", "!=", "<", "<=", ">", ">="]


class Generator:
    """Texts of main.cf; the same ones for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def blanks(self):
        return self.random.choice(["", "", " ", "  ", "\t"])

    def name(self):
        return self.random.choice(
            self.random.choice([USER_NAMES, DEFAULTS, UNKNOWN]))

    def plain(self):
        return self.random.choice(
            ["a", "b c", "x:y", "what?", "=", "==", "a = b", "#", "$$", "$$$$",
             ",", "\v", "/path/to", "'", '"q"', "\\", "<>", "\xe9", "10", " "])

    def macro(self, depth):
        if depth == 0:
            return self.random.choice(["$%s-", "${%s}", "$(%s)"]) % self.name()
        form = self.random.choice(
            [self.reference, self.condition, self.comparison])
        return form(depth - 1)

    def reference(self, _depth):
        form = self.random.choice(["${%s%s%s}", "$(%s%s%s)"])
        return form % (self.blanks(), self.name(), self.blanks())

    def choice(self, depth):
        """What follows a condition, with or without braces."""
        braced = [self.blanks() + "{" + self.text(depth) + "}" + self.blanks()
                  for _ in range(2)]
        bare = self.random.choice(["", "z", " z ", ":", "a:b", "a?b", "\v$full",
                                   "${ten}", "z{q}"])
        return self.random.choice(
            ["?" + braced[0], "?" + bare, ":" + bare, ":" + braced[1],
             "?" + braced[0] + ":" + braced[1], "?" + braced[0] + ":" + bare])

    def condition(self, depth):
        return "${%s%s%s%s}" % (self.blanks(), self.name(), self.blanks(),
                                self.choice(depth))

    def operand(self, depth):
        return self.random.choice(
            ["", "a", "abc", "2", "10", "010", "9", "-1", " 10", "10 ", "1x",
             "$ten", "$nine", "$nope", "${full}", "$blank",
             self.text(depth)])

    def comparison(self, depth):
        operator = self.random.choice(OPERATORS)
        left, right = self.operand(depth), self.operand(depth)
        if installed.version() >= (3, 6) and self.random.random() < 0.3:
            operator += "level"
            left, right = (self.random.choice(
                ["3.6", "3.10", "2", "3.6.1", "3.1023", "0", " 3.9", "$level"])
                for _ in range(2))
        return "${%s{%s}%s%s%s{%s}%s%s}" % (
            self.blanks(), left, self.blanks(), operator, self.blanks(),
            right, self.blanks(),
            self.choice(depth) if self.random.random() < 0.8 else "")

    def text(self, depth):
        return "".join(
            self.macro(depth) if self.random.random() < 0.6 else self.plain()
            for _ in range(self.random.randint(1, 3)))

    def fold(self, line):
        """Break a line at blanks, with what may stand between its parts."""
        parts = line.split(" ")
        text = parts[0]
        for part in parts[1:]:
            # A part that begins with "#" would be a comment on its own line.
            if self.random.random() < 0.7 or part[:1] in ("#", ""):
                text += " " + part
                continue
            text += self.random.choice(["\n", " \n", "\r\n", "\t\n"])
            text += "".join(self.random.choice(
                ["", "# a comment = $x\n", "\n", "  \n", "\t# ${\n", "\r\n"])
                for _ in range(2))
            text += self.random.choice([" ", "\t", "  "]) + part
        return text

    def assignment(self, name, value):
        line = "%s%s=%s%s" % (
            name, self.random.choice(["", " ", "\t", "  ", "\v"]),
            self.random.choice(["", " ", "\t "]), value)
        return self.fold(line) + self.random.choice(["\n", "\n", " \n", "\r\n"])

    def file(self):
        lines = [self.assignment(name, self.random.choice(USER_VALUES[name]))
                 for name in USER_NAMES]
        lines += [self.assignment(name, self.random.choice(
            ["%d%s" % (self.random.randint(1, 9), unit) for unit in "smhd"]))
            for name in TIMES]
        for name in TARGETS:
            # Brackets keep the blanks at either end.
            lines += [self.assignment(name, "[%s]" % self.text(3))
                      for _ in range(self.random.choice([1, 1, 1, 2]))]
        self.random.shuffle(lines)
        lines.insert(0, self.random.choice(["", "# top\n", "\n", "\t# top\n"]))
        text = "".join(lines)
        return text if self.random.random() < 0.8 else text.rstrip("\r\n")


def write_main_cf(directory, text):
    directory.mkdir(exist_ok=True)
    (directory / "main.cf").write_bytes(text.encode("latin-1"))
    # Postfix reads a young file again and again until it has settled.
    os.utime(directory / "main.cf", (1000000000, 1000000000))
    (directory / "master.cf").write_bytes(b"")
    return str(directory)


def start(*command, **environment):
    return subprocess.Popen(command, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE,
                            env=dict(os.environ, **environment))


def start_postconf(directory, names):
    # With -c, Postfix 3.11 forgets where it reads in $config_directory.
    return start("postconf", "-x", *names, MAIL_CONFIG=directory)


def finish(process):
    output, errors = process.communicate()
    return output.decode("latin-1"), errors.decode("latin-1")


def parse(output):
    """As postconf prints values: runs of blanks are one."""
    values = {}
    for line in output.split("\n"):
        name, equals, value = line.partition(" =")
        if equals:
            values[name] = re.sub("[ \t\r\n]+", " ", value).strip()
    return values


def dump(directory, *arguments):
    process = start(DUMP, directory, *arguments)
    output, errors = finish(process)
    assert process.returncode == 0, errors
    return parse(output)


def ask_postconf(directory, names):
    process = start_postconf(directory, names)
    output, errors = finish(process)
    assert process.returncode == 0, errors
    return parse(output)


def assert_same(directory, text):
    names = TARGETS + TIMES + ["queue_directory", "mail_owner", "myhostname",
                               "mydomain", "ipc_timeout", "config_directory"]
    path = write_main_cf(directory, text)
    ours, theirs = dump(path), ask_postconf(path, names)
    for name in names:
        assert ours[name] == theirs[name], "%s in\n%s" % (name, text)


@pytest.mark.parametrize("seed", range(150))
def test_generated_files_are_read_as_postconf_reads_them(tmp_path, seed):
    assert_same(tmp_path, Generator(seed).file())


def test_generated_files_exercise_something():
    """The generator makes what it is there for."""
    texts = "".join(Generator(seed).file() for seed in range(150))
    for part in ["?{", ":{", "$(", "$$", "==", "<=", ">=", "!=", "${{", "\r\n",
                 "\n\t# ${\n", "${queue_directory", "$nope"]:
        assert part in texts


@pytest.mark.parametrize("text", [
    "", "\n\n", "# only a comment", "debugger_command = x # no comment\n",
    "debugger_command =\n", "debugger_command\n = late\n",
    "debugger_command = a=b\n", "debugger_command = one\n\n\n two\n",
    " ignored = 1\ndebugger_command = x\n", "a{b = x\n", "a.b = 1\n",
    "myhostname = mail.example.org\ndebugger_command = $mydomain\n",
    "myhostname = mail\ndebugger_command = $mydomain\n",
    "mydomain = example.org\ndebugger_command = $myhostname\n",
    "myhostname = $x.example.net\nx = a\ndebugger_command = $mydomain\n",
    "debugger_command = " + "y" * 100000 + "\n"])
def test_particular_files_are_read_as_postconf_reads_them(tmp_path, text):
    assert_same(tmp_path, text)


def chain(length):
    """Names that refer to the next one; so many in all."""
    return "debugger_command = $m1\n" + "".join(
        "m%d = %s\n" % (i, "$m%d" % (i + 1) if i < length else "end")
        for i in range(1, length + 1))


def nest(depth):
    return "full = x\ndebugger_command = %send%s\n" % ("${full?{" * depth,
                                                       "}}" * depth)


@pytest.mark.parametrize("text", [chain(100), nest(100)])
def test_the_deepest_nesting_is_taken(tmp_path, text):
    assert_same(tmp_path, text)


BAD_VALUES = [
    "$", "a $ b", "$-", "${}", "$()", "${full", "$(full", "$(full}",
    "${full?{x}", "${full?{x}y}", "${full?{x}{y}}", "${full:{x}y}",
    "${full?{x}:{y}z}", "${full?{x}:{y}:{z}}", "${full.x}", "${full!x}",
    "${fu-ll}", "${full full}", "${$full}", "$($full)", "$((a)==(a))",
    "${{a}}", "${{a} {b}}", "${{a}={a}}", "${{a}==a}", "${{a}==={a}}",
    "${{a}<>{a}}", "${{a}=={a} x}", "${{a}=={a}{x}}", "${{a}=={a}?{x}:{y}z}",
    "${{a}==}", "${{$}=={a}}", "${{a}=={${}}}", "${full?{$}}", "$broken"]
BAD_LEVELS = ["", "x", "3.", ".3", "3..6", "3.6x", "3.6 ", "-3", "3.-6",
              "3.1024", "3.6.1.1"]
BAD_TEXTS = ["full = x\nbroken = ${\ndebugger_command = [%s]\n" % value
             for value in BAD_VALUES]
BAD_TEXTS += [chain(101), nest(101),
              "debugger_command = $debugger_command\n",
              "a = $b\nb = ${a}\ndebugger_command = $(a)\n",
              "justname\n", "= value\n", "two words = x\n", "justname\r\n"]
if installed.version() >= (3, 6):
    BAD_TEXTS += [
        "debugger_command = ${{%s} >=level {3.6} ? {x} : {y}}\n" % level
        for level in BAD_LEVELS]
    BAD_TEXTS += ["debugger_command = ${{3.6} >= level {3.6}}\n",
                  "debugger_command = ${{3.6} >=levels {3.6}}\n"]


def test_what_postconf_refuses_is_refused(tmp_path):
    """All at once: a fatal error makes postconf sleep for a second."""
    running = []
    for number, text in enumerate(BAD_TEXTS):
        path = write_main_cf(tmp_path / str(number), text)
        running.append((text, path,
                        start_postconf(path, ["debugger_command"])))
    for text, path, postconf in running:
        finish(postconf)
        assert postconf.returncode != 0, "postconf takes " + text
        process = start(DUMP, path)
        errors = finish(process)[1]
        assert process.returncode == 1, text
        assert path + "/main.cf, line " in errors, errors


def test_error_names_place_parameter_and_value(tmp_path):
    path = write_main_cf(tmp_path, "full = x\n\ndebugger_command = a\n b\n"
                         "smtpd_tls_loglevel = [${full]\n")
    process = start(DUMP, path)
    errors = finish(process)[1]
    assert process.returncode == 1
    for part in ["/main.cf, line 5", "smtpd_tls_loglevel", "[${full]"]:
        assert part in errors


def test_override_wins(tmp_path):
    path = write_main_cf(tmp_path, "debugger_command = $mail_owner\n"
                         "mail_owner = one\n")
    assert dump(path)["debugger_command"] == "one"
    assert dump(path, "-o", "mail_owner = two")["debugger_command"] == "two"
