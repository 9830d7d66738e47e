"""The rules for files of an AppArmor profile, and what a process does with
files as strace(1) shows it: to hold the second against the first without a
kernel that has AppArmor. See apparmor.d(5).

What cannot be opened because it is not there needs no rule: AppArmor is asked
only about what is found.
"""

import itertools
import os
import re
import subprocess

VARIABLE = re.compile(r"@\{(\w+)\}")
ASSIGNMENT = re.compile(r"^\s*@\{(\w+)\}\s*(\+?=)\s*(.*?)\s*$", re.MULTILINE)
RULE = re.compile(
    r"^\s*(?:audit\s+)?(deny\s+|allow\s+)?(?:owner\s+|other\s+)?"
    r'((?:/|@\{|"/)[^\s,]*(?:,[^\s,]+)*"?)\s+([rwaklmixpPcCuU]+)\s*'
    r"(?:->\s*\S+\s*)?,", re.MULTILINE)


def preprocess(path):
    """The profile with all that it includes."""
    return subprocess.run(
        ["apparmor_parser", "-p", str(path)], check=True, timeout=60,
        stdout=subprocess.PIPE, universal_newlines=True).stdout


def compile_profile(path):
    """What the parser complains of; nothing if the profile is right."""
    result = subprocess.run(
        ["apparmor_parser", "--skip-kernel-load", "--skip-cache", "-o",
         os.devnull, str(path)], timeout=60, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, universal_newlines=True)
    return result.stdout if result.returncode else ""


def braces(pattern, start):
    """Where the "}" of the "{" at `start` is."""
    depth = 0
    for end in range(start, len(pattern)):
        depth += {"{": 1, "}": -1}.get(pattern[end], 0)
        if depth == 0:
            return end
    raise ValueError(pattern)


def as_regex(pattern):
    """Of a pattern whose variables are replaced."""
    out, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
            out += re.escape(pattern[at])
        elif pattern.startswith("**", at):
            # Behind a slash they stand for at least one character.
            out += "[^/].*" if out.endswith("/") else ".*"
            at += 1
        elif char == "*":
            out += "[^/]+" if out.endswith("/") else "[^/]*"
        elif char == "?":
            out += "[^/]"
        elif char == "[":
            end = pattern.index("]", at)
            out += pattern[at:end + 1]
            at = end
        elif char == "{":
            end = braces(pattern, at)
            out += "(?:%s)" % alternatives(pattern[at + 1:end])
            at = end
        else:
            out += re.escape(char)
        at += 1
    return out


def alternatives(text):
    depth, parts = 0, [""]
    for char in text:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return "|".join(map(as_regex, parts))


class Profile:
    """allows(path, wanted) of the text of a profile; its includes are in it."""

    def __init__(self, text):
        text = re.sub(r"(?<!\S)#.*", "", text)
        self.variables = {"profile_name": ["x"], "pid": ["[0-9]*"],
                          "tid": ["[0-9]*"]}
        for name, operator, values in ASSIGNMENT.findall(text):
            known = self.variables.get(name, []) if operator == "+=" else []
            self.variables[name] = known + values.split()
        self.rules = []
        self.denials = []
        for kind, pattern, permissions in RULE.findall(text):
            regex = re.compile("|".join(
                as_regex(each) for each in self.expand(pattern.strip('"'))))
            (self.denials if kind.strip() == "deny" else
             self.rules).append((regex, set(permissions)))

    def expand(self, pattern):
        """With each value of each variable in it; doubled slashes count once."""
        names = VARIABLE.findall(pattern)
        if not names:
            return [re.sub("/+", "/", pattern)]
        found = []
        for values in itertools.product(
                *(self.variables.get(name, []) for name in names)):
            filled = iter(values)
            found += self.expand(VARIABLE.sub(lambda _: next(filled), pattern))
        return found

    def granted(self, path):
        granted = set()
        for regex, permissions in self.rules:
            if regex.fullmatch(path):
                granted |= permissions
        for regex, permissions in self.denials:
            if regex.fullmatch(path):
                granted -= permissions
        return granted

    def allows(self, path, wanted):
        granted = self.granted(path)
        if "w" in granted:
            granted |= {"a"}
        return set(wanted) <= granted


# What strace -f -y shows

LINE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\w+)(?:<(.*?)>)?")
CALLS = "%file,connect,bind,flock,fcntl,ftruncate,fchmod,fchown,mmap"
PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')
FD = re.compile(r"^(?:\d+|AT_FDCWD)<(/[^>]*)>")
CHANGES = {"mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "chmod",
           "fchmodat", "chown", "lchown", "fchownat", "truncate", "rename",
           "renameat", "renameat2", "utimensat"}
OF_DESCRIPTOR = {"ftruncate": "w", "fchmod": "w", "fchown": "w", "flock": "k"}


class Trace:
    """used: {path: permissions} of a trace, by the namespace's root."""

    def __init__(self, text):
        self.used = {}
        self.roots = {}
        self.directories = {}
        for line in text.splitlines():
            found = LINE.match(line)
            if found and not found.group(4).startswith("-"):
                self._take(*found.groups())

    def note(self, path, permissions):
        if path.endswith(" (deleted)"):
            path = path[:-len(" (deleted)")]
        # What is in no file system that can be mounted is not asked about.
        if path.startswith("/") and not path.startswith("/memfd:"):
            self.used.setdefault(path, set()).update(permissions)

    def absolute(self, pid, path):
        if path.startswith("/"):
            return self.roots.get(pid, "") + path
        return os.path.normpath(self.directories.get(pid, "") + "/" + path)

    def _take(self, pid, call, arguments, result, result_path):
        path = PATH.search(arguments)
        path = path.group(1) if path else None
        descriptor = FD.match(arguments)
        if call in ("open", "openat", "creat") and result_path:
            self.note(result_path, open_permissions(arguments))
        elif call == "chdir":
            self.directories[pid] = self.absolute(pid, path)
        elif call == "chroot":
            self.roots[pid] = self.absolute(pid, path).rstrip("/")
        elif call == "connect" and "AF_UNIX" in arguments and path:
            self.note(self.absolute(pid, path), "w")
        elif call in CHANGES and path:
            if descriptor and not path.startswith("/"):
                path = os.path.join(descriptor.group(1), path)
            path = self.absolute(pid, path)
            self.note(path + "/" if call.startswith("mkdir") else path, "w")
        elif call in OF_DESCRIPTOR and descriptor:
            self.note(descriptor.group(1), OF_DESCRIPTOR[call])
        elif call == "fcntl" and descriptor and "LK" in arguments:
            self.note(descriptor.group(1), "k")
        elif call == "mmap" and "PROT_EXEC" in arguments:
            mapped = re.search(r"\d+<(/[^>]*)>", arguments)
            if mapped:
                self.note(mapped.group(1), "m")


def open_permissions(arguments):
    flags = arguments[arguments.rindex('"'):]
    if "O_RDWR" in flags:
        return "rw"
    if "O_WRONLY" in flags or "O_CREAT" in flags:
        return "w"
    return "r"
