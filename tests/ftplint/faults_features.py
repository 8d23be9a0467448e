"""Faults of FEAT and OPTS, of their honesty, and of what else a server tells of itself."""

import dataclasses

from broken.faults import fault
from broken.refusal import Refusal


class Feat:
    """What changes FEAT's reply."""

    def write_reply(self, text):
        """Only FEAT's."""
        super().write_reply(self.feat(text) if self.verb == "FEAT" and text.startswith("211") else text)


@fault("FEAT is answered with 200", "rfc2389.feat.code")
class FeatCode(Feat):
    """It went well."""

    @staticmethod
    def feat(text):
        """200."""
        return text.replace("211", "200")


@fault("two spaces stand before each feature", "rfc2389.feat.space")
class FeatSpace(Feat):
    """Indented."""

    @staticmethod
    def feat(text):
        """One space more."""
        return text.replace("\r\n ", "\r\n  ")


@fault("FEAT ends with other words", "rfc2389.feat.end")
class FeatEnd(Feat):
    """As pyftpdlib has it."""

    @staticmethod
    def feat(text):
        """Another end."""
        return text.replace("211 End", "211 End FEAT.")


@fault("an empty line stands among the features", "rfc2389.feat.labels", also=("rfc2389.feat.space",))
class FeatEmptyLine(Feat):
    """For the eye."""

    @staticmethod
    def feat(text):
        """One more line."""
        return text.replace("211 End", " \r\n211 End")


@fault("OPTS is among the features", "rfc2389.feat.itself")
class FeatItself:
    """Too much."""

    def features(self):
        """One more."""
        return [*super().features(), "OPTS"]


@fault("SIZE stands there twice", "practice.feat.twice")
class FeatTwice:
    """Too much."""

    def features(self):
        """One more."""
        return [*super().features(), "SIZE"]


@fault("FEAT takes an argument", "rfc2389.feat.argument")
class FeatArgument:
    """And does not look at it."""

    def check_command(self, command, argument):
        """Passes it over."""
        super().check_command(command, None if command.verb == "FEAT" else argument)


@fault("FEAT needs a login", "practice.feat.before-login", also=("rfc4217.feat.auth",))
class FeatLogin:
    """So no client finds TLS."""

    def check_command(self, command, argument):
        """530."""
        super().check_command(dataclasses.replace(command, login=True) if command.verb == "FEAT" else command, argument)


@fault("OPTS is unknown", "rfc2389.opts.known", "practice.opts.utf8")
class OptsUnknown:
    """FEAT alone."""

    def do_opts(self, argument):
        """500, but for what other tests are about."""
        if argument.upper().startswith((b"HASH", b"MLST ")):
            return super().do_opts(argument)
        raise Refusal(500, "Unknown command.")


@fault("OPTS for what has no options is answered with 200", "rfc2389.opts.unknown")
class OptsCode:
    """Whatever you want."""

    def do_opts(self, argument):
        """200."""
        try:
            super().do_opts(argument)
        except Refusal as refusal:
            if argument != b"FTPLINT":
                raise
            self.reply(200, refusal.text)


@fault("OPTS UTF8 ON is refused", "practice.opts.utf8")
class OptsRefused:
    """As Pure-FTPd has it."""

    def opts_utf8(self, options):
        """504."""
        raise Refusal(504, "Names are UTF-8, always.")


@fault("opts mlst is not OPTS MLST", "rfc2389.opts.case")
class OptsCase:
    """strcmp(3)."""

    def do_opts(self, argument):
        """501."""
        if argument.startswith(b"mlst"):
            raise Refusal(501, "There are options for UTF8, MLST and HASH.")
        super().do_opts(argument)


def not_there(*features):
    """FEAT without the lines that begin with FEATURES."""

    class Silent:
        """Does what it does not tell."""

        def features(self):
            """Fewer."""
            return [line for line in super().features() if line.split(" ")[0] not in features]

    return Silent


@fault("SIZE works and is not announced", "rfc3659.feat.size-announced")
class SilentSize(not_there("SIZE")):
    """See above."""


@fault("MDTM works and is not announced", "rfc3659.feat.mdtm-announced")
class SilentMdtm(not_there("MDTM")):
    """See above."""


@fault("MLST works and is not announced", "rfc3659.feat.mlst-announced")
class SilentMlst(not_there("MLST")):
    """See above."""


@fault("REST works and is not announced", "rfc3659.feat.rest-announced")
class SilentRest(not_there("REST")):
    """See above."""


@fault("UTF8 works and is not announced", "rfc2640.feat.utf8-announced")
class SilentUtf8(not_there("UTF8")):
    """As vsftpd has it."""


@fault("LANG works and is not announced", "rfc2640.feat.lang-announced")
class SilentLang(not_there("LANG")):
    """See above."""


@fault("HOST works and is not announced", "rfc7151.feat.host-announced")
class SilentHost(not_there("HOST")):
    """See above."""


@fault("EPSV works and is not announced", "practice.feat.epsv-announced")
class SilentEpsv(not_there("EPSV")):
    """See above."""


@fault("MFMT works and is not announced", "practice.feat.mfmt-announced")
class SilentMfmt(not_there("MFMT")):
    """See above."""


