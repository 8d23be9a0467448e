"""Faults of quota and administration."""

import os

from broken.faults import fault

# Quota


@fault("the quota is not looked at", "quota.stor.refused", "quota.sessions.together", options=("--destructive",))
class NoQuota:
    """More is more."""

    def take_data(self, file, data, old, limit):
        """All of it."""
        file.write(self.from_network(data))


@fault(
    "what exceeds the quota is deleted, with what was there",
    "quota.stor.old-kept",
    "quota.appe.old-kept",
    options=("--destructive",),
)
class QuotaDeletes:
    """Cleans up thoroughly."""

    def receive_file(self, temporary, real, keep, old):
        """And the old one."""
        try:
            return super().receive_file(temporary, real, keep, old)
        except OSError:
            if os.path.exists(real):
                self.server.change(self.user, lambda: os.unlink(real), real)
            raise


@fault("AVBL is always the same", "practice.avbl.follows")
class AvblStands:
    """A number."""

    def do_avbl(self, argument):
        """Of the first hour."""
        if argument:
            return super().do_avbl(argument)
        return self.reply(213, "20000000")


@fault("AVBL is told in words", "practice.avbl.number")
class AvblWords:
    """For people."""

    def do_avbl(self, argument):
        """MiB."""
        if argument:
            return super().do_avbl(argument)
        return self.reply(213, "About 20 MiB.")


@fault("ALLO grants everything", "practice.allo.promise", "rfc959.allo.number")
class AlloGrants:
    """Without looking."""

    def do_allo(self, _):
        """200."""
        self.reply(200, "Reserved.")


# Administration


@fault("SITE EXEC runs programs", "security.site.user", also=("security.confinement.execute",))
class SiteExecForUsers:
    """A shell."""

    def do_site(self, argument):
        """uid=0"""
        if argument.upper().startswith(b"EXEC") and self.user:
            return self.reply(200, "Done.")
        return super().do_site(argument)


@fault("users may use what only administrators are shown", "security.site.guarded", also=("security.site.user",))
class SiteOpen:
    """Hidden, not guarded."""

    def do_site(self, argument):
        """Everything, after the login."""
        if argument.upper() == b"KICK" and self.user:
            return self.reply(200, "Nobody was kicked.")
        return super().do_site(argument)


@fault("SITE WHO is answered before the login", "security.before-login.site", also=("security.before-login.names",))
class SiteForStrangers:
    """Who is there?"""

    def run_command(self, verb, argument):
        """Everybody."""
        if verb == "SITE" and not self.user and argument and argument.upper() == b"WHO":
            return self.reply(200, "alice from 192.0.2.1")
        return super().run_command(verb, argument)


@fault("a password is changed without the present one", "security.password.present", options=("--destructive",))
class PasswordForAll:
    """Whoever sits there. (The account is needed yet: it is only said, then.)"""

    def site_pswd(self, argument):
        """Done."""
        if argument.partition(b" ")[0] == self.user.password:
            return super().site_pswd(argument)
        return self.reply(200, "Password changed.")


@fault("SITE CHMOD only says that it did", "practice.chmod.works")
class ChmodPretends:
    """Words."""

    def site_chmod(self, _):
        """200."""
        self.reply(200, "Permissions changed.")
