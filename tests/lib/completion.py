"""What a shell offers for a command line that was begun, with the files of
conf/; each in the shell that it is for. ids are those that this master has."""

import os
import pty
import select
import shutil
import subprocess

import ctl
from waiting import DEADLINE_S, wait_until

CONF = ctl.REPOSITORY + "/conf"

BASH = """. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
_tlsmgrctl; [ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""

FISH = 'set -p fish_complete_path $FROM; complete -C "$LINE"'

# It completes within its line editor alone. All that it would offer goes through
# compadd, some of it twice.
ZSH = r"""
PS1='' ; fpath=(%(conf)s $fpath)
autoload -Uz compinit ; compinit -u -D
compadd() {
	local -a found
	builtin compadd -O found "$@"
	print -rl -- $found >>%(offered)s
	builtin compadd "$@"
}
zle -C capture complete-word _main_complete
show() { zle capture ; print -r -- '<end>' >>%(offered)s ; BUFFER='' }
zle -N show
bindkey '^T' show
print '<rea''dy>'
"""


def environment(master):
    """Nothing of the user's own."""
    found = {"PATH": "%s:/usr/sbin:/usr/bin:/sbin:/bin" %
                     os.path.dirname(ctl.PROGRAM),
             "HOME": "/nonexistent", "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    if master:
        found["MAIL_CONFIG"] = master.config_directory
    return found


def run(command, master):
    return subprocess.run(command, env=environment(master), check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          universal_newlines=True, timeout=60).stdout


def bash(line, master, _):
    """Words are taken apart at blanks; no id is quoted in a test."""
    return run(["bash", "-c", BASH, "bash", CONF + "/tlsmgrctl.bash",
                *line.split(" ")], master).splitlines()


def fish(line, master, directory):
    # Up to 3.1 it has no arguments of a command.
    offered = run(["env", "HOME=%s" % directory, "FROM=" + CONF,
                   "LINE=" + line, "fish", "--private", "-c", FISH], master)
    # Where nothing begins like the word, fish offers what is similar; up to
    # 3.1 some twice.
    return list(dict.fromkeys(
        each.split("\t")[0] for each in offered.splitlines()
        if each.startswith(line.split(" ")[-1])))


def zsh(line, master, directory):
    offered = os.path.join(str(directory), "offered")
    script = os.path.join(str(directory), "script")
    if os.path.exists(offered):
        os.unlink(offered)
    with open(script, "w") as output:
        output.write(ZSH % {"conf": CONF, "offered": offered})
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("zsh", ["zsh", "-f", "-i"], environment(master))
    try:
        os.write(terminal, b". %s\n" % os.fsencode(script))
        wait_for(terminal, b"<ready>")
        os.write(terminal, os.fsencode(line) + b"\x14")
        text = wait_until(lambda: read_offered(terminal, offered),
                          "zsh offers something or nothing")
    finally:
        os.close(terminal)  # it ends with its terminal
        os.waitpid(pid, 0)
    return list(dict.fromkeys(each for each in text.splitlines()[:-1] if each))


def wait_for(terminal, text):
    shown = b""

    def is_shown():
        nonlocal shown
        if select.select([terminal], [], [], 0)[0]:
            shown += os.read(terminal, 65536)
        return text in shown
    wait_until(is_shown, lambda: "%r in %r" % (text, shown), 4 * DEADLINE_S)


def read_offered(terminal, path):
    """All of it; what the terminal shows is read lest the shell waits."""
    if select.select([terminal], [], [], 0)[0]:
        os.read(terminal, 65536)
    try:
        with open(path) as offered:
            text = offered.read()
    except FileNotFoundError:
        return None
    return text if text.endswith("<end>\n") else None


SHELLS = {"bash": bash, "fish": fish, "zsh": zsh}


def is_there(shell):
    return shutil.which(shell) is not None
