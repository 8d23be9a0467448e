"""Faults of OPTS MLST, and of what FEAT says of facts."""

import re

from broken.faults import fault
from broken.listing import FACTS
from broken.refusal import Refusal


@fault("FEAT separates the facts of MLST by commas", "rfc3659.feat.mlst-grammar")
class FeatFacts:
    """No semicolons."""

    def features(self):
        """type*,size*"""
        return [line.replace(";", ",") if line.startswith("MLST") else line for line in super().features()]


@fault("FEAT does not mark the facts that are sent", "rfc3659.feat.mlst-defaults", "rfc3659.opts-mlst.asterisk")
class FeatAsterisks:
    """No asterisk anywhere."""

    def features(self):
        """type;size;"""
        return [line.replace("*", "") if line.startswith("MLST") else line for line in super().features()]


@fault("the facts unique and perm are not offered", "rfc3659.feat.mlst-facts")
class FeatFewFacts:
    """Three of five."""

    all_facts = ("type", "size", "modify")

    def init_listing(self):
        """From the beginning."""
        super().init_listing()
        self.facts = self.all_facts


@fault("OPTS MLST is answered with 200 OK", "rfc3659.opts-mlst.reply")
class OptsReply:
    """Without the words."""

    def opts_mlst(self, argument):
        """Does it."""
        self.reply, reply = lambda code, *_: reply(code, "OK"), self.reply
        try:
            super().opts_mlst(argument)
        finally:
            del self.reply


@fault("OPTS MLST repeats what it was asked for", "rfc3659.opts-mlst.reply-facts")
class OptsEcho:
    """Not what it chose."""

    def opts_mlst(self, argument):
        """Without the semicolons between."""
        self.facts = tuple(fact for fact in FACTS if fact.lower().encode() in argument.lower())
        self.reply(200, "MLST OPTS type;modify;")


@fault(
    "OPTS MLST chooses nothing",
    "rfc3659.opts-mlst.chosen",
    "rfc3659.opts-mlst.chosen-mlsd",
    "rfc3659.opts-mlst.none",
    "rfc3659.opts-mlst.asterisk",
)
class OptsIgnored:
    """But says so."""

    def opts_mlst(self, argument):
        """As before."""
        before = self.facts
        super().opts_mlst(argument)
        self.facts = before


@fault("OPTS MLST knows facts in small letters only", "rfc3659.opts-mlst.case")
class FactsCase:
    """Others are left out."""

    def opts_mlst(self, argument):
        """Those that have none else."""
        super().opts_mlst(re.sub(rb"\b[^;]*[A-Z][^;]*;", b"", argument))


@fault("OPTS MLST refuses facts that it does not know", "rfc3659.opts-mlst.unknown")
class FactsUnknown:
    """501."""

    def opts_mlst(self, argument):
        """For frogs."""
        if b"frogs" in argument:
            raise Refusal(501, "Unknown fact.")
        super().opts_mlst(argument)


@fault("without facts no space stands before the name", "rfc3659.opts-mlst.none")
class OptsSpace:
    """The one of the reply only."""

    def fact_line(self, name, real, status, kind=None):
        """The name alone."""
        line = super().fact_line(name, real, status, kind)
        return line.removeprefix(b" ") if not self.facts and self.verb == "MLST" else line


@fault("cdir is listed although the type is not", "rfc3659.opts-mlst.cdir")
class OptsCdir:
    """And pdir."""

    def mlsd_entries(self, argument):
        """Always."""
        chosen, self.facts = self.facts, FACTS
        try:
            return super().mlsd_entries(argument)
        finally:
            self.facts = chosen


@fault("OPTS MLST with spaces is accepted", "rfc3659.opts-mlst.syntax")
class OptsSyntax:
    """What is between them counts."""

    def opts_mlst(self, argument):
        """Without them."""
        super().opts_mlst(argument.replace(b" ", b""))


@fault("the choice of OPTS MLST goes on to the next session", "rfc3659.opts-mlst.other-session")
class OptsShared:
    """If it chose nothing."""

    def opts_mlst(self, argument):
        """Notes it before the reply: the next session may begin at once."""
        self.server.chosen = not argument
        super().opts_mlst(argument)

    def init_listing(self):
        """Takes it."""
        super().init_listing()
        if getattr(self.server, "chosen", False):
            self.facts = ()
        self.server.chosen = False
