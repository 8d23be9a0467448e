"""Faults of LIST, NLST and STAT, of waits and of listings of many files."""

import stat
import time

from broken.faults import fault
from broken.refusal import Refusal

MANY = 300


def is_listing(session, *verbs):
    """True if the command that runs is one of VERBS."""
    return session.verb in verbs


@fault("listings end with 200", "rfc959.reply.codes", "rfc3659.mlsd.codes")
class ListingCode:
    """No code for a transfer."""

    def reply(self, code, *lines):
        """200 for 226."""
        super().reply(200 if code == 226 and is_listing(self, "LIST", "NLST", "MLSD") else code, *lines)


@fault("lines of listings end in LF in TYPE A", "rfc959.list.crlf", "rfc959.nlst.crlf")
class ListingBareLf:
    """As a file of Unix."""

    def send_data(self, data):
        """No CR."""
        bare = is_listing(self, "LIST", "NLST") and self.type == "A"
        super().send_data(data.replace(b"\r\n", b"\n") if bare else data)


@fault(
    "lines of listings end in LF in TYPE I",
    "rfc1123.list.crlf-image",
    "rfc1123.nlst.crlf-image",
)
class ListingImage:
    """Sent as if the listing were a file."""

    def send_data(self, data):
        """No CR."""
        bare = is_listing(self, "LIST", "NLST") and self.type == "I"
        super().send_data(data.replace(b"\r\n", b"\n") if bare else data)


@fault("LIST has a form of its own", "practice.list.parsable")
class ListForm:
    """Which nobody knows."""

    def list_line(self, name, status):
        """Name, semicolon, size."""
        return name + f"; {status.st_size} bytes".encode()


@fault(
    "listings leave out a file",
    "rfc959.list.complete",
    "rfc959.nlst.complete",
    "rfc3659.mlsd.complete",
)
class ListingIncomplete:
    """The one whose name begins so."""

    def entries(self, real):
        """All but one."""
        return [pair for pair in super().entries(real) if not pair[0].startswith(b"other")]


@fault("LIST and NLST without a path list the top", "rfc959.list.working-directory", "rfc1123.nlst.usable")
class ListingOfTop:
    """Wherever the user is."""

    def listed(self, argument):
        """/ for nothing."""
        return super().listed(argument or b"/")


@fault("LIST tells sizes in blocks", "practice.list.size")
class ListSize:
    """Of 512 bytes."""

    def list_line(self, name, status):
        """Fewer."""
        owner = self.user.name.decode()
        begin = f"{self.list_mode(status)} 1 {owner} {owner} {status.st_size // 512} {self.list_time(status.st_mtime)} "
        return begin.encode() + name


@fault("LIST shows directories as files", "practice.list.kind")
class ListKind:
    """A hyphen for all."""

    @staticmethod
    def list_mode(status):
        """The rest of it."""
        return "-" + stat.filemode(status.st_mode)[1:]


@fault("LIST and NLST of a file are refused", "rfc959.list.file", "practice.nlst.file")
class ListingOfFile:
    """Directories only."""

    def listed(self, argument):
        """550 for the rest."""
        found = super().listed(argument)
        if argument and not argument.startswith(b"-") and found and found[0][0] == argument:
            raise Refusal(550, "Not a directory.")
        return found


@fault("an empty directory is refused", "rfc959.list.empty", "practice.nlst.empty", "rfc3659.mlsd.empty")
class ListingEmpty:
    """Nothing found, so an error."""

    def check_found(self, argument):
        """550 for nothing."""
        if argument.endswith(b"/folder"):
            raise Refusal(550, "No files found.")

    def listed(self, argument):
        """Of LIST."""
        self.check_found(argument)
        return super().listed(argument)

    def mlsd_entries(self, argument):
        """Of MLSD."""
        self.check_found(argument)
        return super().mlsd_entries(argument)


@fault(
    "what does not exist is an empty directory",
    "practice.list.missing",
    "practice.nlst.missing",
    "rfc3659.mlsd.missing",
)
class ListingMissing:
    """226 and nothing."""

    def listed(self, argument):
        """Of LIST and NLST."""
        return [] if argument.endswith(b"/missing") else super().listed(argument)

    def mlsd_entries(self, argument):
        """Of MLSD."""
        return [] if argument.endswith(b"/missing") else super().mlsd_entries(argument)


@fault("STAT of what does not exist is an empty listing", "practice.stat.missing")
class StatMissing:
    """213 and nothing."""

    def listed(self, argument):
        """Only for STAT."""
        return [] if self.verb == "STAT" and argument.endswith(b"/missing") else super().listed(argument)


@fault("STAT with a path is empty", "rfc959.stat.directory", "rfc959.stat.file")
class StatEmpty:
    """Never an entry."""

    def listed(self, argument):
        """None for STAT."""
        return [] if self.verb == "STAT" else super().listed(argument)


