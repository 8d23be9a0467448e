"""An activator for real clients: accepts on loopback and starts one server process per connection."""

import socket
import threading


class Listener:
    """Listens on `port` of 127.0.0.1 and, with IPV6, of ::1 for a Server until the block is left; IMPLICIT: as
    cellftpd-tls.socket does on port 990."""

    def __init__(self, server, ipv6=False, implicit=False):
        self.server = server
        self.implicit = implicit
        self.processes = []
        self._sockets = [self._listen(socket.AF_INET, "127.0.0.1", 0)]
        self.port = self._sockets[0].getsockname()[1]
        if ipv6:
            self._sockets.append(self._listen(socket.AF_INET6, "::1", self.port))
        self._threads = [threading.Thread(target=self._serve, args=(s,), daemon=True) for s in self._sockets]

    @staticmethod
    def _listen(family, host, port):
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(64)
        return listener

    def _serve(self, listener):
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return  # closed by __exit__
            self.processes.append(self.server.start(connection, self.implicit))

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, value, trace):
        for listener in self._sockets:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in self._threads:
            thread.join(10)
        statuses = [process.wait(60) for process in self.processes]
        if kind is None and any(statuses):
            raise AssertionError(f"server processes ended with {statuses}")
