"""The rule tables and their evaluation: every rule that holds gives a reason; the gravest decides."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cisterna.ground.errors import CisternaError
from cisterna.sessions.screening.expression import Facts, Node, parse, parse_all

VERDICTS = ("no_listed_contraindication", "care", "physician_first", "stop")
URGENCIES = ("none", "routine", "same_day", "emergency")
_TABLES = ("urgent", "signs", "head", "brain", "body", "pregnancy", "infant", "care")


@dataclass(frozen=True)
class Rule:
    """One row of a rule table.

    Attributes
    ----------
    when : Node
        Parsed condition.
    reason, source : str
        Why, in words, and where that is said.
    conditions : tuple of str
        What a session has to keep when the verdict allows one.
    """

    id: str
    when: Node
    verdict: str
    urgency: str
    reason: str
    source: str
    conditions: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Source and reason as shown to people."""
        return f"{self.source}: {self.reason}"


def _read(name: str) -> dict:
    path = Path(__file__).parent / "rules" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def definitions() -> dict[str, Node]:
    """Named conditions that rules share, parsed."""
    return parse_all(_read("definitions")["define"])


@cache
def rules() -> tuple[Rule, ...]:
    """All rules in table order.

    Raises
    ------
    CisternaError
        A row breaks the form of the tables: unknown verdict or urgency, emergency without stop.

    Examples
    --------
    >>> rule = next(r for r in rules() if r.id == "shunt")
    >>> rule.verdict, rule.sentence
    ('physician_first', 'practice 6: shunt in place')
    """
    found: list[Rule] = []
    for table in _TABLES:
        for row in _read(table)["rule"]:
            rule = Rule(
                row["id"],
                parse(row["when"]),
                row["verdict"],
                row["urgency"],
                row["reason"],
                row["source"],
                tuple(row.get("conditions", ())),
            )
            wrong = rule.verdict not in VERDICTS or rule.urgency not in URGENCIES
            if wrong or (rule.urgency == "emergency" and rule.verdict != "stop"):
                raise CisternaError(
                    "a rule has no valid verdict and urgency",
                    where=f"{table}.toml, rule {rule.id}",
                    found=f"{rule.verdict}, {rule.urgency}",
                    mend="emergency goes with stop only",
                )
            found.append(rule)
    return tuple(found)


def fired(facts: Facts) -> list[Rule]:
    """Rules that hold, gravest verdict first."""
    hits = [rule for rule in rules() if rule.when.test(facts)]
    return sorted(hits, key=lambda r: (-VERDICTS.index(r.verdict), -URGENCIES.index(r.urgency)))