@fault(
    "names lose the spaces around them and double ones",
    "practice.list.space-leading",
    "practice.list.space-doubled",
    "practice.list.space-trailing",
    "rfc1123.nlst.spaces",
    "rfc3659.mlsd.spaces",
    also=("rfc959.names.spaces",),
)
class ListingTrims:
    """In all listings."""

    def entries(self, real):
        """Tidied."""
        return [(b" ".join(name.split()), status) for name, status in super().entries(real)]


@fault(
    "a sign in a name becomes a question mark",
    "rfc2640.list.bytes",
    "rfc2640.nlst.bytes",
    "rfc3659.mlsd.bytes",
)
class ListingSign:
    """In all listings."""

    def entries(self, real):
        """One that the terminal does not know."""
        return [(name.replace("☃".encode(), b"?"), status) for name, status in super().entries(real)]


@fault("LIST tells times seven minutes too early", "practice.list.time")
class ListTime:
    """A clock that is wrong."""

    @staticmethod
    def list_time(when):
        """Seven minutes before."""
        return time.strftime("%b %e %H:%M", time.gmtime(when - 7 * 60))


@fault("LIST tells times in a zone", "practice.list.utc")
class ListZone:
    """Two hours east."""

    @staticmethod
    def list_time(when):
        """Later."""
        return time.strftime("%b %e %H:%M", time.gmtime(when + 7200))


@fault("LIST never tells a year", "practice.list.year-past", "practice.list.year-future")
class ListYear:
    """Always the time of day."""

    @staticmethod
    def list_time(when):
        """Month, day, time."""
        return time.strftime("%b %e %H:%M", time.gmtime(when))


@fault(
    "options of LIST are taken for names",
    "practice.list.option-l",
    "practice.list.option-path",
    "practice.list.option-a",
)
class ListOptions:
    """550."""

    def listed(self, argument):
        """Nothing is called so."""
        if argument.startswith(b"-") and self.verb == "LIST":
            raise Refusal(550, "No such file or directory.")
        return super().listed(argument)


@fault("NLST marks directories with a slash", "rfc1123.nlst.names-only")
class NlstMarks:
    """As ls -F."""

    def do_nlst(self, argument):
        """name/"""
        self.send_listing(
            argument, self.listed, lambda name, status: name + (b"/" if stat.S_ISDIR(status.st_mode) else b"")
        )


@fault("NLST names . and ..", "practice.nlst.dots")
class NlstDots:
    """Two more."""

    def send_lines(self, found, line):
        """At the beginning."""
        more = [(b".", None), (b"..", None)] if self.verb == "NLST" else []
        return super().send_lines(more + found, line)


@fault("NLST names no directories", "practice.nlst.directories")
class NlstFiles:
    """Files alone."""

    def listed(self, argument):
        """Without them."""
        found = super().listed(argument)
        return [pair for pair in found if self.verb != "NLST" or not stat.S_ISDIR(pair[1].st_mode)]


@fault("NLST knows no patterns", "practice.nlst.wildcard")
class NlstPattern:
    """550."""

    def matching(self, above, pattern):
        """Nothing is called so."""
        raise Refusal(550, "No such file or directory.")


@fault("NLST sends a pattern back that nothing matches", "practice.nlst.wildcard-nothing")
class NlstEcho:
    """As a shell does."""

    def listed(self, argument):
        """The pattern for nothing."""
        found = super().listed(argument)
        return found or ([(argument, None)] if b"*" in argument and self.verb == "NLST" else [])


@fault("listings stop at 300 entries", "limits.listing.list", "limits.listing.nlst", "limits.listing.mlsd")
class ListingLimit:
    """And say 226."""

    def entries(self, real):
        """The first of them."""
        return super().entries(real)[:MANY]


@fault("LIST of many entries takes two seconds", "performance.listing.time")
class ListSlow:
    """A name service is asked."""

    def list_line(self, name, status):
        """All of it at the end."""
        time.sleep(1.9 if name == b"entry-00399" else 0)
        return super().list_line(name, status)


@fault("replies wait for an acknowledgement", "performance.command.latency")
class ReplySlow:
    """40 ms and more."""

    def do_noop(self, argument):
        """A stall."""
        time.sleep(0.06)
        super().do_noop(argument)


@fault("replies of many lines wait for an acknowledgement", "performance.command.multi-line")
class ReplyLinesSlow:
    """40 ms and more."""

    def do_feat(self, argument):
        """A stall."""
        time.sleep(0.06)
        super().do_feat(argument)


@fault("the reply to a transfer waits", "performance.download.end", "performance.upload.end")
class TransferReplySlow:
    """For files."""

    def end_data(self):
        """Between the end of the data and the reply."""
        super().end_data()
        time.sleep({"RETR": 0.06, "STOR": 0.25}.get(self.verb, 0))


@fault("a download begins late", "performance.download.start")
class DownloadSlow:
    """By a timer."""

    def download(self, file, end):
        """A stall."""
        time.sleep(0.25)
        return super().download(file, end)
