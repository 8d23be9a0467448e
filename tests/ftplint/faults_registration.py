"""Faults of what makes and changes accounts over FTP: SITE REGISTER, PSWD and USER."""

import os

from broken.faults import fault
from broken.refusal import Refusal
from broken.rights import give
from broken.site import USER_NAME

DESTRUCTIVE = ("--destructive",)


@fault(
    "SITE REGISTER only says that it did",
    "practice.registration.works",
    options=DESTRUCTIVE,
    also=("security.registration-name.taken",),
)
class RegisterNothing:
    """The name is free ever after."""

    def make_account(self, name, password):
        """None."""


@fault("registered accounts have one folder", "security.registration.apart", options=DESTRUCTIVE)
class RegisterTogether:
    """homes/common."""

    def make_account(self, name, password):
        super().make_account(name, password)
        user, server = self.server.users[name], self.server
        if not server.has_home(b"common"):
            server.add_user(b"common", b"a secret of nobody's")
        common = server.users[b"common"]
        user.home, user.uid = common.home, common.uid


@fault(
    "registered accounts see all folders",
    "security.registration.confined",
    options=DESTRUCTIVE,
    also=("security.registration.apart",),
)
class RegisterAbove:
    """Their folder is the one above."""

    def make_account(self, name, password):
        super().make_account(name, password)
        self.server.users[name].home = self.server.directory + b"/homes"
        self.server.users[name].uid = 0


@fault("registered accounts are administrators", "security.registration.role", options=DESTRUCTIVE)
class RegisterAdministrator:
    """Able to do all."""

    def make_account(self, name, password):
        super().make_account(name, password)
        self.server.users[name].admin = True

    def existing_user(self, name):
        user = self.server.users.get(name)
        return user if user and name != b"boss" else super().existing_user(name)


class AnyName:
    """Takes names by their first bytes; what they lead to is not made."""

    takes = staticmethod(lambda name: False)

    def check_new_name(self, name):
        if not self.takes(name):
            super().check_new_name(name)

    def make_account(self, name, password):
        if USER_NAME.fullmatch(name):
            super().make_account(name, password)


@fault(
    "paths are registered",
    "security.registration-name.path",
    also=("security.accounts.names",),  # who adds users is asked the same
    options=DESTRUCTIVE,
)
class RegisterPath(AnyName):
    """../x."""

    takes = staticmethod(lambda name: b"/" in name and not name.startswith(b"x"))


@fault("control bytes are registered", "security.registration-name.control", options=DESTRUCTIVE)
class RegisterControl(AnyName):
    """Ctrl-A."""

    takes = staticmethod(lambda name: min(name, default=32) < 32)


@fault("options are registered", "security.registration-name.option", options=DESTRUCTIVE)
class RegisterOption(AnyName):
    """-x."""

    takes = staticmethod(lambda name: name.startswith(b"-"))


@fault("long names are registered", "security.registration-name.long", options=DESTRUCTIVE)
class RegisterLong(AnyName):
    """300 bytes."""

    takes = staticmethod(lambda name: len(name) > 200)


@fault("root is registered", "security.registration-name.system", options=DESTRUCTIVE)
class RegisterRoot(AnyName):
    """root."""

    takes = staticmethod(lambda name: name == b"root")

    def make_account(self, name, password):
        if name != b"root":
            super().make_account(name, password)


@fault("who registers a name takes its account over", "security.registration-name.taken", options=DESTRUCTIVE)
class RegisterTaken:
    """The new password counts."""

    def check_taken(self, name):
        if self.user or name not in self.server.users:
            super().check_taken(name)


@fault("any password is registered", "security.registration.passwords", options=DESTRUCTIVE)
class RegisterPassword:
    """Also an empty one."""

    def check_new_password(self, name, password):
        """Enough."""


@fault("the password is repeated", "security.registration.echo", options=DESTRUCTIVE)
class RegisterEcho:
    """In a refusal."""

    whole = b"That"

    def check_new_name(self, name):
        try:
            super().check_new_name(name)
        except Refusal as refusal:
            raise Refusal(501, self.whole + b": not a name.") from refusal

    def site_register(self, argument):
        self.whole = argument
        super().site_register(argument)


@fault("a name is enough", "practice.registration.arguments", options=DESTRUCTIVE)
class RegisterWithout:
    """Without a password."""

    def check_words(self, words):
        """One will do."""

    def check_new_password(self, name, password):
        if password:
            super().check_new_password(name, password)


@fault("who registers a removed name gets its files", "security.registration.leftovers", options=DESTRUCTIVE)
class RegisterLeftovers:
    """Folder and files become the new one's."""

    def check_taken(self, name):
        if name in self.server.users:
            super().check_taken(name)

    def make_account(self, name, password):
        super().make_account(name, password)
        user = self.server.users[name]
        for entry in os.listdir(user.home):
            give(os.path.join(user.home, entry), user.uid)


@fault("one address registers without end", "security.registration.many", options=DESTRUCTIVE)
class RegisterMany:
    """As many as it likes."""

    def count_registration(self):
        """No limit."""


@fault("SITE ADDUSER makes accounts for strangers", "security.registration.unannounced", options=DESTRUCTIVE)
class RegisterHidden:
    """Not in SITE HELP."""

    def do_site(self, argument):
        if not self.user and argument.upper().startswith(b"ADDUSER ") and argument.count(b" ") == 2:
            return self.reply(200, "Account made.")
        return super().do_site(argument)


@fault(
    "after SITE PSWD the old password logs in",
    "security.password.old",
    options=DESTRUCTIVE,
    also=("practice.password.new",),
)
class PasswordStays:
    """The new one is forgotten."""

    def change_password(self, new):
        """Only said."""


@fault("SITE PSWD takes short passwords", "security.password.weak", options=DESTRUCTIVE)
class PasswordShort:
    """One letter."""

    def site_pswd(self, argument):
        if len(argument.split(b" ")[-1]) == 1:
            return self.reply(200, "Password changed.")
        return super().site_pswd(argument)


@fault("SITE USER DEL leaves the account", "security.accounts.removed", options=DESTRUCTIVE)
class AccountStays:
    """Only its sessions go."""

    def remove_user(self, name):
        self.existing_user(name)
        self.server.kick(name, but=self)


@fault("SITE USER DEL leaves the sessions", "security.accounts.sessions", options=DESTRUCTIVE)
class AccountSessionsStay:
    """They go on."""

    def remove_user(self, name):
        self.existing_user(name)
        del self.server.users[name]


@fault("SITE USER LOCK locks nothing", "security.accounts.locked", options=DESTRUCTIVE)
class AccountUnlocked:
    """Only said."""

    def lock_user(self, name):
        """Nothing."""


@fault("SITE USER ADD sets the password of who is there", "security.accounts.existing", options=DESTRUCTIVE)
class AccountTwice:
    """As if new."""

    def check_taken(self, name):
        if not self.user or name not in self.server.users:
            super().check_taken(name)


@fault("SITE USER ADD takes paths", "security.accounts.names", options=DESTRUCTIVE)
class AccountPath:
    """../x."""

    def check_new_name(self, name):
        if not self.user or b"/" not in name:
            super().check_new_name(name)

    def check_taken(self, name):
        if b"/" not in name:
            super().check_taken(name)
