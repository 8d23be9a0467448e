"""SITE and its commands, those of the administrator too."""

import os
import re

from .refusal import Refusal
from .settings import parse_time

USER_HELP = {
    "CHMOD": "CHMOD mode path: change the permissions of a file or directory",
    "HELP": "HELP: list the commands that you may use",
    "IDLE": "IDLE [seconds]: show or set after how many seconds an idle session ends",
    "PSWD": "PSWD present new: change your password",
    "QUOTA": "QUOTA: show how much you store, and may store",
    "UMASK": "UMASK [mask]: show or set the permissions that new files do not get",
    "UTIME": "UTIME YYYYMMDDhhmmss path: set the time of a file's last change",
}
ADMIN_HELP = {
    "KICK": "KICK user: end sessions",
    "USER": "USER ADD name password | DEL name | LIST | LOCK name: the accounts",
    "WHO": "WHO: list the sessions",
}
STRANGERS_HELP = {
    "HELP": USER_HELP["HELP"],
    "REGISTER": "REGISTER name password: make an account",
}
REGISTRATIONS_MAX = 5  # from one address
SYSTEM_NAMES = (b"root", b"daemon", b"bin", b"nobody")
USER_NAME = re.compile(rb"[a-z][a-z0-9_-]{0,31}")


class Site:
    """A part of Session."""

    def init_site(self):
        """The defaults."""
        self.umask = 0

    def site_commands(self):
        """Those that the user may use, and what they do."""
        if not self.user:
            return STRANGERS_HELP
        return {**USER_HELP, **ADMIN_HELP} if self.user.admin else USER_HELP

    def do_site(self, argument):
        """SITE command."""
        verb, _, rest = argument.partition(b" ")
        verb = verb.decode("ascii", "replace").upper()
        if not self.user and verb not in STRANGERS_HELP:
            raise Refusal(530, "Log in first, with USER and PASS.")
        if not self.may_site(verb):
            raise Refusal(504, "Unknown SITE command; see SITE HELP.")
        getattr(self, f"site_{verb.lower()}")(rest)

    def may_site(self, verb):
        """True for what the user may use."""
        return verb in self.site_commands()

    def site_help(self, _):
        """The list."""
        self.reply(214, "SITE commands:", *sorted(self.site_commands().values()), "End.")

    @staticmethod
    def parse_mode(text):
        """Permissions without the bits that give rights to others' programs."""
        if not re.fullmatch(rb"[0-7]{1,4}", text) or int(text, 8) > 0o777:
            raise Refusal(504, "The mode is an octal number up to 0777.")
        return int(text, 8)

    def site_chmod(self, argument):
        """SITE CHMOD mode path."""
        mode, _, name = argument.partition(b" ")
        if not name:
            raise Refusal(501, "SITE CHMOD needs a mode and a path.")
        mode = self.parse_mode(mode)
        path, real, _ = self.status_of(name)
        self.not_the_top(path)
        os.chmod(real, mode)
        self.reply(200, "Permissions changed.")

    def site_umask(self, argument):
        """SITE UMASK mask."""
        if argument:
            self.umask = self.parse_mode(argument)
        self.reply(200, f"Umask is {self.umask:03o}.")

    def site_utime(self, argument):
        """SITE UTIME time path."""
        text, _, name = argument.partition(b" ")
        if not name:
            raise Refusal(501, "SITE UTIME needs a time and a path.")
        self.set_time(name, parse_time(text + b"00" if len(text) == 12 else text))
        self.reply(200, "Time set.")

    def site_idle(self, argument):
        """SITE IDLE seconds."""
        if not argument:
            return self.reply(200, f"Idle sessions end after {self.idle_seconds} seconds; at most 3600.")
        if not argument.isdigit() or not 1 <= int(argument) <= 3600:
            raise Refusal(501, "Idle sessions end after 1 to 3600 seconds.")
        self.idle_seconds = int(argument)
        return self.reply(200, f"Idle sessions end after {self.idle_seconds} seconds.")

    def site_quota(self, _):
        """SITE QUOTA."""
        used, limit = self.server.usage(self.user)
        lines = (f"Used: {used} bytes", f"Limit: {limit} bytes", f"Free: {self.server.free(self.user)} bytes")
        self.reply(211, "Quota:", *lines, "End.")

    def site_pswd(self, argument):
        """SITE PSWD present new."""
        present, _, new = argument.partition(b" ")
        if not new:
            raise Refusal(501, "SITE PSWD needs two passwords.")
        if present != self.user.password:
            raise Refusal(550, "The present password is not right.")
        if len(new) < 8:
            raise Refusal(550, "The new password is too short.")
        self.change_password(new)
        self.reply(200, "Password changed.")

    def change_password(self, new):
        """It is kept, and whoever has come in with the old one leaves."""
        self.user.password = new
        self.server.kick(self.user.name, but=self)

    # of the administrator

    def site_who(self, _):
        """SITE WHO."""
        lines = [
            f"{session.user.name.decode()} from {session.client_address()}"
            for session in self.server.present()
            if session.user
        ]
        self.reply(200, "Sessions:", *lines, "End.")

    def site_kick(self, argument):
        """SITE KICK user."""
        if not self.server.kick(argument, but=self):
            raise Refusal(550, "There is no such session.")
        self.reply(200, "Done.")

    def site_user(self, argument):
        """SITE USER ADD | DEL | LIST."""
        verb, *words = argument.split(b" ")
        verb = verb.upper()
        if verb == b"LIST" and not words:
            names = sorted(name.decode() for name in self.server.users)
            return self.reply(200, "Accounts:", *names, "End.")
        if verb == b"ADD" and len(words) >= 2:
            return self.add_user(words[0], b" ".join(words[1:]))
        if verb == b"DEL" and len(words) == 1:
            self.remove_user(words[0])
            return self.reply(200, "Account removed.")
        if verb == b"LOCK" and len(words) == 1:
            self.lock_user(words[0])
            return self.reply(200, "Account locked.")
        raise Refusal(501, "SITE USER ADD name password | DEL name | LIST")

    def existing_user(self, name):
        """The user who is not an administrator."""
        user = self.server.users.get(name)
        if not user or user.admin:
            raise Refusal(550, "There is no such account, or it is an administrator's.")
        return user

    def remove_user(self, name):
        """The account, but not what it has stored."""
        self.existing_user(name)
        del self.server.users[name]
        self.server.kick(name, but=self)

    def lock_user(self, name):
        """Nobody logs in."""
        self.existing_user(name).password = b"\0"
        self.server.kick(name, but=self)

    def add_user(self, name, password):
        """SITE USER ADD name password."""
        self.check_new(name, password)
        self.server.add_user(name, password)
        self.reply(200, "Account made.")

    # of strangers

    def site_register(self, argument):
        """SITE REGISTER name password."""
        words = argument.split(b" ")
        self.check_words(words)
        name, password = words[0], words[1] if len(words) > 1 else b""
        self.check_new(name, password)
        self.count_registration()
        self.make_account(name, password)
        self.reply(200, "Account made.")

    def make_account(self, name, password):
        """The account and its folder."""
        self.server.add_user(name, password)

    @staticmethod
    def check_words(words):
        """A name and a password."""
        if len(words) != 2:
            raise Refusal(501, "SITE REGISTER name password")

    def count_registration(self):
        """Not many from one address."""
        made, address = self.server.registrations, self.client_address()
        if made.get(address, 0) >= REGISTRATIONS_MAX:
            raise Refusal(550, "Too many accounts were made from your address.")
        made[address] = made.get(address, 0) + 1

    def check_new(self, name, password):
        """Name and password of an account to be."""
        self.check_new_name(name)
        self.check_new_password(name, password)
        self.check_taken(name)

    @staticmethod
    def check_new_name(name):
        """A plain one."""
        if not USER_NAME.fullmatch(name) or name in SYSTEM_NAMES:
            raise Refusal(501, "Not a name for an account.")

    @staticmethod
    def check_new_password(name, password):
        """Not one that everybody guesses."""
        if len(password) < 8 or password == name:
            raise Refusal(550, "That password is too easy to guess.")

    def check_taken(self, name):
        """One account a name, and one folder an account."""
        if name in self.server.users or self.server.has_home(name):
            raise Refusal(550, "That name is taken.")
