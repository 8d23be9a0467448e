"""Faults of confinement: ways out of the user's folder."""

import os
import stat
import time
import urllib.parse

from broken.control import Ended
from broken.faults import fault

OUTSIDE = b"\0"  # begins a path that is one of the host's


class Opens:
    """What was found is opened, wherever it lies."""

    def open_file(self, real):
        """By its name alone."""
        return super().open_file(real) if real.startswith(self.user.root + b"/") else open(real, "rb")


class Climbs(Opens):
    """Paths of the verbs `climbing` are taken as they are: .. leads out of the user's folder."""

    climbing = ()

    def climbs(self, _):
        """True if the path of this command may climb."""
        return self.verb in self.climbing

    def virtual(self, argument):
        """Not clamped at the root."""
        root = os.path.realpath(self.user.home)
        start = b"/" if argument.startswith(b"/") else self.cwd + b"/"
        path = os.path.normpath(root + start + argument)
        outside = path != root and not path.startswith(root + b"/")
        if outside and self.climbs(argument) and os.path.isdir(os.path.dirname(path)):
            return OUTSIDE + path
        return super().virtual(argument)

    def real(self, path, follow=True):
        """As virtual() said."""
        return path[1:] if path.startswith(OUTSIDE) else super().real(path, follow)


@fault(".. in RETR climbs", "security.confinement.dot-dot-retr", also=("security.isolation.read",))
class ClimbRetr(Climbs):
    """One verb that nobody thought of."""

    climbing = ("RETR",)


@fault(".. in SIZE and MDTM climbs", "security.confinement.dot-dot-size")
class ClimbSize(Climbs):
    """One verb that nobody thought of."""

    climbing = ("SIZE", "MDTM")


@fault(".. in MLST climbs", "security.confinement.dot-dot-mlst")
class ClimbMlst(Climbs):
    """One verb that nobody thought of."""

    climbing = ("MLST",)


@fault(".. in CWD climbs", "security.confinement.dot-dot-cwd")
class ClimbCwd(Climbs):
    """More than one step at once only: CWD .. at the top is another fault."""

    def climbs(self, argument):
        return self.verb in ("CWD", "XCWD") and b"etc" in argument


@fault(".. in LIST climbs", "security.confinement.dot-dot-list", also=("security.isolation.list",))
class ClimbList(Climbs):
    """One verb that nobody thought of."""

    climbing = ("LIST",)


@fault(".. in MLSD climbs", "security.confinement.dot-dot-mlsd", also=("security.isolation.list",))
class ClimbMlsd(Climbs):
    """One verb that nobody thought of."""

    climbing = ("MLSD",)


@fault(".. in STAT climbs", "security.confinement.dot-dot-stat")
class ClimbStat(Climbs):
    """One verb that nobody thought of."""

    climbing = ("STAT",)


@fault(
    ".. in RNFR climbs",
    "security.confinement.dot-dot-rnfr",
    also=("security.planted.climb-rename", "security.isolation.change"),
)
class ClimbRnfr(Climbs):
    """One verb that nobody thought of."""

    climbing = ("RNFR",)


@fault(".. in HASH climbs", "security.confinement.dot-dot-hash")
class ClimbHash(Climbs):
    """One verb that nobody thought of."""

    climbing = ("HASH",)


@fault(".. in STOR climbs", "security.planted.climb-store")
class ClimbStor(Climbs):
    """One verb that nobody thought of."""

    climbing = ("STOR",)


@fault(".. in MKD climbs", "security.planted.climb-mkd")
class ClimbMkd(Climbs):
    """One verb that nobody thought of."""

    climbing = ("MKD",)


@fault(".. in DELE climbs", "security.planted.climb-delete", also=("security.isolation.change",))
class ClimbDele(Climbs):
    """One verb that nobody thought of."""

    climbing = ("DELE",)


@fault(".. in RNTO climbs", "security.planted.climb-rename")
class ClimbRnto(Climbs):
    """One verb that nobody thought of."""

    climbing = ("RNTO",)


@fault(".. in MFMT climbs", "security.planted.climb-attributes")
class ClimbMfmt(Climbs):
    """One verb that nobody thought of."""

    climbing = ("MFMT",)


@fault("a long path is handed on unresolved", "security.confinement.long-climb")
class ClimbLong(Climbs):
    """More than one looks at."""

    def climbs(self, argument):
        return self.verb == "RETR" and len(argument) > 800


