"""Listings: LIST, NLST, STAT with a path, MLSD, MLST, and the facts in them."""

import fnmatch
import hashlib
import os
import stat
import time

from .files import system_error
from .refusal import Refusal

FACTS = ("type", "size", "modify", "perm", "unique", "UNIX.mode")
HALF_YEAR = 180 * 24 * 3600
GLOB = b"*?["


class Listing:
    """A part of Session."""

    def init_listing(self):
        """All facts are shown."""
        self.facts = FACTS

    # what is listed

    def entries(self, real):
        """(name, status) of what the directory REAL holds and the user may know of, in order."""
        found = []
        for name in sorted(os.listdir(real)):
            try:
                if self.is_listable(name):
                    found.append((name, os.lstat(self.real_in(real, name))))
            except OSError:
                pass
        return found

    @staticmethod
    def is_listable(name):
        """Names with control characters would end the line or speak to the terminal."""
        return not any(byte < 32 or byte == 127 for byte in name)

    def real_in(self, real, name):
        """Where NAME in REAL lies, unless it leads out."""
        path = real + b"/" + name
        if os.path.islink(path):
            path = os.path.realpath(path)
            self.check_inside(self.user.root, path)
        return path

    def listed(self, argument):
        """(name as it is shown, status) of what LIST or NLST with ARGUMENT means; options are passed over."""
        hidden = False
        while argument.startswith(b"-"):
            option, _, rest = argument.partition(b" ")
            hidden = hidden or b"a" in option or b"A" in option
            argument = rest.lstrip(b" ")
        above, slash, last = argument.rpartition(b"/")
        if any(byte in GLOB for byte in last) and not self.is_there(argument):
            found = self.matching(above + slash, last)
            return [(above + slash + name, status) for name, status in found]
        _, real, status = self.existing(argument)
        if not stat.S_ISDIR(status.st_mode):
            return [(argument, status)]
        found = [pair for pair in self.entries(real) if hidden or not pair[0].startswith(b".")]
        if hidden and self.verb == "LIST":
            found = [(b".", status), (b"..", self.status_above(real, status))] + found
        return found

    def is_there(self, argument):
        """True if there is something of that name."""
        try:
            self.existing(argument)
            return True
        except (OSError, Refusal):
            return False

    def matching(self, above, pattern):
        """What in the directory ABOVE has a name like PATTERN."""
        _, real, _ = self.existing(above)
        return [
            (name, status)
            for name, status in self.entries(real)
            if fnmatch.fnmatchcase(name, pattern) and not name.startswith(b".")
        ]

    def status_above(self, real, status):
        """The status of .., which for the root is the root's."""
        if os.path.realpath(real) == self.user.root:
            return status
        return os.lstat(os.path.dirname(real))

    # LIST

    def do_list(self, argument):
        """As ls -l has it."""
        self.send_listing(argument, self.listed, self.list_line)

    def do_nlst(self, argument):
        """Names only."""
        self.send_listing(argument, self.listed, lambda name, _: name)

    def list_line(self, name, status):
        """One line of LIST, without its end."""
        owner = self.user.name.decode()
        begin = (
            f"{self.list_mode(status)} {1:3} {owner:8} {owner:8} {status.st_size:12} {self.list_time(status.st_mtime)} "
        )
        return begin.encode() + name

    @staticmethod
    def list_mode(status):
        """drwxr-x---"""
        return stat.filemode(status.st_mode)

    @staticmethod
    def list_time(when):
        """Nov 23 08:15, or with the year if it is long ago or to come; UTC."""
        now = time.time()
        recent = now - HALF_YEAR < when < now + 3600
        return time.strftime("%b %e %H:%M" if recent else "%b %e  %Y", time.gmtime(when))

    def send_listing(self, argument, find, line):
        """Over a data connection."""
        self.need_data()
        self.restart = self.range_end = None
        try:
            found = find(argument)
        except (OSError, Refusal):
            self.forget_data()
            raise
        self.transfer("Sending the listing.", lambda: self.send_lines(found, line))

    def send_lines(self, found, line):
        """All lines in one go."""
        self.send_data(b"".join(line(*entry) + b"\r\n" for entry in found))
        return f"{len(found)} entries listed."

    # MLSD, MLST

    def fact_values(self, real, status, kind):
        """Fact to value."""
        directory = stat.S_ISDIR(status.st_mode)
        top = os.path.realpath(real) == self.user.root
        values = {
            "type": kind or ("dir" if directory else "file"),
            "size": None if directory else str(status.st_size),
            "modify": self.fact_time(status.st_mtime),
            "perm": self.fact_perm(directory, top),
            "unique": self.fact_unique(status),
            "UNIX.mode": f"{stat.S_IMODE(status.st_mode):04o}",
        }
        return {fact: value for fact, value in values.items() if value is not None}

    @staticmethod
    def fact_time(when):
        """UTC."""
        return time.strftime("%Y%m%d%H%M%S", time.gmtime(when))

    @staticmethod
    def fact_perm(directory, top):
        """What may be done with it (RFC 3659, section 7.5.5)."""
        return ("celmp" if top else "cdeflmp") if directory else "adfrw"

    @staticmethod
    def fact_unique(status):
        """Equal for one file only, and not its inode's number."""
        return hashlib.blake2b(f"{status.st_dev}:{status.st_ino}".encode(), digest_size=8).hexdigest()

    def fact_line(self, name, real, status, kind=None):
        """The facts that OPTS MLST chose, a space and NAME."""
        values = self.fact_values(real, status, kind)
        facts = "".join(f"{fact}={values[fact]};" for fact in self.facts if fact in values)
        return facts.encode() + b" " + name

    def do_mlsd(self, argument):
        """A directory with facts."""
        self.send_listing(argument, self.mlsd_entries, self.fact_line)

    def mlsd_entries(self, argument):
        """Arguments of fact_line(): the directory, the one above, what it holds."""
        _, real, status = self.existing(argument)
        if not stat.S_ISDIR(status.st_mode):
            raise Refusal(501, "Not a directory.")
        found = []
        if "type" in self.facts:  # without it nobody could tell them from the rest
            found = [(b".", real, status, "cdir"), (b"..", real, self.status_above(real, status), "pdir")]
        return found + [(name, real + b"/" + name, each) for name, each in self.entries(real)]

    def send_mlsd_line(self, entry):
        """One of them."""
        return self.fact_line(*entry)

    def do_mlst(self, argument):
        """One name."""
        path, real, status = self.existing(argument)
        self.reply(250, "Facts:", self.fact_line(path, real, status), "End.")

    def opts_mlst(self, argument):
        """Which facts are shown."""
        if b" " in argument:
            raise Refusal(501, "OPTS MLST takes facts, each with a semicolon behind it.")
        wanted = [fact.decode("ascii", "replace").lower() for fact in argument.split(b";")]
        self.facts = tuple(fact for fact in FACTS if fact.lower() in wanted)
        chosen = "".join(f"{fact};" for fact in self.facts)
        self.reply(200, f"MLST OPTS {chosen}".rstrip())

    # STAT

    def do_stat(self, argument):
        """A listing over the control connection, or the state of the session."""
        if argument:
            lines = [self.list_line(name, status) for name, status in self.listed(argument)]
            self.reply(213, "Listing:", *lines, "End.")
        else:
            self.reply(211, "State of this session:", *self.state_lines(), "End.")

    def state_lines(self):
        """What a client may know of its session."""
        return (
            f"Connected from {self.client_address()}",
            f"Logged in as {self.user.name.decode()}",
            f"Type {self.type}, structure F, mode S",
            f"Control connection is {'under TLS' if self.control.tls else 'in clear'}",
        )

    def status_of(self, argument):
        """For what needs a file or directory, whichever."""
        path, real, status = self.existing(argument)
        if not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)):
            raise system_error(1)
        return path, real, status
