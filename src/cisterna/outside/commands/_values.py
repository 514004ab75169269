"""Values set on a command line: read, held against what they can be, and against what the body reads at all."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from cisterna.ground.bounds import impossible, reversed_field
from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameter, Parameters
from cisterna.ground.units import from_internal
from cisterna.model.body import bodies
from cisterna.model.person import Person
from cisterna.outside import terminal
from cisterna.outside.commands._pairs import pairs
from cisterna.outside.terminal import Mark

OPTION = "--set"
#: Read by a simulation itself, once its body is built. A test holds this against what a run does read.
READ_LATER = ("simulate_measured", "front_share", "inflow_offset_most", "inflow_swing_most", "inflow_hold_time")
_MOST_NAMED = 3


def with_given(person: Person, words: Sequence[str]) -> Person:
    """The person with the values of ``--set``.

    Raises
    ------
    CisternaError
        Not NAME=VALUE, an unknown name, no number or a wrong unit, or a value no body can have.
    """
    given = pairs(words, OPTION)
    known: Mapping[str, tuple[float, str]] = {}
    for key in given:
        if key not in person.parameters:
            known = known or person.blueprint().fields()
            if key not in known:
                mend = near(key, used_by(person), list(known))
                raise CisternaError(f"no parameter '{key}'", where=OPTION, mend=mend)
    made = person
    for key, text in given.items():
        try:
            made = made.with_values({key: text})
        except CisternaError as error:
            error.where = f"{OPTION} {key}"
            if "number" in error.what and "comma" not in error.what:
                error.mend = f'write e.g. {OPTION} "{key}={_usual(key, person.parameters, known)}"'
            raise
    require_possible(made, given)
    for key, (before, unit) in known.items():
        if key in given and reversed_field(before, from_internal(made.overrides[key], unit), unit):
            mend = f"it is {before:g} {unit}, and above 0 in every body"
            raise CisternaError(f"no body has this {key}", f"{OPTION} {key}", given[key], mend)
    return made


def require_possible(person: Person, given: Collection[str], where: str = OPTION) -> None:
    """Refuse rows with a value that no body can have."""
    for row in _rows(person, given):
        why = impossible(row)
        if why:
            what, mend = f"no body has this {row.id}", f"{why}: give a value near its stated range, {row.span}"
            raise CisternaError(what, f"{where} {row.id}", f"{row.value:g} {row.unit}", mend)


def require_read(person: Person, given: Collection[str], later: Collection[str] = READ_LATER) -> None:
    """Refuse values that the person's body, as planned, does not read: they would be told as changed and do nothing.

    Parameters
    ----------
    person : Person
        With everything that changes its plan.
    given : collection of str
        Names that were set.
    later : collection of str
        Rows, or ends of groups of rows such as ``palp_*``, that are read when the body is built.
    """
    used = used_by(person)
    groups = tuple(name.removesuffix("*") for name in later if name.endswith("*"))
    for key in given:
        if key in person.parameters and key not in used and key not in later and not key.startswith(groups):
            mend = f"{near(key, used, alike=person.parameters.peek(key).name)}; leave it out: it changes nothing"
            raise CisternaError(f"the body '{person.body}' does not use {key}", f"{OPTION} {key}", mend=mend)


def used_by(person: Person) -> Parameters:
    """The rows that the plan of a person's body reads."""
    # A set of its own remembers what is read from it, and nothing else.
    fresh = Parameters({key: person.parameters.peek(key) for key in person.parameters}, person.parameters.changed)
    replace(person, parameters=fresh).blueprint()
    return Parameters({name: fresh.peek(name) for name in fresh.used})


def of_other_bodies(person: Person, given: Collection[str]) -> list[str]:
    """Names among those set that the plan of another body reads and this one's does not.

    For commands that read much besides the body (hands, skull, hypotheses): what no body reads may be theirs.
    """
    unread = [key for key in given if key in person.parameters and key not in used_by(person)]
    if not unread:
        return []
    plain = {name: used_by(Person.typical(body=name)) for name in bodies() if name != person.body}
    return [key for key in unread if any(key in rows for rows in plain.values())]


def warn(person: Person, given: Collection[str]) -> None:
    """Say on stderr which of the values lie outside their stated range."""
    for row in _rows(person, given):
        if not row.inside:
            tell(f"{row.id} {row.value:g} {row.unit} is outside {row.span}")


def tell(warning: str) -> None:
    """A warning on stderr: what is done is done, and may be doubted."""
    terminal.err().verdict(Mark("care", "warning"), warning)


def near(key: str, rows: Parameters, fields: Sequence[str] = (), alike: str = "") -> str:
    """The rows most like a name: by the words they share with it, in their id and their name, then by letters.

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> near("icp_supne", default_parameters().select("icp_su*"))
    "did you mean 'icp_supine'? all are listed by: cisterna parameters"
    """
    wanted = _words(key) | _words(alike)
    close = difflib.get_close_matches(key, [*rows, *fields], n=_MOST_NAMED, cutoff=0.75)
    own = {name: _words(name) | (_words(rows.peek(name).name) if name in rows else set()) for name in (*rows, *fields)}
    # A word that few have says more than one that many share.
    often = Counter(word for words in own.values() for word in words)
    shared = {name: sum(1.0 / often[word] for word in wanted & words) for name, words in own.items()}
    ranked = sorted((name for name in shared if shared[name] > 0), key=lambda name: -shared[name])
    best = list(dict.fromkeys([*close, *ranked]))[:_MOST_NAMED]
    listed = "all are listed by: cisterna parameters"
    return f"did you mean {' or '.join(repr(name) for name in best)}? {listed}" if best else listed


def _words(text: str) -> set[str]:
    return {word for word in re.split(r"[^a-z0-9]+", text.lower()) if len(word) > 1 and word not in ("of", "in", "the")}


def _usual(key: str, rows: Parameters, known: Mapping[str, tuple[float, str]]) -> str:
    value, unit = (rows.peek(key).value, rows.peek(key).unit) if key in rows else known[key]
    return f"{value:g} {unit}"


def _rows(person: Person, given: Collection[str]) -> list[Parameter]:
    return [person.parameters.peek(key) for key in given if key in person.parameters]
