"""What a session is set to and what it tells: TYPE, MODE, STRU, OPTS, FEAT, HELP, SYST; sizes, times, checksums."""

import calendar
import datetime
import hashlib
import os
import zlib

from .commands import COMMANDS
from .files import system_error
from .refusal import Refusal

HASHES = {
    "SHA-256": hashlib.sha256,
    "SHA-512": hashlib.sha512,
    "SHA-1": hashlib.sha1,
    "MD5": hashlib.md5,
}


def parse_time(text):
    """Seconds of YYYYMMDDHHMMSS."""
    try:
        if len(text) != 14 or not text.isdigit():
            raise ValueError
        year, *rest = int(text[:4]), *(int(text[at : at + 2]) for at in range(4, 14, 2))
        parsed = datetime.datetime(year, *rest)
    except ValueError:
        raise Refusal(501, "Not a time: write YYYYMMDDHHMMSS, in UTC.") from None
    return calendar.timegm(parsed.timetuple())


class Settings:
    """A part of Session."""

    def init_settings(self):
        """The defaults of RFC 959."""
        self.type = "A"
        self.hash = "SHA-256"

    def do_type(self, argument):
        """A and I; L 8 is I."""
        kind = {b"A": "A", b"A N": "A", b"A T": "A", b"I": "I", b"L 8": "I"}.get(argument.upper())
        if not kind:
            raise Refusal(504, "Types are A (text), I and L 8 (binary).")
        self.type = kind
        self.reply(200, f"Type is {kind}.")

    def do_mode(self, argument):
        """S."""
        if argument.upper() != b"S":
            raise Refusal(504, "The only mode is S.")
        self.reply(200, "Mode is S: stream.")

    def do_stru(self, argument):
        """F."""
        if argument.upper() != b"F":
            raise Refusal(504, "The only structure is F.")
        self.reply(200, "Structure is F: plain files.")

    def do_noop(self, _):
        """Nothing."""
        self.reply(200, "Done nothing.")

    def do_syst(self, _):
        """For clients that parse LIST."""
        self.reply(215, "UNIX Type: L8")

    def do_clnt(self, _):
        """We do not care."""
        self.reply(200, "Noted.")

    def do_lang(self, argument):
        """RFC 2640, section 4.1."""
        if argument and argument.split(b"-")[0].lower() != b"en":
            raise Refusal(504, "Replies are in English only.")
        self.reply(200, "Replies are in English.")

    def features(self):
        """The lines of FEAT."""
        hashes = ";".join(name + ("*" if name == self.hash else "") for name in HASHES)
        return [
            "AUTH TLS",
            "AVBL",
            "CLNT",
            "EPRT",
            "EPSV",
            "HOST",
            "LANG EN*",
            "MDTM",
            "MFF Modify;UNIX.mode;",
            "MFMT",
            "PASV",
            "PBSZ",
            "PROT",
            "RANG STREAM",
            "REST STREAM",
            "SIZE",
            "XCRC",
            "XMD5",
            "XSHA1",
            "XSHA256",
            f"HASH {hashes}",
            "MLST " + "".join(fact + ("*;" if fact in self.facts else ";") for fact in self.all_facts),
            "TVFS",
            "UTF8",
        ]

    def do_feat(self, _):
        """RFC 2389."""
        self.reply(211, "Extensions:", *self.features(), "End")

    def do_opts(self, argument):
        """RFC 2389."""
        verb, _, options = argument.partition(b" ")
        verb, options = verb.upper(), options.strip()
        if verb in (b"UTF8", b"UTF-8"):
            self.opts_utf8(options)
        elif verb == b"MLST":
            self.opts_mlst(options)
        elif verb == b"HASH":
            self.opts_hash(options.decode("ascii", "replace").upper())
        else:
            raise Refusal(501, "There are options for UTF8, MLST and HASH.")

    def opts_utf8(self, options):
        """Always on."""
        if options.upper() not in (b"", b"ON", b"NLST"):
            raise Refusal(504, "Names are UTF-8, always.")
        self.reply(200, "Names are UTF-8, always.")

    def opts_hash(self, name):
        """Which HASH computes."""
        if name and name not in HASHES:
            raise Refusal(504, "Unknown algorithm; FEAT lists those that there are.")
        self.hash = name or self.hash
        self.reply(200, self.hash)

    def do_help(self, argument):
        """The commands, or one."""
        offered = [verb for verb, command in COMMANDS.items() if command.offered]
        if not argument:
            rows = [" ".join(f"{verb:8}" for verb in offered[at : at + 8]) for at in range(0, len(offered), 8)]
            return self.reply(214, "Commands:", *rows, "End.")
        if argument.upper() == b"SITE":
            return self.site_help(b"")
        command = COMMANDS.get(argument.decode("ascii", "replace").upper())
        if not command or not command.offered:
            raise Refusal(501, "Unknown command.")
        return self.reply(214, command.help)

    # sizes, times, checksums

    def do_size(self, argument):
        """RFC 3659, section 4: the bytes that RETR would send."""
        _, _, status = self.regular(argument)
        if self.type == "A":
            raise Refusal(550, "SIZE is not offered in TYPE A; use TYPE I.")
        self.reply(213, str(status.st_size))

    def do_mdtm(self, argument):
        """RFC 3659, section 3; with a time in front, as old clients have it, the same as MFMT."""
        first, _, rest = argument.partition(b" ")
        if len(first) == 14 and first.isdigit() and rest and not self.is_there(argument):
            return self.do_mfmt(argument)
        _, _, status = self.status_of(argument)
        return self.reply(213, self.fact_time(status.st_mtime))

    def set_time(self, argument, when):
        """Changes the time of the last change."""
        path, real, _ = self.status_of(argument)
        self.not_the_top(path)
        os.utime(real, (when, when))

    def do_mfmt(self, argument):
        """MFMT time path."""
        text, _, name = argument.partition(b" ")
        if not name:
            raise Refusal(501, "MFMT needs a time and a path.")
        self.set_time(name, parse_time(text))
        self.reply(213, b"Modify=" + text + b"; " + name)

    def do_mff(self, argument):
        """MFF fact=value;fact=value; path"""
        facts, _, name = argument.partition(b" ")
        changes = [fact.partition(b"=") for fact in facts.split(b";") if fact]
        if not changes or not name or not facts.endswith(b";"):
            raise Refusal(501, "MFF needs facts and a path.")
        for fact, _, value in changes:
            self.change_fact(fact.lower(), value, name, only_check=True)
        for fact, _, value in changes:
            self.change_fact(fact.lower(), value, name)
        self.reply(213, facts + b" " + name)

    def change_fact(self, fact, value, name, only_check=False):
        """One fact of MFF."""
        if fact == b"modify":
            when = parse_time(value)
            change = lambda: self.set_time(name, when)
        elif fact == b"unix.mode":
            mode = self.parse_mode(value)
            change = lambda: os.chmod(self.status_of(name)[1], mode)
        else:
            raise Refusal(504, "Facts that can be changed are Modify and UNIX.mode.")
        if not only_check:
            change()

    def hashed(self, argument):
        """The bytes of the file that a checksum is about, its first and its last."""
        _, real, status = self.regular(argument)
        first = self.restart or 0
        end = status.st_size if self.range_end is None else min(self.range_end + 1, status.st_size)
        if first > end:
            raise Refusal(554, "The file has less bytes than that.")
        with self.open_file(real) as file:
            file.seek(first)
            return file.read(end - first), first, end

    def checksum(self, content):
        """As HASH tells it."""
        return HASHES[self.hash](content).hexdigest()

    def do_hash(self, argument):
        """draft-bryan-ftpext-hash."""
        content, first, end = self.hashed(argument)
        self.reply(213, f"{self.hash} {first}-{end} {self.checksum(content)} ".encode() + argument)

    def do_xcrc(self, argument):
        """As old clients have it."""
        self.reply(250, f"{zlib.crc32(self.hashed(argument)[0]):08X}")

    def do_xmd5(self, argument):
        """The same."""
        self.reply(250, hashlib.md5(self.hashed(argument)[0]).hexdigest().upper())

    def do_xsha1(self, argument):
        """The same."""
        self.reply(250, hashlib.sha1(self.hashed(argument)[0]).hexdigest().upper())

    def do_xsha256(self, argument):
        """The same."""
        self.reply(250, hashlib.sha256(self.hashed(argument)[0]).hexdigest().upper())

    def do_avbl(self, argument):
        """draft-peterson-streamlined-ftp-command-extensions."""
        if argument and not os.path.isdir(self.existing(argument)[1]):
            raise system_error(20)
        self.reply(213, str(self.server.free(self.user)))
