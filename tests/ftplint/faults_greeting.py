"""Faults of the greeting."""

from broken.faults import fault


@fault("the greeting is 530", "rfc959.greeting.code")
class GreetingCode:
    """Nobody is wanted."""

    def greet(self):
        """530."""
        self.reply(530, self.greeting)


@fault("a second reply follows the greeting", "rfc959.greeting.once")
class GreetingTwice:
    """One too many."""

    def greet(self):
        """Twice."""
        super().greet()
        self.reply(220, "You are welcome.")


@fault("the greeting tells the version", "security.greeting.version")
class GreetingVersion:
    """Tells too much."""

    greeting = "ExampleFTPd 1.3.8 ready."
