"""Every reason that the sources can log, found by reading them: what is passed as a parameter "reason", or put into a
variable or member of that name. An expression that this cannot follow is an error, so that none is overlooked."""

import re
from pathlib import Path

from harness.server import ROOT

LITERAL = r'"(?:[^"\\]|\\.)*"'
# A function whose value is a row of a table: the table, and the column of the word (lib/*.h, monitor/*.h).
TABLES = {"stop_word": "STOP_REASONS", "refusal_word": "REFUSALS", "cell_step_known": "CELL_STEPS"}
TABLES["client_verdict_word"] = "CLIENT_VERDICTS"
TABLES["cell_step_name"] = "CELL_STEPS"
TABLES["data_failure_word"] = "DATA_FAILURES"
TABLES["hook_problem_word"] = "HOOK_PROBLEMS"
SYSTEM = {"strerror", "strerrordesc_np"}  # their words are the system's
NAME = re.compile(r"\*?(?:\w+(?:->|\.))*\w*(?:reason|why|step)")


class Unknown(AssertionError):
    """An expression in the sources that has to be taught to this module."""


def without_comments(text):
    return re.sub(rf"({LITERAL})|/\*.*?\*/", lambda match: match[1] or " ", text, flags=re.DOTALL)


def read_sources():
    """Of all that writes logs: ftplint, a client, has reasons of another kind."""
    return {
        str(path.relative_to(ROOT)): without_comments(path.read_text())
        for path in sorted(Path(ROOT / "src").glob("*/*.[ch]"))
        if path.parent.name != "ftplint"
    }


def balanced(text, start, ends):
    """From START to the first of the characters ENDS that is outside of brackets and literals; its place."""
    depth, place = 0, start
    while place < len(text):
        literal = re.compile(LITERAL + r"|'(?:[^'\\]|\\.)'").match(text, place)
        if literal:
            place = literal.end()
            continue
        if depth == 0 and text[place] in ends:
            return place
        depth += (text[place] in "([{") - (text[place] in ")]}")
        place += 1
    raise Unknown(text[start : start + 80])


def split(text, separator):
    """The parts of TEXT between SEPARATORs that are outside of brackets."""
    parts, start = [], 0
    while start <= len(text):
        end = balanced(text + separator, start, separator)
        parts.append(text[start:end].strip())
        start = end + 1
    return parts


def arguments(text, opening):
    """Those of the call or definition whose bracket opens at OPENING."""
    return split(text[opening + 1 : balanced(text, opening + 1, ")")], ",")


class Reasons:
    """`words` is the set of all that are words; sentences explain themselves."""

    def __init__(self):
        self.sources = read_sources()
        self.everything = "\n".join(self.sources.values())
        self.words = set()
        self.sinks = self.find_sinks()
        for path, text in self.sources.items():
            self.read(path, text)

    def find_sinks(self):
        """Functions with a parameter "const char *reason": name to path to its place. Two files may have a function
        of the same name for themselves."""
        found = {}
        for path, text in self.sources.items():
            for match in re.finditer(r"^[\w ]+?\*?(\w+)\(", text, re.MULTILINE):
                for place, parameter in enumerate(arguments(text, match.end() - 1)):
                    if re.fullmatch(r"const char \*(reason|why)", parameter):
                        found.setdefault(match[1], {})[path] = place
        return found

    def place_of(self, path, function):
        """Where FUNCTION, called in PATH, has its reason; None if it has none."""
        places = self.sinks.get(function, {})
        return places.get(path, next((place for at, place in places.items() if str(at).endswith(".h")), None))

    def read(self, path, text):
        for match in re.finditer(r"\b(\w+)\(", text):
            given = arguments(text, match.end() - 1)
            place = self.place_of(path, match[1])
            if place is not None and not given[0].startswith(("struct ", "const ")):
                self.follow(path, text, given[place])
            if match[1] == "snprintf" and re.search(r"reason$", given[0]):
                self.follow(path, text, given[-1])
        for match in re.finditer(r"\b(?:\w*reason|why)\s*=(?!=)\s*", text):
            self.follow(path, text, text[match.end() : balanced(text, match.end(), ",;}")])

    def follow(self, path, text, expression):
        """Adds what EXPRESSION can be."""
        expression = " ".join(expression.split())
        condition = split(expression, "?")
        if len(condition) > 1:
            for part in split("?".join(condition[1:]), ":"):
                self.follow(path, text, part)
            return
        if re.fullmatch(rf"(?:{LITERAL} ?)+", expression):
            word = "".join(literal[1:-1] for literal in re.findall(LITERAL, expression))
            if re.fullmatch(r"[a-z0-9-]+", word) or word == "unknown step":  # else a sentence
                self.words.add(word)
        elif re.fullmatch(r"NULL|[A-Z][A-Z0-9_]*|\d+", expression) or NAME.fullmatch(expression):
            pass
        elif call := re.fullmatch(r"(\w+)\(.*\)", expression):
            self.follow_call(call[1])
        elif index := re.fullmatch(r"(\w+)\[.*\]", expression):
            self.follow_array(path, text, index[1])
        else:
            raise Unknown(f"{path}: {expression}")

    def follow_call(self, name):
        if name in SYSTEM:
            return
        if name in TABLES:
            self.words |= set(self.table(TABLES[name]))
        for path, text in self.sources.items():
            match = re.search(rf"^[\w ]*\bconst char \*{name}\(", text, re.MULTILINE)
            if not match or text[balanced(text, match.end(), ")") + 1 :].lstrip()[0] != "{":
                continue
            opening = text.index("{", balanced(text, match.end(), ")"))
            for found in re.finditer(r"\breturn\b\s*([^;]*);", text[opening : balanced(text, opening + 1, "}")]):
                if name not in TABLES or found[1].startswith('"'):
                    self.follow(path, text, found[1])
            return
        if not re.search(rf"^[\w ]*\b(?!char)\w+ {name}\(", self.everything, re.MULTILINE):
            raise Unknown(f"{name}()")  # no text, but the number of a reason, which stop_word() makes one

    def follow_array(self, path, text, name):
        match = re.search(rf"\b{name}\[[^\]]*\] = {{", text)
        if not match:
            raise Unknown(f"{path}: {name}[]")
        for part in split(text[match.end() : balanced(text, match.end(), "}")], ","):
            self.follow(path, text, re.sub(r"^\[\w+\] = ", "", part) or "NULL")

    def table(self, name):
        match = re.search(rf"#define {name}\(X\)((?:.*\\\n)*.*\n)", self.everything)
        if not match:
            raise Unknown(name)
        return [word[1:-1] for word in re.findall(rf"X\(\w+,\s*({LITERAL})", match[1])]
