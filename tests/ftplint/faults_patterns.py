"""Faults of files that are none, and of patterns and options that cost too much."""

import os
import stat
import time

from broken.control import Ended
from broken.faults import fault
from broken.files import system_error


@fault("RETR opens pipes", "robustness.pipe.retr")
class PipeRetr:
    """And waits."""

    def regular(self, argument):
        path, real, status = self.existing(argument)
        if self.verb == "RETR" and stat.S_ISFIFO(status.st_mode):
            os.close(os.open(real, os.O_RDONLY))
            raise system_error(2)
        return super().regular(argument)


@fault("STOR opens pipes", "robustness.pipe.stor")
class PipeStor:
    """And waits."""

    def upload_target(self, argument):
        real = self.real(self.virtual(argument))
        if os.path.exists(real) and stat.S_ISFIFO(os.stat(real).st_mode):
            os.close(os.open(real, os.O_WRONLY))
        return super().upload_target(argument)


@fault("a pipe cannot be deleted", "robustness.pipe.dele")
class PipeDele:
    """Regular files alone."""

    def do_dele(self, argument):
        if stat.S_ISFIFO(self.existing(argument, follow=False)[2].st_mode):
            raise system_error(22)
        super().do_dele(argument)


@fault("braces are expanded", "limits.glob.braces")
class GlobBraces:
    """One by one."""

    def listed(self, argument):
        if argument.count(b"{") > 8:
            time.sleep(2.5)
        return super().listed(argument)


@fault("*/../* is expanded", "limits.glob.parents")
class GlobParents:
    """One by one."""

    def listed(self, argument):
        if argument.count(b"/../") > 8:
            time.sleep(2.5)
        return super().listed(argument)


@fault("asterisks are matched by going back", "limits.glob.stars")
class GlobStars:
    """Again and again."""

    def listed(self, argument):
        if argument.count(b"*a") > 8:
            time.sleep(2.5)
        return super().listed(argument)


@fault("a bracket that is not closed ends the session", "robustness.glob.malformed")
class GlobBracket:
    """A byte beyond the end."""

    def listed(self, argument):
        if argument == b"[[[[[[[[":
            raise Ended
        return super().listed(argument)


@fault("LIST -w reserves memory", "robustness.list.options")
class ListWidth:
    """All there is, and more."""

    def listed(self, argument):
        if argument.startswith(b"-w 1000"):
            raise Ended
        return super().listed(argument)


@fault("LIST -B ends the session", "robustness.list.every-option")
class ListLetter:
    """Nobody tried."""

    def listed(self, argument):
        if argument == b"-B":
            raise Ended
        return super().listed(argument)


@fault("SITE CPFR needs no login", "security.before-login.copy")
class CopyStranger:
    """CVE-2015-3306."""

    def run_command(self, verb, argument):
        if verb == "SITE" and not self.user and argument and argument.startswith(b"CPFR"):
            return self.reply(350, "Send SITE CPTO.")
        return super().run_command(verb, argument)


@fault("RMD takes patterns", "practice.rmd.pattern")
class GlobRmd:
    """All that match."""

    def do_rmd(self, argument):
        return super().do_rmd(b"place" if argument == b"pla?e" else argument)


@fault("LIST -R runs out of stack", "limits.list.deep")
class ListDeep:
    """Level by level."""

    def listed(self, argument):
        if argument == b"-R" and self.is_there(b"d" + b"/d" * 30):
            raise Ended
        return super().listed(argument)


@fault("LIST -R follows links", "limits.list.loop")
class ListLoop:
    """Round and round."""

    def listed(self, argument):
        if b"R" in argument and self.is_there(b"loop"):
            time.sleep(2.5)
        return super().listed(argument)