@fault("checksums work and are not announced", "practice.feat.others-announced")
class SilentChecksums(not_there("XCRC", "XMD5")):
    """See above."""


@fault("AVBL is announced and unknown", "practice.feat.avbl-works")
class EmptyAvbl:
    """Not built in."""

    def do_avbl(self, _):
        """502."""
        raise Refusal(502, "Not implemented.")


@fault("CLNT is announced and unknown", "practice.feat.clnt-works")
class EmptyClnt:
    """Not built in."""

    def do_clnt(self, _):
        """500."""
        raise Refusal(500, "Unknown command.")


@fault("PRET is announced and unknown", "rfc2389.feat.known")
class EmptyPret:
    """Not built in."""

    def features(self):
        """One more."""
        return [*super().features(), "PRET"]


@fault("a language is announced for which there are no texts", "rfc2640.lang.tags")
class LangTags:
    """A promise."""

    def features(self):
        """French."""
        return ["LANG EN*;FR" if line.startswith("LANG") else line for line in super().features()]


@fault("the system's locale is announced as a language", "rfc2640.lang.form")
class LangForm:
    """As ProFTPD has it."""

    def features(self):
        """C."""
        return ["LANG C.UTF-8*" if line.startswith("LANG") else line for line in super().features()]

    def do_lang(self, argument):
        """Takes it."""
        super().do_lang(b"en" if argument == b"C.UTF-8" else argument)


@fault("a language that there is not is accepted", "rfc2640.lang.unknown")
class LangUnknown:
    """And English is spoken."""

    def do_lang(self, _):
        """200."""
        self.reply(200, "As you like.")


@fault("LANG needs a login", "rfc2640.lang.before-login")
class LangBefore:
    """Too late."""

    def do_lang(self, argument):
        """530."""
        if not self.user:
            raise Refusal(530, "Log in first.")
        super().do_lang(argument)


@fault("LANG is refused after the login", "rfc2640.lang.after-login")
class LangAfter:
    """Too early."""

    def do_lang(self, argument):
        """500."""
        if self.user:
            raise Refusal(503, "Too late.")
        super().do_lang(argument)


@fault("HOST is accepted after the login", "rfc7151.host.after-login")
class HostAfter:
    """Without effect."""

    def do_host(self, argument):
        """220."""
        if self.user:
            return self.reply(220, "As you like.")
        return super().do_host(argument)


@fault("HOST takes a port", "rfc7151.host.port")
class HostPort:
    """And passes it over."""

    def do_host(self, argument):
        """Without it."""
        super().do_host(argument.split(b":")[0])


@fault("HOST is taken once", "rfc7151.host.twice")
class HostTwice:
    """And not again."""

    host = None

    def do_host(self, argument):
        """503."""
        if self.host is not None:
            raise Refusal(503, "You have said so.")
        super().do_host(argument)
        self.host = argument


@fault("SYST is not implemented", "rfc959.syst.code")
class SystCode:
    """Whoever asks knows."""

    def do_syst(self, _):
        """502."""
        self.reply(502, "SYST is not implemented.")


@fault("SYST is answered with 200", "rfc959.reply.codes")
class SystOkay:
    """It went well."""

    def do_syst(self, _):
        """200."""
        self.reply(200, "UNIX Type: L8")


@fault("SYST tells a number", "practice.syst.name")
class SystName:
    """Of a kernel."""

    def do_syst(self, _):
        """A version."""
        self.reply(215, "6.1.0")


@fault("HELP is not implemented", "rfc1123.help.code")
class HelpCode:
    """There is none."""

    def do_help(self, _):
        """502."""
        self.reply(502, "There is no help.")


@fault("HELP of a command is refused", "rfc959.help.verb")
class HelpVerb:
    """There is the list."""

    def do_help(self, argument):
        """501."""
        if argument:
            raise Refusal(501, "HELP takes no argument.")
        super().do_help(argument)


@fault("HELP lists a command that is unknown", "practice.help.honest")
class HelpHonest:
    """It was taken out."""

    def reply(self, code, *lines):
        """One more."""
        return super().reply(code, *lines[:-1], *("MFCT MFF", lines[-1]) if self.verb == "HELP" else lines[-1:])


@fault("STAT of the session is not implemented", "rfc1123.stat.code")
class StatCode:
    """Only of paths."""

    def reply(self, code, *lines):
        """502."""
        if self.verb == "STAT" and code == 211:
            return super().reply(502, "STAT needs a path.")
        return super().reply(code, *lines)


@fault("STAT of the session is answered with 213", "rfc959.stat.state")
class StatState:
    """As if it were a file."""

    def reply(self, code, *lines):
        """213."""
        return super().reply(213 if self.verb == "STAT" and code == 211 else code, *lines)


@fault("unknown SITE commands are done", "rfc959.site.unknown")
class SiteUnknown:
    """Nothing, that is."""

    def do_site(self, argument):
        """200."""
        if argument == b"FTPLINT":
            return self.reply(200, "Done.")
        return super().do_site(argument)


@fault("SITE HELP lists a command that is unknown", "practice.site.honest")
class SiteHonest:
    """It was taken out."""

    def site_help(self, _):
        """One more."""
        self.reply(214, "SITE commands:", *sorted(self.site_commands().values()), "SYMLINK from to", "End.")
