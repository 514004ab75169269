"""Running a claim: draws, required values, both worlds, single flips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from cisterna.claims.bench import Bench, Case
from cisterna.claims.claim import Claim, Statement, book, claim
from cisterna.claims.evidence import DataClaim, DataVerdict, judge_by_data
from cisterna.claims.judge import Reading, read
from cisterna.claims.key import draw
from cisterna.claims.need import POINTS, Joint, Need, joint_of, need_of
from cisterna.claims.table import claims_table
from cisterna.claims.verdict import CaseVerdict, Flip, Verdict
from cisterna.ground.errors import CisternaError
from cisterna.ground.sources import cite
from cisterna.recordings.recording import Recording
from cisterna.worlds.hypothesis import hypotheses, hypothesis, switched_on
from cisterna.worlds.resting import Resting
from cisterna.worlds.world import RHYTHMS, WORLDS, apply_world, world

#: Draws of a full and of a fast run; one more, the default itself, makes the compiled size of a scan.
DRAWS, FEW = POINTS - 1, (POINTS - 1) // 2
#: Called with what is being done, in a few words.
Progress = Callable[[str], None]


def run_claim(
    name: str | Statement,
    seed: int = 0,
    fast: bool = False,
    files: Iterable[str | Path] = (),
    rhythm: str = "pressurestat",
    progress: Progress | None = None,
    recordings: Sequence[Recording] = (),
) -> Verdict | DataVerdict:
    """Run a claim and judge it.

    Parameters
    ----------
    name : str or Claim
        ``E1``, a row of the claims table (``C-055``), or a claim of your own.
    seed : int
        Of the draws; the same seed gives the same answer.
    fast : bool
        Main case only and half the draws.
    files : paths
        A user's own files with claims.
    rhythm : str
        What makes the rhythm in the world as taught: ``pressurestat`` or ``prm``.
    recordings : recordings
        What a claim that only data can decide is judged by; without them such a claim is undecided, no data.

    Returns
    -------
    Verdict, or DataVerdict for a claim that only data can decide
        `as_dict` for JSON, `text` for a terminal, `picture` for the required-value figure.

    Raises
    ------
    CisternaError
        Unknown claim, a claim whose levels or key parameters make no sense, or recordings for a claim that is
        measured on a body.
    """
    asked = name if isinstance(name, Statement) else claim(name, files)
    say = progress or (lambda words: None)
    if isinstance(asked, DataClaim):
        return judge_by_data(asked, recordings, seed, fast, say)
    assert isinstance(asked, Claim)
    if recordings:
        by_data = ", ".join(key for key, cls in book(files).items() if issubclass(cls, DataClaim))
        raise CisternaError(f"{asked.name} is measured on a body, not on recordings", mend=f"by recordings: {by_data}")
    if asked.supports == asked.contradicts:
        raise CisternaError("the two levels of a claim must differ", where=asked.name, found=f"{asked.supports:g}")
    shared: dict[tuple[object, ...], Resting] = {}
    count = FEW if fast else DRAWS

    def bench(label: str, case: Case, place: str, flips: Iterable[str]) -> Bench:
        return Bench(label, place, apply_world(case.person, place, rhythm, flips), case.settings, fast, shared)

    def asked_flips(place: str) -> set[str]:
        """What the question puts on where the world does not have it on already."""
        return set(asked.asks) - set(world(place).switches(rhythm)) if place == "established" else set()

    cases, benches = [], {}
    everyone = list(asked.cases().items())
    for label, case in everyone[:1] if fast else everyone:
        say(f"{asked.name}: {label}")
        here = {place: bench(label, case, place, asked_flips(place)) for place in WORLDS}
        benches[label] = here
        cases.append(_case(asked, label, case, here, count, seed))
    main_label, main = everyone[0]
    flips = []
    for switch in asked.switches:
        if switch in RHYTHMS.values() and switch != RHYTHMS[rhythm]:
            continue
        for place in WORLDS:
            say(f"{asked.name}: {place}, {switch} turned over")
            turned = bench(main_label, main, place, asked_flips(place) ^ {switch})
            word = "on" if switch in switched_on(turned.person) else "off"
            flips.append(Flip(place, switch, word, _reading(asked, turned, count, seed)))
    say(f"{asked.name}: cross-check")
    first = benches[main_label]
    checks = tuple(asked.checks(first["established"]))
    parameters = {place: own.used() for place, own in first.items()}
    return Verdict(
        name=asked.name, question=asked.question, output=asked.output, unit=asked.unit, claims=asked.claims,
        grades={row.id: row.grade for row in claims_table() if row.id in asked.claims},
        asked_with=_asked_with(asked, first["established"]),
        supports=asked.supports, contradicts=asked.contradicts, cases=tuple(cases), flips=tuple(flips),
        unmoved=tuple(h for h in hypotheses() if h not in asked.switches and h not in asked.asks),
        checks=checks, published=tuple(asked.published()), parameters=parameters,
        sources=tuple(cite(parameters["established"], first["established"].person.parameters)),
        notes=_notes(cases[0], first), seed=seed, draws=count, fast=fast,
    )  # fmt: skip


def _case(asked: Claim, label: str, case: Case, here: Mapping[str, Bench], count: int, seed: int) -> CaseVerdict:
    home, taught = here["established"], here["as-taught"]
    keys = list(asked.keys(home))
    if not 1 <= len(keys) <= 5:
        raise CisternaError("a claim has one to five key parameters", where=asked.name, found=str(len(keys)))
    values = {key.id: key.default for key in asked.keys(taught)}
    needs: list[Need] = []
    joint = Joint(None, {}, ())
    if not asked.no_data:
        needs = [
            need_of(
                lambda m, key=key: asked.measure(home, m), key, asked.supports,  # type: ignore[misc]
                values.get(key.id) if values.get(key.id) != key.default else None,
            )
            for key in keys
        ]  # fmt: skip
        joint = joint_of(lambda m: asked.measure(home, m), keys, asked.supports, needs)
    worlds = {
        "established": _reading(asked, home, count, seed, needs, joint),
        "as-taught": _reading(asked, taught, count, seed),
    }
    tables = {} if asked.no_data else {place: tuple(asked.tables(own)) for place, own in here.items()}
    return CaseVerdict(label, case.note, worlds, tuple(needs), joint, tables)


def _reading(
    asked: Claim, own: Bench, count: int, seed: int, needs: list[Need] | None = None, joint: Joint | None = None
) -> Reading:
    if asked.no_data:
        return read(np.nan, np.zeros(0), asked.supports, asked.contradicts, no_data=asked.no_data)
    multiples = draw(list(asked.keys(own)), count, seed)
    # The first lane is the default itself.
    lanes = {key: np.concatenate([[1.0], m]) for key, m in multiples.items()}
    output = np.asarray(asked.measure(own, lanes), dtype=float)
    return read(float(output[0]), output[1:], asked.supports, asked.contradicts, needs, joint)


def _asked_with(asked: Claim, own: Bench) -> str:
    words = [f"{name} ({hypothesis(name).title}), at its literal strength" for name in asked.asks if name in own.on]
    return f"established body and {'; '.join(words)}" if words else ""


def _notes(main: CaseVerdict, here: Mapping[str, Bench]) -> tuple[str, ...]:
    notes = [main.note] if main.note else []
    if main.joint.left_out:
        notes.append(f"no published range, so not part of D: {', '.join(main.joint.left_out)}")
    missing = [name for name in here["established"].on if name not in here["as-taught"].on]
    if missing:
        notes.append(f"as-taught with this rhythm is without {', '.join(missing)}, which the question is about")
    if any(hypothesis(name).self_sustained for name in here["as-taught"].on):
        notes.append("as-taught: compliance and pulse are those of the body at rest, before the rhythm is switched on")
    return tuple(notes)
