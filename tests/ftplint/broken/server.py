"""The broken server itself: listeners, accounts with their folders and quotas, and the sessions that run."""

import contextlib
import dataclasses
import errno
import functools
import os
import secrets
import socket
import threading

from .files import system_error
from .rights import FIRST_UID, give


def size_of(path):
    """Of the file itself; 0 if it is gone meanwhile."""
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        return 0


@dataclasses.dataclass
class User:
    """An account."""

    name: bytes
    password: bytes
    home: bytes
    quota: int
    uid: int
    admin: bool = False

    @functools.cached_property
    def root(self):
        """The folder's real path."""
        return os.path.realpath(self.home)


class Server:
    """Serves the sessions that SESSION_CLASS makes, in DIRECTORY, with a CERTIFICATE and its KEY."""

    sessions_max = 100

    def __init__(self, directory, session_class, certificate, key, quota):
        self.directory = os.fsencode(directory)
        self.session_class = session_class
        self.certificate, self.key = certificate, key
        self.quota = quota
        self.users = {}
        self.next_uid = FIRST_UID - 1
        self.sessions = set()
        self.failures = {}  # address to number of failed logins
        self.registrations = {}  # address to number of accounts made from there
        self.used = {}  # user's name to bytes stored
        self.pending = {}  # user's name to {upload: bytes of it}
        self.lock = threading.RLock()
        os.chmod(self.directory, 0o711)
        os.makedirs(self.directory + b"/homes", exist_ok=True)
        os.makedirs(self.directory + b"/uploads", exist_ok=True)
        os.chmod(self.directory + b"/uploads", 0o1777)
        for name in (b"alice", b"bob"):
            self.add_user(name, b"secret " + name)
        homes = self.directory + b"/homes"
        self.users[b"boss"] = User(b"boss", b"secret boss", homes, 1 << 40, 0, admin=True)

    def has_home(self, name):
        """True if somebody's folder is there."""
        return os.path.lexists(self.directory + b"/homes/" + name)

    def add_user(self, name, password):
        """An account with a folder."""
        home = self.directory + b"/homes/" + name
        os.makedirs(home, exist_ok=True)
        os.chmod(home, 0o700)
        uid = self.next_uid = self.next_uid + 1
        give(home, uid)
        self.users[name] = User(name, password, home, self.quota, uid)

    # connections

    def listen(self, port, implicit=False, hosts=("127.0.0.1", "::1")):
        """Serves a port, 0: any; returns which."""
        for host in hosts:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listener = socket.socket(family, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(64)
            port = listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(listener, implicit), daemon=True).start()
        return port

    def _accept(self, listener, implicit):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self._serve, args=(connection, implicit), daemon=True).start()

    def _serve(self, connection, implicit):
        if len(self.sessions) >= self.sessions_max:
            with contextlib.suppress(OSError):
                connection.sendall(b"421 Too many connections.\r\n")
            connection.close()
            return
        session = self.session_class(self, connection, implicit)
        with self.lock:
            self.sessions.add(session)
        try:
            session.serve()
        finally:
            with self.lock:
                self.sessions.discard(session)

    def present(self):
        """The sessions that run."""
        with self.lock:
            return list(self.sessions)

    def kick(self, name, but):
        """Ends the sessions of a user; False if there is none."""
        found = [session for session in self.present() if session.user and session.user.name == name]
        for session in found:
            if session is not but:
                with contextlib.suppress(OSError):
                    session.control.socket.shutdown(socket.SHUT_RDWR)
        return bool(found)

    # quota

    def usage(self, user):
        """(stored, allowed), after a look at what is stored."""
        with self.lock:
            if not user.admin:
                files = (os.path.join(above, name) for above, _, names in os.walk(user.home) for name in names)
                self.used[user.name] = sum(map(size_of, files))
            return self.used.get(user.name, 0), user.quota

    def free(self, user):
        """How much can still be stored."""
        used, limit = self.usage(user)
        return max(0, limit - used - sum(self.pending.get(user.name, {}).values()))

    def reserve(self, user, upload, size):
        """UPLOAD, an object of its own, is to have SIZE bytes more than what it replaces; EDQUOT if that is too
        much."""
        with self.lock:
            if user.name not in self.used:
                self.usage(user)
            pending = self.pending.setdefault(user.name, {})
            others = sum(bytes_ for key, bytes_ in pending.items() if key is not upload)
            if size > 0 and self.used.get(user.name, 0) + others + size > user.quota:
                raise system_error(errno.EDQUOT)
            pending[upload] = max(0, size)

    def release(self, user, upload):
        """UPLOAD has ended, one way or another."""
        with self.lock:
            self.pending.get(user.name, {}).pop(upload, None)

    def change(self, user, work, path, new=None):
        """WORK replaces or removes what is at PATH; NEW is the file that comes there, if it is not in the user's
        folder already."""
        with self.lock:
            before = os.lstat(path).st_size if os.path.isfile(path) else 0
            after = os.path.getsize(new) if new else 0
            work()
            self.used[user.name] = self.used.get(user.name, 0) + after - before

    def temporary(self):
        """A name for an upload, where nobody sees it."""
        return self.directory + b"/uploads/" + secrets.token_hex(8).encode()
