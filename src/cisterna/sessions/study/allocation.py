"""Randomised order of a study: blocks of subjects, rotation of examiners over sites, codes that tell nothing.

Each sitting (one subject, one repeat) is a Latin square, so that every examiner palpates every site once. Over the
sittings of a block each starting place comes equally often (permuted blocks), and block lengths may be drawn at
random, so that the next start cannot be foretold. All repeats of a block's subjects follow each other in a new order
each time; nobody meets the same subject twice running unless the block has one.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.sessions.study.plan import Plan

#: No vowels, no 0 O 1 I: a code is no word and is read aloud without doubt.
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"
_LENGTH = 4
_RESTORE = "restore study.toml and allocation.csv as they were when the study began"


@dataclass(frozen=True)
class Hold:
    """One examiner's hands at one site of one subject for one time.

    Attributes
    ----------
    order : int
        Number of the round in the whole study; holds with one order happen at the same time.
    block, sitting : int
    hold : str
        Code: all an examiner sees beside the site.
    examiner, subject, site : str
    repeat : int
    """

    order: int
    block: int
    sitting: int
    hold: str
    examiner: str
    subject: str
    site: str
    repeat: int


def allocate(plan: Plan) -> tuple[Hold, ...]:
    """The holds of a study in their order; the same plan and seed give the same list.

    Examples
    --------
    >>> holds = allocate(Plan(("A", "B"), subjects=4, repeats=1, seed=1))
    >>> len(holds), {h.order for h in holds if h.sitting == 1}
    (16, {1, 2})
    >>> sorted((h.examiner, h.site) for h in holds if h.subject == "S1")
    [('A', 'feet'), ('A', 'head'), ('B', 'feet'), ('B', 'head')]
    """
    rng = np.random.default_rng([plan.seed, 0])
    codes = _codes(plan, np.random.default_rng([plan.seed, 1]))
    width = len(str(plan.subjects))
    subjects = [f"S{k + 1:0{width}d}" for k in range(plan.subjects)]
    holds: list[Hold] = []
    order = sitting = 0
    for block, group in enumerate(_blocks(plan, subjects, rng), 1):
        last = holds[-1].subject if holds else ""
        for repeat in range(1, plan.repeats + 1):
            for subject, start in zip(_turn(group, last, rng), _starts(plan, len(group), rng), strict=True):
                sitting, last = sitting + 1, subject
                for round_ in _sitting(plan, start, rng):
                    order += 1
                    for examiner, site in round_:
                        holds.append(Hold(order, block, sitting, next(codes), examiner, subject, site, repeat))
    return tuple(holds)


def _blocks(plan: Plan, subjects: Sequence[str], rng: np.random.Generator) -> Iterator[list[str]]:
    """Subjects come in the order they are recruited; a block is filled before the next begins."""
    at = 0
    while at < len(subjects):
        size = plan.block or int(plan.rounds * rng.integers(1, 3))
        yield list(subjects[at : at + size])
        at += size


def _turn(group: Sequence[str], last: str, rng: np.random.Generator) -> list[str]:
    """The subjects of a block in a new order that does not begin with the last one palpated."""
    turned = [group[k] for k in rng.permutation(len(group))]
    if len(turned) > 1 and turned[0] == last:
        other = int(rng.integers(1, len(turned)))
        turned[0], turned[other] = turned[other], turned[0]
    return turned


def _starts(plan: Plan, count: int, rng: np.random.Generator) -> list[int]:
    """Where each sitting starts in its square: each start equally often, or as nearly as the block allows."""
    size = plan.rounds
    whole = [k for _ in range(count // size) for k in range(size)]
    rest = rng.permutation(size)[: count % size].tolist()
    return [int(k) for k in rng.permutation([*whole, *rest])]


def _sitting(plan: Plan, start: int, rng: np.random.Generator) -> list[list[tuple[str, str]]]:
    """Rounds of one sitting; in each, who palpates which site."""
    examiners, sites = plan.examiners, plan.sites
    if not plan.together:
        pairs = [(e, s) for e in examiners for s in sites]
        rest = [pairs[k] for k in range(len(pairs)) if k != start]
        return [[pairs[start]], *([rest[k]] for k in rng.permutation(len(rest)))]
    size = plan.rounds
    later = [k for k in range(size) if k != start]
    shifts = [start, *(later[k] for k in rng.permutation(len(later)))]
    way = 1 if rng.random() < 0.5 else -1  # so that nobody always follows the same colleague
    places = [[(e, (way * k + shift) % size) for k, e in enumerate(examiners)] for shift in shifts]
    return [[(e, sites[place]) for e, place in round_ if place < len(sites)] for round_ in places]


def _codes(plan: Plan, rng: np.random.Generator) -> Iterator[str]:
    """Codes without repetition, from a stream of their own: they tell nothing of the allocation."""
    total = plan.holds_of_one * len(plan.examiners)
    base = len(_LETTERS)
    length = _LENGTH
    while base**length < 50 * total:
        length += 1
    seen: set[int] = set()
    while True:
        number = int(rng.integers(base**length))
        if number in seen:
            continue
        seen.add(number)
        yield "".join(_LETTERS[number // base**k % base] for k in range(length))


# --- files ---------------------------------------------------------------------------------------------
def as_csv(holds: Sequence[Hold]) -> str:
    """The allocation as a CSV text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([item.name for item in fields(Hold)])
    writer.writerows(astuple(hold) for hold in holds)
    return text.getvalue()


def digest(holds: Sequence[Hold]) -> str:
    """What tells this list from every other (SHA-256)."""
    return hashlib.sha256(as_csv(holds).encode()).hexdigest()


def from_csv(text: str, where: str, expected: str) -> tuple[Hold, ...]:
    """The allocation of a file; a changed row would unblind wrongly and silently, so the list must be whole.

    Raises
    ------
    CisternaError
        A row cannot be read, or the list is not the one with the expected digest.
    """
    holds = []
    for line, row in enumerate(csv.DictReader(text.splitlines()), 2):
        try:
            numbers = {name: int(row[name]) for name in ("order", "block", "sitting", "repeat")}
            words = {name: row[name] for name in ("hold", "examiner", "subject", "site")}
            holds.append(Hold(**numbers, **words))  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError) as error:
            raise CisternaError("a row cannot be read", f"{where}, line {line}", str(error)[:80], _RESTORE) from error
    if digest(holds) != expected:
        raise CisternaError("the allocation was changed after it was drawn", where=where, mend=_RESTORE)
    return tuple(holds)
