"""USER, PASS and what belongs to the login of a session."""

import hmac
import re
import time

from .control import Ended
from .refusal import Refusal
from .rights import take_rights


HOST = re.compile(rb"[A-Za-z0-9.-]{1,255}|\[[0-9A-Fa-f:.]+\]")


class Login:
    """A part of Session."""

    failures_max = 3
    failure_seconds = 0.02

    def init_login(self):
        """Nobody is logged in."""
        self.user = None  # a User once logged in
        self.name = None  # as USER said
        self.failures = 0

    def do_user(self, argument):
        """The name; whether there is such an account is not told."""
        if self.user:
            raise Refusal(530, "Already logged in. Connect anew to log in as somebody else.")
        self.name = argument
        self.reply(331, "Send the password.")

    def do_pass(self, argument):
        """The password."""
        if self.user:
            raise Refusal(503, "Already logged in.")
        if self.name is None:
            raise Refusal(503, "Send USER first.")
        name, self.name = self.name, None
        user = self.server.users.get(name)
        if self.password_is_right(user, argument):
            self.log_in(user)
            self.reply(230, "Logged in.")
        else:
            self.login_failed()

    def password_is_right(self, user, password):
        """Takes as long whether or not there is such a user."""
        right = user.password if user else b"\0"
        return hmac.compare_digest(right, password) and user is not None

    def log_in(self, user):
        """From here on the session is USER's."""
        take_rights(user.uid)
        self.user = user
        self.server.failures.pop(self.client_address(), None)
        self.cwd = b"/"

    def login_failed(self):
        """Answers after a while, and not often."""
        self.failures += 1
        time.sleep(self.failure_delay(self.count_failure()))
        if self.failures >= self.failures_max:
            self.reply(421, "Login incorrect. Too many tries; goodbye.")
            raise Ended
        self.reply(530, "Login incorrect.")

    def count_failure(self):
        """How often somebody at this address has failed, over all connections, since somebody there has not."""
        failures, address = self.server.failures, self.client_address()
        failures[address] = failures.get(address, 0) + 1
        return failures[address]

    def failure_delay(self, count):
        """Seconds; who fails often waits."""
        return self.failure_seconds + min(1, 0.1 * max(0, count - 5))

    def do_acct(self, _):
        """Not offered."""
        raise Refusal(502, "ACCT is not offered by this server.")

    def do_rein(self, _):
        """Not offered."""
        raise Refusal(502, "A login is for good here. Connect anew to log in as somebody else.")

    def do_smnt(self, _):
        """Not offered."""
        raise Refusal(502, "SMNT is not offered by this server.")

    def do_host(self, argument):
        """RFC 7151: any name will do, but a name it is."""
        if not HOST.fullmatch(argument):
            raise Refusal(501, "HOST needs a name or an address, without a port.")
        if self.user or self.name is not None:
            raise Refusal(503, "HOST must come before USER.")
        self.reply(220, self.greeting)

    def do_quit(self, _):
        """The end."""
        self.reply(221, "Goodbye.")
        self.finished = True
