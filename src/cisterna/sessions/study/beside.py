"""Marks beside a recording of the same time: are they in step with a breath, a beat, a slow wave, or each other?

The marks' clock is brought onto the recording's (`clock`); beyond `study_sync_limit` no timing is told, only rates.
In step is measured by the mean length of the phase vector at the marks (phase 0..1 from one breath, beat or crest of
the slow wave to the next), pooled over holds. The null turns the marks of each hold round within their hold by a
random time: intervals and regularity stay, only the relation to the recording is lost. So a steady marker beside a
steady breath is no finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.recordings.names import kind_of, pick
from cisterna.recordings.recording import Recording
from cisterna.sessions.study.analyse import Found
from cisterna.sessions.study.clock import Clock, align, rising_edges
from cisterna.sessions.study.marks import Marked, Sitting
from cisterna.signals.result import Result

Array = NDArray[np.float64]
#: Random turns behind each p value; its smallest value is 1 / (TURNS + 1).
TURNS = 999
#: Kinds of rhythm a channel may be read for.
KINDS = ("breath", "beat", "slow")


@dataclass(frozen=True)
class Rhythm:
    """A rhythm of the recording.

    Attributes
    ----------
    name : str
        Channel, and what it was read for: ``resp:breath``.
    times : array (cycle,)
        Beginning of each cycle, s in the recording.
    longest : float
        Longest cycle within which a phase is told, s.
    """

    name: str
    times: Array
    longest: float

    def phase(self, at: Array) -> Array:
        """Phase 0..1 at these times; NaN outside and in gaps."""
        if self.times.size < 2:
            return np.full(at.shape, np.nan)
        after = np.searchsorted(self.times, at, side="right")
        inside = (after > 0) & (after < self.times.size)
        k = np.clip(after, 1, self.times.size - 1)
        length = self.times[k] - self.times[k - 1]
        return np.where(inside & (length <= self.longest), (at - self.times[k - 1]) / length, np.nan)

    def rate(self, start: float, end: float) -> float:
        """Cycles per minute between two times; NaN with fewer than two whole cycles."""
        own = self.times[(self.times >= start) & (self.times <= end)]
        return 60.0 * (own.size - 1) / float(own[-1] - own[0]) if own.size > 2 else float("nan")


def rhythm_of(rec: Recording, channel: str, kind: str = "") -> Rhythm:
    """A rhythm of a channel.

    Parameters
    ----------
    channel : str
        Name of the signal here or in its file.
    kind : {"breath", "beat", "slow"}, optional
        Breaths, heartbeats, or the slow wave between the rates a hand listens for (`palp_band_low` and `_high`); by
        the kind of the channel when left out.

    Raises
    ------
    CisternaError
        No such channel or kind, or nothing of the kind in it.
    """
    from cisterna.signals.beats import find_beats, find_breaths
    from cisterna.signals.grid import band_pass, fill

    name = pick(rec, channel, rec.title)
    row = kind_of(name)
    known = row.kind if row else ""
    kind = kind or {"breath": "breath", "co2": "breath", "pressure": "beat", "pulse": "beat", "ecg": "beat",
                    "velocity": "beat"}.get(known, "slow")  # fmt: skip
    if kind not in KINDS:
        raise CisternaError(f"a channel is read for {', '.join(KINDS)}", where=channel, found=kind)
    values, rate, start = rec.values(name), rec.rate(name), float(rec.time(name)[0])
    p = default_parameters()
    if kind == "breath":
        how = "co2" if known == "co2" else "flow" if "flow" in name else "volume"
        slowest = p["plausible_breath_rate_mean_adult"].low
        return Rhythm(f"{name}:breath", start + find_breaths(values, rate, how), 60.0 / slowest)
    if kind == "beat":
        how = {"ecg": "ecg", "pulse": "ppg", "velocity": "velocity"}.get(known, "icp" if name == "icp" else "abp")
        slowest = p["plausible_heart_rate_mean_adult"].low
        return Rhythm(f"{name}:beat", start + find_beats(values, rate, how), 60.0 / slowest)
    low, high = p["palp_band_low"].value, p["palp_band_high"].value
    if values.size / rate < 3.0 / low:
        found = f"{values.size / rate:.3g} s"
        raise CisternaError("too short for a slow wave", where=name, found=found, mend=f"{3.0 / low:.3g} s or more")
    slow = band_pass(fill(values), rate, low, high)
    up = np.flatnonzero((slow[:-1] < 0.0) & (slow[1:] >= 0.0))
    at = up + slow[up] / (slow[up] - slow[up + 1])
    near = np.isfinite(values[up])
    return Rhythm(f"{name}:slow", start + at[near] / rate, 1.0 / low)


def sync_events(rec: Recording, source: str) -> Array:
    """Sync events of a recording: rising edges of a channel, or the times of events with this label."""
    named = np.array([event.time for event in rec.events if event.label == source])
    if named.size:
        return named
    try:
        name = pick(rec, source, rec.title)
    except CisternaError as error:
        mend = "give a channel with sync pulses, or the label of events"
        raise CisternaError(
            error.what.replace("channel", "channel or event"), error.where, error.found, mend
        ) from error
    return rising_edges(rec.values(name), rec.rate(name), float(rec.time(name)[0]))


def clocks(sittings: Sequence[Sitting], events: Array) -> dict[str, Clock]:
    """The clock of each sitting (file of marks) that has sync events.

    Raises
    ------
    CisternaError
        A sitting does not match the recording; the file is named.
    """
    found = {}
    for sitting in sittings:
        if not sitting.flashes.size:
            continue
        try:
            found[sitting.name] = align(sitting.flashes, events)
        except CisternaError as error:
            raise CisternaError(error.what, f"{sitting.name}.csv", error.found, error.mend) from error
    if not found:
        raise CisternaError(
            "the marks hold no sync event", found=f"{len(sittings)} files of marks",
            mend="press f at each sync pulse, three times or more in a sitting",
        )  # fmt: skip
    return found


def beside(
    holds: Sequence[Found], times: Mapping[str, Clock], rhythms: Sequence[Rhythm], seed: int = 0
) -> list[Result]:
    """Marks against the rhythms of a recording and against each other.

    Returns
    -------
    list of Result
        ``sync_error`` (ms, the largest of all holds); for each examiner and rhythm ``in_step`` (0..1, `extra["p"]`,
        and the spread of the null as its interval) and ``rate_ratio`` (marked over recorded, median); ``in_step``
        of each two examiners at the same time.
    """
    timed = {
        f.hold.hold: (f, times[f.marked.session])
        for f in holds
        if f.marked is not None and f.marked.session in times and f.marked.times.size
    }
    if not timed:
        raise CisternaError("no hold can be put on the clock of the recording", mend="give sync events in each sitting")
    errors = {code: float(clock.error([f.marked.begin, f.marked.begin + f.marked.seconds]).max())  # type: ignore[union-attr]
              for code, (f, clock) in timed.items()}  # fmt: skip
    limit = default_parameters()["study_sync_limit"].value * 1e-3
    worst = 1000.0 * max(errors.values())
    note = f"half width of the 95 % interval of the common clock, largest of {len(timed)} holds"
    results = [Result("sync_error", "marks", worst, "ms", n=len(timed), note=note)]
    good = {code: pair for code, pair in timed.items() if errors[code] <= limit}
    rng = np.random.default_rng([seed, len(good)])
    examiners = sorted({f.hold.examiner for f, _ in timed.values()})
    for rhythm in rhythms:
        for examiner in examiners:
            own = [(f, clock) for f, clock in timed.values() if f.hold.examiner == examiner]
            results.append(_ratio(own, rhythm, f"{examiner}:{rhythm.name}"))
            near = [(f, clock) for f, clock in own if errors[f.hold.hold] <= limit]
            spans = [_span(f.marked, clock) for f, clock in near if f.marked is not None]
            results.append(_in_step([(*span, rhythm) for span in spans], f"{examiner}:{rhythm.name}", rng, limit))
    for a, b in combinations(examiners, 2):
        results.append(_in_step(_at_once(list(good.values()), a, b), f"{a}:{b}", rng, limit))
    return results


_Span = tuple[Array, float, float]


def _span(marked: Marked, clock: Clock) -> _Span:
    ends = clock([marked.begin, marked.begin + marked.seconds])
    return clock(marked.times), float(ends[0]), float(ends[1])


def _at_once(pairs: Sequence[tuple[Found, Clock]], a: str, b: str) -> list[tuple[Array, float, float, Rhythm]]:
    """Marks of one examiner against the cycles another marked at the same time."""
    slowest = 2.0 / default_parameters()["palp_band_low"].value
    rounds: dict[int, dict[str, _Span]] = {}
    for f, clock in pairs:
        if f.marked is not None and f.hold.examiner in (a, b):
            rounds.setdefault(f.hold.order, {})[f.hold.examiner] = _span(f.marked, clock)
    return [(*both[a], Rhythm(b, both[b][0], slowest)) for _, both in sorted(rounds.items()) if len(both) == 2]


def _ratio(own: Sequence[tuple[Found, Clock]], rhythm: Rhythm, channel: str) -> Result:
    ratios = np.array([
        f.rate / rhythm.rate(*_span(f.marked, clock)[1:]) for f, clock in own if f.marked is not None
    ])  # fmt: skip
    ratios = ratios[np.isfinite(ratios)]
    if not ratios.size:
        return Result("rate_ratio", channel, float("nan"), "1", note="no hold with both rates")
    low, high = (float(q) for q in np.quantile(ratios, [0.025, 0.975]))
    note = "marked over recorded rate, median of the holds; interval: middle 95 % of the holds"
    return Result("rate_ratio", channel, float(np.median(ratios)), "1", low, high, int(ratios.size), note)


def _in_step(
    spans: Sequence[tuple[Array, float, float, Rhythm]], channel: str, rng: np.random.Generator, limit: float
) -> Result:
    """Length of the mean phase vector over all marks, against turned marks."""
    if not spans:
        note = f"no hold with a clock better than {1000 * limit:g} ms"
        return Result("in_step", channel, float("nan"), "1", note=note)
    turns = rng.uniform(size=(TURNS + 1, len(spans)))
    turns[0] = 0.0
    total = np.zeros(TURNS + 1, dtype=np.complex128)
    count = np.zeros(TURNS + 1)
    for k, (marks, start, end, rhythm) in enumerate(spans):
        turned = start + np.mod(marks[None] - start + turns[:, k, None] * (end - start), end - start)
        phase = rhythm.phase(turned)
        there = np.isfinite(phase)
        vectors = np.where(there, np.exp(2j * np.pi * np.where(there, phase, 0.0)), 0.0)
        total, count = total + vectors.sum(axis=1), count + there.sum(axis=1)
    if count[0] < default_parameters()["study_fewest_marks"].value:
        return Result("in_step", channel, float("nan"), "1", note="too few marks within the rhythm")
    length = np.abs(total) / np.maximum(count, 1.0)
    p = float((1 + np.sum(length[1:] >= length[0] - 1e-12)) / (TURNS + 1))
    low, high = (float(q) for q in np.quantile(length[1:], [0.025, 0.975]))
    note = (
        f"length of the mean phase vector of {count[0]:.0f} marks in {len(spans)} holds; interval: middle 95 % of "
        f"{TURNS} random turns of the marks within their hold"
    )
    return Result("in_step", channel, float(length[0]), "1", low, high, int(count[0]), note, {"p": p})
