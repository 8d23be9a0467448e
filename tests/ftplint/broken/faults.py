"""The registry of faults.

A fault is a class whose methods and attributes replace those of Session (session.py); super() is the right behaviour.
It stands in a file tests/ftplint/faults_SUBJECT.py and looks like this:

    from broken.faults import fault

    @fault("the greeting is 530", "rfc959.greeting.code")
    class GreetingCode:
        def greet(self):
            self.reply(530, self.greeting)

The name of the fault, for --fault, comes from the class: greeting-code. (If another file has a class of that name, its
own file's SUBJECT comes before it.) Behind the sentence stand the tests that must
catch it; no other test may say that anything is an error then. Faults share the attributes of the session: a fault that
keeps something sets it in init_NAME of the part that it changes, or on the class. And what else matters:

    tls="explicit"       how ftplint connects: "none" (the default), "explicit" or "implicit"
    also=("a.b.c",)      errors that may be reported too: two clauses that one deed violates
    options=("--destructive",)   what ftplint is told in addition
    slow=True            a test that catches it is a slow one: ftplint runs without --quick
"""

import dataclasses
import importlib
import re
import sys
from pathlib import Path

FAULTS = {}


@dataclasses.dataclass(frozen=True)
class Fault:
    """One of them."""

    name: str
    sentence: str
    tests: tuple
    tls: str
    also: tuple
    options: tuple
    slow: bool
    replaces: type


def fault(sentence, *tests, tls="none", also=(), options=(), slow=False):
    """A decorator: see above."""

    def register(replaces):
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", replaces.__name__).lower()
        if name in FAULTS and FAULTS[name].replaces.__module__ != replaces.__module__:
            name = f"{replaces.__module__.removeprefix('faults_')}-{name}"
        if name in FAULTS:
            raise ValueError(f"two faults are named {name}")
        if not tests:
            raise ValueError(f"no test catches {name}")
        FAULTS[name] = Fault(name, sentence, tests, tls, tuple(also), tuple(options), slow, replaces)
        return replaces

    return register


def load():
    """All faults, name to Fault."""
    folder = Path(__file__).resolve().parent.parent
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    for path in sorted(folder.glob("faults_*.py")):
        importlib.import_module(path.stem)
    return FAULTS


def session_class(base, names):
    """BASE with these faults."""
    replacing = tuple(load()[name].replaces for name in names)
    return type("FaultySession", (*replacing, base), {}) if replacing else base
