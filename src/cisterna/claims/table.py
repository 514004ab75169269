"""The 74 claims as a table: mode, grade, evidence, and whether the software runs something for each today.

`claims.csv` is the shared table, unchanged; `state.csv` says per row ``works`` or ``later``, the reason, and for
``works`` a command that shows it. This module needs no JAX.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from cisterna.ground.errors import CisternaError, UnknownName

MODES = ("computed", "recorded", "reference")
STATES = ("works", "later")
#: The table's word for what the grades of laws call otherwise.
_GRADE = {"unsupported": "hypothesis"}


@dataclass(frozen=True)
class ClaimRow:
    """One claim of the therapy.

    Attributes
    ----------
    id, topic, claim, kind : str
    mode : str
        ``computed``, ``recorded`` or ``reference``: what the row needs of the software.
    grade : str
        established, plausible, contested, hypothesis or contradicted.
    evidence, prediction, implementation : str
        Published evidence; the testable prediction; how the software is meant to serve the row.
    source_status : str
        Whether the evidence was ``read`` or ``recalled``.
    state, reason, command : str
        ``works`` or ``later``, why, and a command that shows it.
    """

    id: str
    topic: str
    claim: str
    kind: str
    mode: str
    grade: str
    evidence: str
    prediction: str
    implementation: str
    source_status: str
    state: str
    reason: str
    command: str


@lru_cache(maxsize=1)
def claims_table() -> Sequence[ClaimRow]:
    """All claims, in the order of the shared table.

    Raises
    ------
    CisternaError
        The state file does not fit the table.

    Examples
    --------
    >>> rows = claims_table()
    >>> len(rows), rows[54].id, rows[54].mode, rows[54].grade, rows[54].state
    (74, 'C-055', 'computed', 'contested', 'works')
    """
    folder = resources.files("cisterna.claims")

    def cells(file: str) -> list[dict[str, str]]:
        return list(csv.DictReader((folder / file).read_text(encoding="utf-8").splitlines()))

    states = {row["id"]: row for row in cells("state.csv")}
    rows = []
    for row in cells("claims.csv"):
        own = states.pop(row["id"], None)
        if own is None or own["state"] not in STATES or (own["state"] == "works") != bool(own["command"]):
            raise CisternaError("a claim has no proper state", where=f"state.csv, {row['id']}")
        rows.append(
            ClaimRow(
                id=row["id"], topic=row["seed_topic"], claim=row["claim"], kind=row["kind"], mode=row["mode"],
                grade=_GRADE.get(row["evidence_grade"], row["evidence_grade"]), evidence=row["published_evidence"],
                prediction=row["testable_prediction"], implementation=row["how_the_software_implements_it"],
                source_status=row["status"], state=own["state"], reason=own["reason"], command=own["command"],
            )
        )  # fmt: skip
    if states:
        raise CisternaError("a state belongs to no claim", where=f"state.csv, {min(states)}")
    return tuple(rows)


def claim_row(name: str) -> ClaimRow:
    """One row by its id; a wrong id is answered with the nearest."""
    rows = {row.id: row for row in claims_table()}
    wanted = name.strip().upper()
    if wanted not in rows:
        raise UnknownName("claim", name, list(rows))
    return rows[wanted]