@fault("percent signs are decoded after the check", "security.confinement.disguised")
class ClimbPercent(Climbs):
    """Checked first, decoded last."""

    def climbs(self, argument):
        return self.verb == "RETR" and self.decoded

    def virtual(self, argument):
        self.decoded = b"%2e" in argument
        return super().virtual(urllib.parse.unquote_to_bytes(argument) if self.decoded else argument)


@fault("CDUP at the root shows the folder above", "security.confinement.top-cdup")
class ClimbCdup:
    """One step too many."""

    above = False

    def do_cdup(self, argument):
        self.above = self.cwd == b"/"
        super().do_cdup(argument)

    def do_cwd(self, argument):
        self.above = self.above and not argument.startswith(b"/")
        super().do_cwd(argument)

    def real(self, path, follow=True):
        real = super().real(path, follow)
        return os.path.dirname(real) if self.above and path == b"/" else real


@fault("CWD ~root is taken", "security.confinement.tilde")
class Tilde:
    """Expanded."""

    def do_cwd(self, argument):
        if argument != b"~root":
            return super().do_cwd(argument)
        self.cwd = b"/root"
        return self.reply(250, "There.")


@fault("SITE CHMOD sets set-user-ID", "security.confinement.set-user-id")
class SetUserId:
    """All twelve bits."""

    @staticmethod
    def parse_mode(text):
        return int(text, 8)


@fault("SITE EXEC runs programs", "security.confinement.execute", also=("security.site.user",))
class SiteExec:
    """It says so at least."""

    def do_site(self, argument):
        if argument.upper().startswith(b"EXEC ") and self.user:
            return self.reply(200, "ftplint-42")
        return super().do_site(argument)


@fault("the host's files are there by their absolute paths", "security.confinement.host-files")
class HostFiles(Opens):
    """Not confined at all."""

    def real(self, path, follow=True):
        return path if path.startswith(b"/etc/") else super().real(path, follow)


@fault("/proc is mounted in the user's folder", "security.confinement.kernel-files")
class KernelFiles(Opens):
    """And can be read, though it has no sizes."""

    def regular(self, argument):
        if argument != b"/proc/version":
            return super().regular(argument)
        status = list(os.stat(b"/proc/version"))
        status[stat.ST_SIZE] = 20
        return argument, argument, os.stat_result(status)


class Follows(Opens):
    """Links of the verbs `following` lead anywhere."""

    following = ()

    def check_inside(self, root, path):
        """Nothing is outside for them."""
        if self.verb not in self.following:
            super().check_inside(root, path)


@fault("RETR follows links out", "security.planted.link-read", also=("security.planted.race",))
class LinkRetr(Follows):
    """Links are files, are they not?"""

    following = ("RETR",)


@fault("CWD and NLST follow links out", "security.planted.link-list")
class LinkCwd(Follows):
    """Links are directories, are they not?"""

    following = ("CWD", "NLST")


@fault("APPE follows links out", "security.planted.link-write", "security.planted.link-folder-store")
class LinkAppe(Follows):
    """Into any file."""

    following = ("APPE",)


@fault("MKD follows links out", "security.planted.link-folder-mkd")
class LinkMkd(Follows):
    """In any folder."""

    following = ("MKD",)


@fault("RMD follows links out", "security.planted.link-folder-delete")
class LinkRmd(Follows):
    """In any folder."""

    following = ("RMD",)


@fault("RNTO follows links out", "security.planted.link-folder-rename")
class LinkRnto(Follows):
    """To any folder."""

    following = ("RNTO",)


@fault("MFMT follows links out", "security.planted.link-attributes", "security.planted.link-folder-attributes")
class LinkMfmt(Follows):
    """Of any file."""

    following = ("MFMT",)


@fault("SIZE follows links out", "security.planted.link-facts", "security.planted.link-oracle")
class LinkSize(Follows):
    """Of any file."""

    following = ("SIZE",)


@fault("RETR opens a path some time after its check, and a surprise ends the session", "security.planted.race")
class OpensLate:
    """The first surprises are not the last chance: who goes on finds the way out."""

    surprises = 3

    def open_file(self, real):
        """By its name alone."""
        time.sleep(0.002)
        if OpensLate.surprises > 0 and os.path.islink(os.path.dirname(real)):
            OpensLate.surprises -= 1
            raise Ended
        return open(real, "rb")


@fault("CWD tells whether a link's target exists", "security.planted.link-oracle")
class LinkOracle:
    """It means well."""

    def do_cwd(self, argument):
        try:
            super().do_cwd(argument)
        except OSError:
            link = os.path.realpath(self.user.home) + argument
            if os.path.islink(link) and os.path.exists(link):
                self.reply(550, "That link points out of your folder.")
            else:
                raise
