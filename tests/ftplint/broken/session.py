"""One session of the broken server: everything that a client's connection leads to. A correct one; faults replace
methods of it."""

import contextlib

from .control import Control, Ended
from .data import DataConnection
from .files import Files
from .listing import FACTS, Listing
from .login import Login
from .security import Security
from .settings import Settings
from .site import Site
from .transfer import Transfers


class Session(
    Control, Login, Files, DataConnection, Security, Transfers, Listing, Settings, Site
):  # pylint: disable=too-many-ancestors
    """A client of SERVER at CONNECTION; `implicit`: TLS comes first."""

    all_facts = FACTS

    def __init__(self, server, connection, implicit):
        self.server = server
        self.implicit = implicit
        self.init_control(connection)
        self.init_login()
        self.init_files()
        self.init_data()
        self.init_security()
        self.init_transfers()
        self.init_listing()
        self.init_settings()
        self.init_site()

    def serve(self):
        """The whole session."""
        try:
            with contextlib.suppress(Ended, OSError):
                if self.implicit:
                    self.start_tls()
                self.greet()
                while not self.finished:
                    self.execute(self.next_line())
        finally:
            self.end()

    def end(self):
        """Lets go of everything."""
        self.forget_data()
        self.close_data()
        self.control.close()
