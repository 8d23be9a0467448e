"""Faults of the login."""

from broken.faults import fault
from broken.refusal import Refusal


@fault("the message of the day is not in the form of a reply", "rfc959.login.format")
class LoginFormat:
    """It stands in a file of another system."""

    def reply(self, code, *lines):
        """LF alone."""
        if code != 230:
            return super().reply(code, *lines)
        return self.write_reply(f"230 {lines[0]}\n")


@fault("the message of the day holds an escape sequence", "practice.login.text")
class LoginText:
    """In colour."""

    def reply(self, code, *lines):
        """Red."""
        if code != 230:
            return super().reply(code, *lines)
        return self.write_reply(f"230 \33[31m{lines[0]}\r\n")


@fault("the reply to PASS repeats the password", "security.login.password-echo")
class LoginEcho:
    """For the user to see what was typed."""

    def do_pass(self, argument):
        """Keeps it."""
        self.typed = argument
        super().do_pass(argument)

    def reply(self, code, *lines):
        """Tells it."""
        return super().reply(code, *((b"Logged in with " + self.typed,) if code == 230 else lines))


@fault("PASS without USER asks for more", "rfc959.pass.first")
class PassFirst:
    """The order is not looked at."""

    def do_pass(self, argument):
        """331."""
        if self.name is None and not self.user:
            return self.reply(331, "And who are you?")
        return super().do_pass(argument)


@fault("CDUP needs no login", "security.before-login.refused")
class BeforeLogin:
    """One command was forgotten."""

    def check_command(self, command, argument):
        """All but CDUP."""
        if command.verb != "CDUP" or self.user:
            super().check_command(command, argument)

    def do_cdup(self, argument):
        """Says that it was done."""
        if not self.user:
            return self.reply(250, '"/" is the present directory.')
        return super().do_cdup(argument)


@fault("before the login DELE is refused with 550", "rfc959.before-login.code")
class BeforeLoginCode:
    """As if the file were missing."""

    def check_command(self, command, argument):
        """550."""
        if command.verb == "DELE" and not self.user:
            raise Refusal(550, "Not allowed.")
        super().check_command(command, argument)


@fault("a refused USER ends the login", "rfc959.user.again")
class UserAgain:
    """It is refused and done."""

    def do_user(self, argument):
        """Forgets who is there."""
        try:
            super().do_user(argument)
        except Refusal:
            self.user = None
            raise


@fault("a refused PASS ends the login", "rfc959.pass.again")
class PassAgain:
    """It is refused and done."""

    def do_pass(self, argument):
        """Forgets who is there."""
        logged_in, self.again = self.user, True
        super_pass = super().do_pass
        try:
            super_pass(argument)
        except Refusal:
            if logged_in:
                self.user = None
            raise


@fault("ACCT is answered with 250", "rfc959.acct.code")
class AccountCode:
    """Everything is fine."""

    def do_acct(self, _):
        """250."""
        self.reply(250, "Noted.")


@fault("a wrong password is refused with 550", "rfc959.pass.wrong")
class WrongPassword:
    """As if a file were missing."""

    def reply(self, code, *lines):
        """550."""
        return super().reply(550 if code == 530 and self.verb == "PASS" else code, *lines)


@fault("after one failure nobody can log in", "practice.login.after-failure", options=("--destructive",))
class AfterFailure:
    """The state of the login is not forgotten."""

    failed = False

    def login_failed(self):
        """Notes it."""
        self.failed = True
        super().login_failed()

    def password_is_right(self, user, password):
        """Nothing is right any more."""
        return super().password_is_right(user, password) and not self.failed


@fault(
    "a wrong password is refused, and the user logged in", "security.login.after-failure", options=("--destructive",)
)
class AfterFailureIn:
    """The user is set before the password is looked at."""

    def password_is_right(self, user, password):
        """Sets the user."""
        right = super().password_is_right(user, password)
        if user and not right and password == b"ftplint-is-not-the-password":
            self.log_in(user)
        return right


class Reinitialising:
    """A server that offers REIN."""

    def do_rein(self, _):
        """Forgets all."""
        self.init_login()
        self.init_settings()
        self.reply(220, "Ready for somebody else.")


@fault("REIN is answered with 230", "rfc959.rein.code", also=("rfc4217.rein.ends-tls",))
class ReinCode(Reinitialising):
    """As pyftpdlib has it."""

    def reply(self, code, *lines):
        """230."""
        return super().reply(230 if self.verb == "REIN" and code == 220 else code, *lines)


@fault("after REIN nobody can log in", "rfc959.rein.login", also=("security.user-change.rein", "rfc4217.rein.ends-tls"))
class ReinDeaf(Reinitialising):
    """It ends more than the login."""

    deaf = False

    def do_rein(self, argument):
        """Notes it."""
        super().do_rein(argument)
        self.deaf = True

    def do_user(self, argument):
        """Nobody is let in."""
        if self.deaf:
            raise Refusal(503, "Too late.")
        super().do_user(argument)
