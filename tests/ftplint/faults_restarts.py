"""Faults of restarted transfers and of parts: REST and RANG."""

import re

from broken.faults import fault
from broken.refusal import Refusal


@fault("REST is answered with 200", "rfc3659.rest.reply")
class RestReply:
    """Not 350."""

    def reply(self, code, *lines):
        """Another one."""
        super().reply(200 if code == 350 and self.verb == "REST" else code, *lines)


@fault("RETR does not care for REST", "rfc3659.rest.retr", also=("rfc3659.feat.rest-works",))
class RestIgnored:
    """From the beginning."""

    def restart_within(self, size):
        """Always 0."""
        offset = super().restart_within(size)
        return 0 if self.verb == "RETR" and self.range_end is None else offset


@fault("REST is off by one", "rfc3659.rest.retr", also=("rfc3659.feat.rest-works",))
class RestOffByOne:
    """One byte is missing."""

    def restart_within(self, size):
        """Behind the right place."""
        offset = super().restart_within(size)
        return min(offset + 1, size) if offset and self.verb == "RETR" and self.range_end is None else offset


@fault("REST 0 does not take the offset back", "rfc3659.rest.zero")
class RestZero:
    """0 is no number."""

    def do_rest(self, argument):
        """The old one stays."""
        before = self.restart
        super().do_rest(argument)
        self.restart = self.restart or before


@fault("REST holds for the next download too", "rfc3659.rest.once")
class RestSticky:
    """Never forgotten."""

    def forget_state(self, verb):
        """Not after RETR."""
        kept = self.restart if verb == "RETR" and self.range_end is None else None
        super().forget_state(verb)
        self.restart = kept if verb == "RETR" else self.restart


@fault("REST with the size of the file sends it once more", "rfc3659.rest.at-end")
class RestAtEnd:
    """There must be something to send."""

    def restart_within(self, size):
        """The beginning."""
        offset = super().restart_within(size)
        return 0 if offset == size and self.verb == "RETR" and self.range_end is None else offset


@fault("REST beyond the end of the file is no error", "rfc3659.rest.beyond-end")
class RestBeyondEnd:
    """Nothing, successfully."""

    def restart_within(self, size):
        """The end."""
        if self.verb == "RETR" and self.restart and self.restart > size and self.type == "I":
            return size
        return super().restart_within(size)


@fault("REST keeps 32 bits", "rfc3659.rest.overflow")
class RestThirtyTwoBits:
    """The rest is lost."""

    def do_rest(self, argument):
        """A small one."""
        if argument.isdigit():
            argument = b"%d" % (int(argument) % (1 << 32))
        super().do_rest(argument)


@fault("REST keeps 64 bits", "rfc3659.rest.overflow")
class RestSixtyFourBits:
    """The rest is lost."""

    def do_rest(self, argument):
        """A small one."""
        if argument.isdigit():
            argument = b"%d" % (int(argument) % (1 << 64))
        super().do_rest(argument)


@fault("REST beyond 4 GiB is refused", "rfc3659.rest.beyond-4-gib")
class RestFourGib:
    """Files are not that large."""

    def do_rest(self, argument):
        """Too large."""
        if argument.isdigit() and int(argument) >= 1 << 32:
            raise Refusal(501, "Too large.")
        super().do_rest(argument)


@fault("REST reads as many digits as there are", "rfc3659.rest.syntax")
class RestSyntax:
    """As atoi() does."""

    def do_rest(self, argument):
        """Then 0."""
        found = re.match(rb"[0-9]{1,18}", argument)
        super().do_rest(argument if argument.isdigit() else found.group() if found else b"0")


@fault("REST in TYPE A counts bytes of the file", "rfc3659.rest.ascii")
class RestAscii:
    """Not what is sent."""

    def restart_within(self, size):
        """As in TYPE I."""
        return min(self.restart or 0, size) if self.type == "A" else super().restart_within(size)


@fault("STOR does not care for REST", "rfc3659.rest.stor")
class RestStor:
    """From the beginning."""

    def restart_within(self, size):
        """Always 0."""
        offset = super().restart_within(size)
        return 0 if self.verb == "STOR" and self.range_end is None else offset


@fault("REST and APPE write at another place", "rfc3659.rest.appe")
class RestAppe:
    """Before the end."""

    def do_appe(self, argument):
        """By a byte."""
        if self.restart:
            self.restart -= 1
            return self.upload(argument, append=False)
        return super().do_appe(argument)


@fault("REST holds for the next upload too", "rfc3659.rest.stor-once")
class RestStorSticky:
    """Never forgotten."""

    last_restart = None

    def do_stor(self, argument):
        """The one of the last upload."""
        self.last_restart, self.restart = self.restart, self.restart or self.last_restart
        super().do_stor(argument)


@fault("REST far beyond the end makes a huge file", "security.rest.hole")
class RestHole:
    """With nothing in it."""

    def restart_within(self, size):
        """Wherever the client likes."""
        return self.restart if self.verb == "STOR" and self.restart else super().restart_within(size)

    def receive_file(self, temporary, real, keep, old):
        """A hole comes first."""
        if self.verb == "STOR" and keep > old:
            with open(real, "ab") as file:
                file.truncate(keep)
            old = keep
        return super().receive_file(temporary, real, keep, old)


@fault("the last byte of a range is not sent", "practice.rang.octets", also=("practice.hash.range",))
class RangExclusive:
    """One too few."""

    def do_rang(self, argument):
        """Up to it."""
        super().do_rang(argument)
        self.range_end = self.range_end and self.range_end - 1


@fault("RANG holds for the next download too", "practice.rang.once")
class RangSticky:
    """Never forgotten."""

    def forget_state(self, verb):
        """Not after RETR."""
        kept = self.restart, self.range_end
        super().forget_state(verb)
        if verb == "RETR" and kept[1] is not None:
            self.restart, self.range_end = kept


@fault("RANG 1 0 is refused", "practice.rang.reset")
class RangReset:
    """The wrong way round."""

    def do_rang(self, argument):
        """No."""
        if argument == b"1 0":
            raise Refusal(501, "The first byte cannot come after the last.")
        super().do_rang(argument)
