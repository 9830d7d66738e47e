"""One thread that reads many descriptors, so that no writer ever blocks."""

import os
import select
import selectors
import threading


class Pump:
    """Calls back with what was read; with b"" once, at the end, then closes.

    Callbacks run in the pump's thread.
    """

    def __init__(self):
        self._selector = selectors.DefaultSelector()
        self._orders = []
        self._lock = threading.Lock()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, descriptor, callback):
        """Read the descriptor, which is the pump's from now on."""
        self._order(lambda: self._selector.register(
            descriptor, selectors.EVENT_READ, callback))

    def pause(self, descriptor):
        """Read no more of it, as a process that is held up."""
        self._order(lambda: self._selector.unregister(descriptor))

    def catch_up(self, descriptor):
        """Unless it is paused, all that was written to the descriptor, which
        does not block, has been read after this."""
        def read_what_waits():
            waiting = select.poll()
            waiting.register(descriptor, select.POLLIN)
            while descriptor in self._selector.get_map() and waiting.poll(0):
                self._read(self._selector.get_key(descriptor))
        if self._thread.is_alive():
            self._order(read_what_waits)

    def remove(self, descriptor):
        """Close the descriptor; closed when this returns."""
        def forget():
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
                os.close(descriptor)
        self._order(forget)

    def close(self):
        if self._thread.is_alive():
            self._order(None)
            self._thread.join()
            os.close(self._wake_write)

    def _order(self, action):
        done = threading.Event()
        with self._lock:
            self._orders.append((action, done))
        os.write(self._wake_write, b"!")
        done.wait()

    def _obey(self):
        """Carry out what was ordered; False: the end."""
        os.read(self._wake_read, 4096)
        with self._lock:
            orders, self._orders = self._orders, []
        for action, done in orders:
            if action:
                action()
            done.set()
        return all(action for action, _ in orders)

    def _run(self):
        alive = True
        while alive:
            for key, _ in self._selector.select():
                if key.fd == self._wake_read:
                    alive = self._obey() and alive
                elif key.fd in self._selector.get_map():
                    self._read(key)
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        self._selector.close()

    def _read(self, key):
        try:
            data = os.read(key.fd, 1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(key.fd)
            os.close(key.fd)
        key.data(data)
