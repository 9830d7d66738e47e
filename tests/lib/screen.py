"""A program on a terminal: a pty of some size, and an emulator (pyte) that
knows what stands on the screen. Keys are typed, the window can change."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading

import pyte

from waiting import wait_until


class Screen:
    def __init__(self, command, columns=80, rows=24, environment=None):
        self.emulator = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.emulator)
        self._lock = threading.Lock()
        self.output = b""
        self.master, slave = pty.openpty()
        self._set_size(columns, rows)
        self.modes_before = termios.tcgetattr(slave)
        self._slave = slave  # kept, so that modes can be read after the end
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _set_size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self):
        while not self._ended.is_set():
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if not ready:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            with self._lock:
                self.output += data
                self._stream.feed(data)

    def resize(self, columns, rows):
        with self._lock:
            self.emulator.resize(rows, columns)
            self._set_size(columns, rows)

    def type(self, keys):
        os.write(self.master, keys.encode())

    @property
    def lines(self):
        with self._lock:
            return [line.rstrip() for line in self.emulator.display]

    @property
    def text(self):
        return "\n".join(self.lines)

    def is_red(self, text):
        """Does that text stand there, in red?"""
        with self._lock:
            for row, line in enumerate(self.emulator.display):
                at = line.find(text)
                if at >= 0:
                    return self.emulator.buffer[row][at].fg == "red"
        return False

    def wait_for(self, text, timeout_s=20):
        wait_until(lambda: text in self.text,
                   lambda: "%r on the screen:\n%s" % (text, self.text),
                   timeout_s)

    def wait_without(self, text, timeout_s=20):
        wait_until(lambda: text not in self.text,
                   lambda: "%r gone:\n%s" % (text, self.text), timeout_s)

    def wait_end(self):
        return self.process.wait(20)

    def is_restored(self):
        """Modes are as before, and the screen is the other one again."""
        return termios.tcgetattr(self._slave) == self.modes_before and \
            self.output.rfind(b"\x1b[?1049l") > \
            self.output.rfind(b"\x1b[?1049h")

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self._ended.set()
        self._reader.join()
        os.close(self._slave)
        os.close(self.master)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
