"""The commands that HELP lists are those that have a test file here, and the other way round."""

import re
from pathlib import Path

from harness import ServerTest, main


class Table(ServerTest):
    def test_every_verb_has_a_test_file(self):
        files = {path.stem.removeprefix("test_cmd_").upper() for path in Path(__file__).parent.glob("test_cmd_*.py")}
        lines = self.connect().expect(214, "HELP").lines[1:-1]
        verbs = set(re.findall(r"[A-Z][A-Z0-9]+", "\n".join(lines)))
        self.assertEqual(verbs - files, set(), "verbs without a test file")
        self.assertEqual(files - verbs, set(), "test files without a verb")


if __name__ == "__main__":
    main()
