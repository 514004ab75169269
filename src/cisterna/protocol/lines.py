"""Lines of a TOML text: where a table and a key stand, for messages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEADER = re.compile(r"^\s*(\[{1,2})\s*([^\[\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")


@dataclass(frozen=True)
class Lines:
    """Line numbers of a text.

    Attributes
    ----------
    name : str
        What messages call the file.
    text : str

    Examples
    --------
    >>> lines = Lines("a.toml", 'title = "x"\\n[[step]]\\ndo = "rest"\\n[[step]]\\ndo = "bolus"\\n')
    >>> lines.of("step", 1, "do"), lines.where("title"), lines.of("step", 1, "volume")
    (5, 'a.toml, line 1', 4)
    """

    name: str
    text: str
    _found: dict[tuple[str, int, str], int] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        table, counts, quoted = "", {"": 0}, ""
        for number, line in enumerate(self.text.splitlines(), 1):
            if quoted:  # inside a text of several lines
                quoted = "" if quoted in line else quoted
                continue
            header, key = _HEADER.match(line), _KEY.match(line)
            if header:
                table = _bare(header[2])
                counts[table] = counts.get(table, -1) + 1
                self._found.setdefault((table, counts[table], ""), number)
            elif key:
                self._note(table, counts[table], _bare(key[1]), number)
            quoted = next((q for q in ('"""', "'''") if line.count(q) % 2), "")

    def _note(self, table: str, index: int, key: str, number: int) -> None:
        """A dotted key stands for its tables too: ``person.age`` is key ``age`` of table ``person``."""
        whole = f"{table}.{key}".strip(".")
        self._found.setdefault((table, index, key), number)
        parts = whole.split(".")
        for cut in range(len(parts)):
            self._found.setdefault((".".join(parts[:cut]), index if cut else 0, ".".join(parts[cut:])), number)

    def of(self, table: str, index: int = 0, key: str = "") -> int:
        """Line of a key, else of its table, else of a table above; 0 when none is found."""
        tries = [(table, index, key), (table, index, ""), (table.rpartition(".")[0], 0, table.rpartition(".")[2])]
        return next((self._found[entry] for entry in tries if entry in self._found), 0)

    def where(self, table: str, index: int = 0, key: str = "") -> str:
        """File and line of a key in words."""
        if table == "" and not key and index == 0:
            return self.name
        if not key and (table, index, "") not in self._found and index == 0:
            key, table = table, ""
        if not table and (table, index, key) not in self._found:
            key, table = "", key
        number = self.of(table, index, key)
        return f"{self.name}, line {number}" if number else self.name


def _bare(name: str) -> str:
    """A key without quotes and blanks; blanks and dots inside quotes stay."""
    parts = re.findall(r"\"[^\"]*\"|'[^']*'|[^.\s]+", name)
    return ".".join(part.strip("\"'") for part in parts)
