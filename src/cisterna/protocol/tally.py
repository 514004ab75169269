"""What a table of observed values may claim: votes of the reference, and what is only shown beside them.

The reference counts predictions alone. A row of role `outcome` is one; rows of one `group` measure one quantity and
share a vote, which any of them can win. What a body returns because it was put in, a one-sided bound, a range without
a source, a parameter or a limit of our own is shown beside: inside or not, it is no success.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

#: Words for a role, where tables do not print it as it is.
_ROLES = {"own": "own limits"}


class Totals(NamedTuple):
    """Votes met and asked, and how many of the ranges shown beside hold the value.

    Attributes
    ----------
    met, asked : int
        Outcomes of the reference, one vote a group.
    inside, beside : int
        Ranges that are shown and not counted.
    """

    met: int
    asked: int
    inside: int
    beside: int


def counts(row: Mapping[str, Any]) -> bool:
    """Whether a row takes part in a vote: an outcome whose range has a source.

    Examples
    --------
    >>> counts({"inside": True, "role": "outcome", "basis": "published"}), counts({"inside": True, "role": "input"})
    (True, False)
    """
    return row["inside"] is not None and row.get("role") == "outcome" and row.get("basis") != "assumed"


def votes(rows: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    """Vote -> met. A reference row is met when every value compared with it is, a group when any of its rows is.

    Examples
    --------
    >>> lying = {"inside": True, "role": "outcome", "basis": "published", "range": "ref_supine", "group": "icp_rest"}
    >>> votes([lying, {**lying, "range": "sit_supine", "inside": False}])
    {'icp_rest': True}
    """
    by_row: dict[tuple[str, str], bool] = {}
    for row in filter(counts, rows):
        key = (row["group"] or row["range"], row["range"])
        by_row[key] = by_row.get(key, True) and bool(row["inside"])
    found: dict[str, bool] = {}
    for (vote, _), met in by_row.items():
        found[vote] = found.get(vote, False) or met
    return found


def totals(rows: Sequence[Mapping[str, Any]]) -> Totals:
    """The tally of a table.

    Examples
    --------
    >>> totals([{"inside": True, "role": "own", "basis": "own", "range": "", "group": ""}])
    Totals(met=0, asked=0, inside=1, beside=1)
    """
    found = votes(rows)
    beside = [bool(row["inside"]) for row in rows if row["inside"] is not None and not counts(row)]
    return Totals(sum(found.values()), len(found), sum(beside), len(beside))


def told(total: Totals) -> str:
    """The tally in one sentence.

    Examples
    --------
    >>> told(Totals(20, 24, 25, 26))
    '20 of 24 outcomes of the reference met; beside them, not counted, 25 of 26 further values lie inside their range'
    """
    parts = []
    if total.asked:
        parts.append(f"{total.met} of {total.asked} outcomes of the reference met")
    if total.beside:
        lead = "beside them, not counted, " if total.asked else "none is an outcome; "
        further = "further values" if total.asked else "values"
        parts.append(f"{lead}{total.inside} of {total.beside} {further} lie inside their range")
    return "; ".join(parts) or "no value has a range"


def stands_as(row: Mapping[str, Any]) -> str:
    """What a row counts as, and what its limits stand on, in a few words.

    Examples
    --------
    >>> stands_as({"inside": True, "role": "parameter", "basis": "assumed", "status": "computed", "group": ""})
    'parameter, computed from assumed'
    >>> stands_as({"inside": True, "role": "outcome", "basis": "own band", "status": "read", "group": "c2_flow"})
    'outcome (c2_flow), read, own band'
    """
    if row["inside"] is None or not row.get("role"):
        return ""
    if row["basis"] == "own":
        return _ROLES["own"]
    status = "computed from assumed" if (row["basis"], row["status"]) == ("assumed", "computed") else row["status"]
    group = f" ({row['group']})" if row["group"] else ""
    band = ", own band" if row["basis"] == "own band" else ""
    return f"{_ROLES.get(row['role'], row['role'])}{group}, {status}{band}"
