"""An entropy gathering daemon, as good or as bad as a test wants it."""

import os
import socket
import threading


class EgdServer:
    """Listens at a path; `answer` is called with each command of two bytes."""

    def __init__(self, path, answer):
        self.path = path
        self.commands = []
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self._listener.listen(5)
        self._client = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while True:
                self._client, _ = self._listener.accept()
                with self._client:
                    self._serve(self._client)
        except OSError:
            pass  # closed, by close() or by the daemon's end

    def _serve(self, client):
        while True:
            command = client.recv(2)
            if len(command) < 2:
                return
            self.commands.append(command)
            answer = self._answer(command)
            if answer is None:
                return
            client.sendall(answer)

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        if self._client:
            try:
                self._client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._thread.join()
        self._listener.close()
