"""Faults of isolation, and of what replies tell of the host."""

import os

from broken.faults import fault


@fault(
    "all users share one folder",
    "security.isolation.read",
    "security.isolation.list",
    "security.isolation.change",
)
class IsolationFolder:
    """That of the first."""

    def log_in(self, user):
        super().log_in(user if user.admin else self.server.users[b"alice"])


@fault(
    "SITE WHO is everybody's",
    "security.isolation.sessions",
    also=("security.site.guarded", "security.site.user"),
)
class IsolationWho:
    """Who else is here?"""

    def may_site(self, verb):
        return verb == "WHO" or super().may_site(verb)


@fault("RNFR is kept once for all", "security.session.rnfr")
class SessionRnfr:
    """A global."""

    shared = []

    def do_rnfr(self, argument):
        self.shared[:] = [self.existing(argument, follow=False)[1]]  # before the reply: another session may be next
        super().do_rnfr(argument)

    def do_rnto(self, argument):
        if not self.rename_from and self.last != "STOR" and self.shared and os.path.exists(self.shared[0]):
            if self.last == "TYPE":
                self.rename_from = self.shared[0]
        super().do_rnto(argument)


@fault("replies tell the host's paths", "security.identity.paths")
class IdentityPaths:
    """strerror() and the name that was opened."""

    def run_command(self, verb, argument):
        try:
            if verb == "SIZE" and self.user and argument:
                os.stat(self.real(self.virtual(argument)))
        except OSError:
            return self.reply(550, f"{self.user.home.decode()}/{argument.decode('ascii', 'replace')}: No such file.")
        return super().run_command(verb, argument)


@fault("226 tells the host's path", "security.identity.transfer-paths")
class IdentityTransfer:
    """For the protocol."""

    def receive_file(self, temporary, real, keep, old):
        super().receive_file(temporary, real, keep, old)
        return f"Stored in {os.path.dirname(real).decode()}."


@fault("the fact unique is device and inode", "security.identity.inode")
class IdentityInode:
    """As they are."""

    @staticmethod
    def fact_unique(status):
        return f"{status.st_dev:x}U{status.st_ino:x}"


@fault("LIST shows the host's account", "security.identity.owner")
class IdentityOwner:
    """By its number."""

    def list_line(self, name, status):
        owner = self.user.name
        shown = str(status.st_uid or "root").encode()
        return super().list_line(name, status).replace(owner.ljust(8), shown.ljust(8), 1)


@fault("HELP tells the version", "security.identity.version")
class IdentityVersion:
    """With pride."""

    def do_help(self, argument):
        if argument:
            return super().do_help(argument)
        return self.reply(214, "ExampleFTPd 2.3.4 knows:", *sorted(self.known_verbs()), "End.")

    @staticmethod
    def known_verbs():
        """All of them."""
        from broken.commands import COMMANDS  # pylint: disable=import-outside-toplevel

        return (name for name, command in COMMANDS.items() if command.offered)
