"""When a test happened: from the marks of a recording, as stated, or found from the pressure alone.

From the pressure alone a test is believed where a rise (or fall) towards a plateau explains the record better than
slow waves and drift do: the likelihoods of both are compared under the same autocorrelated noise. The shape of a
plateau wave is close to that of an infusion, so what was found this way says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.ground.units import convert
from cisterna.recordings.rules import Event
from cisterna.signals.grid import Samples, as_samples
from cisterna.signals.infusion.noise import fit_noise
from cisterna.signals.infusion.posterior import Blocks

Kind = Literal["infusion", "drain", "bolus"]
#: Length of a block of pressure (s): a dozen beats and two breaths, short against the rise; and blocks at most.
BLOCK, MOST_BLOCKS = 10.0, 400
#: A spike is off the median of its block by this many median deviations (no pulse is) and mmHg, in this share of it.
_SPIKE = (12.0, 5.0, 0.05)
#: Time constants tried for the approach to a plateau (s), and places tried for each edge of the pump.
_TIMES, _PLACES = (30.0, 60.0, 120.0, 240.0, 480.0, 960.0), 48
#: Longest record searched without a mark (s): above it a fitting piece is found by chance.
_LONGEST = 3 * 3600.0
_WORDS: dict[Kind, str] = {"infusion": r"infus", "drain": r"\bdrain|withdraw|\btap\b", "bolus": r"bolus"}
#: How the events of a bedside program name the phases of its first test: "infusion test: Plateau".
_PREFIX = re.compile(r"^infusion test(?P<which> \d+)?\s*:\s*", re.I)
_BEGIN, _END = r"\b(start|begin|on)", r"\b(stop|end|off)"
_RATE = re.compile(r"([-+−]?\d+(?:[.,]\d+)?)\s*(mL\s*/\s*min|mL\s*/\s*h|uL\s*/\s*min|uL\s*/\s*s|µL\s*/\s*s)", re.I)
_VOLUME = re.compile(r"([-+−]?\d+(?:[.,]\d+)?)\s*mL(?!\s*/)", re.I)
#: Words a mark of a test is made of; any other makes it a mark of something else (an infusion of noradrenaline).
_OWN = (
    r"infus\w*|drain\w*|withdraw\w*|tap|bolus|test|study|phase|csf|lumbar|ventricular|evd|constant|rate|flow|start\w*"
    r"|begin\w*|began|on|stop\w*|end\w*|off|open\w*|of|at|with|the|ringer\w*|saline|fluid|ml|ul|µl|min|h|s|mmhg"
)
_SPELLING = {"ml/min": "mL/min", "ml/h": "mL/h", "ul/min": "uL/min", "ul/s": "uL/s", "µl/s": "uL/s"}


class NoInfusionTest(CisternaError):
    """The recording holds no test that could be told from slow waves and drift."""


@dataclass(frozen=True)
class Phases:
    """Parts of a test, each (start, stop) in s from the first sample.

    Attributes
    ----------
    kind : {"infusion", "drain", "bolus"}
    baseline, pump : (float, float)
        Rest before, and while fluid was moved.
    plateau, recovery : (float, float) or None
        End of the pumping as marked; after it.
    how : {"events", "stated", "pressure"}
        Where the times come from.
    rate : float or None
        mL/min as the marks state it, negative for a drain; never guessed.
    volume : float or None
        mL of a bolus as the marks state it.
    evidence : float
        ln of the likelihood ratio against no test, where found from the pressure.

    Examples
    --------
    >>> phases_from_events([Event(300.0, 900.0, "Infusion 1.5 ml/min")], 1500.0)
    Phases(kind='infusion', baseline=(0.0, 300.0), pump=(300.0, 1200.0), plateau=None, recovery=(1200.0, 1500.0),
           how='events', rate=1.5, volume=None, evidence=nan)
    """

    kind: Kind
    baseline: tuple[float, float]
    pump: tuple[float, float]
    plateau: tuple[float, float] | None = None
    recovery: tuple[float, float] | None = None
    how: str = "stated"
    rate: float | None = None
    volume: float | None = None
    evidence: float = float("nan")


def stated_phases(kind: Kind, start: float, stop: float, duration: float, how: str = "stated") -> Phases:
    """Phases of a pump that ran from `start` to `stop` (s) in a record of `duration` (s).

    Raises
    ------
    CisternaError
        The times do not fit the record, or no rest was recorded before.
    """
    if not 0 <= start < stop <= duration + BLOCK:
        found = f"{start:g} to {stop:g} s in a record of {duration:g} s"
        raise CisternaError(f"the times of the {kind} do not fit the record", found=found)
    stop = min(stop, duration)
    if start < 3 * BLOCK:
        mend = f"start the record {3 * BLOCK:g} s or more before; minutes are better"
        raise CisternaError(f"no resting pressure before the {kind}", found=f"{start:g} s of rest", mend=mend)
    longest = default_parameters()["infusion_baseline_longest"].value
    recovery = (stop, duration) if duration - stop >= BLOCK else None
    return Phases(kind, (max(0.0, start - longest), start), (start, stop), None, recovery, how)


def phases_from_events(events: Sequence[Event], duration: float, kind: Kind | None = None) -> Phases | None:
    """Phases as the marks tell them; None where no mark names a test.

    Understood are spans (``Infusion``, ``Baseline``, ``Plateau``, ``Drain``, ``Bolus``) and pairs of marks
    (``infusion start``, ``infusion stop``), with a rate (``1.5 mL/min``) or a volume (``4 mL``) in the label. Marks
    with other words, such as an infusion of a drug, are passed over.

    Parameters
    ----------
    events : sequence of Event
        Marks; times in s from the first sample.
    duration : float
        Length of the record, s.
    kind : {"infusion", "drain", "bolus"}, optional
        Look for this kind only.
    """
    events = [_plain(e) for e in events if _is_first(e)]
    for which in (kind,) if kind else ("infusion", "bolus", "drain"):
        own = [e for e in events if re.search(_WORDS[which], e.label, re.I) and not _foreign(e.label)]
        pump = _span(own, duration, which)
        if pump is None:
            continue
        flat = [e for e in events if re.search(r"\bplateau\b(?!\s*wave)", e.label, re.I) and e.duration > 0]
        flat = [e for e in flat if e.time >= pump[0]] if which != "bolus" else []
        # A plateau holds only while the pump runs: where it is marked after the infusion, that was the rise.
        stop = max(pump[1], min(flat[0].time + flat[0].duration, duration)) if flat else pump[1]
        found = stated_phases(which, pump[0], stop, duration, how="events")
        rest = [e for e in events if re.search(r"\bbaseline\b|\brest\b", e.label, re.I) and e.duration > 0]
        before = [e for e in rest if e.time < pump[0]]
        if before:
            last = before[-1]
            found = replace(found, baseline=(max(last.time, 0.0), min(last.time + last.duration, pump[0])))
        if flat:
            found = replace(found, plateau=(flat[0].time, min(flat[0].time + flat[0].duration, duration)))
        labels = " ".join(e.label for e in own)
        rate, volume = _number(_RATE, labels), None if which != "bolus" else _number(_VOLUME, labels)
        if rate is not None and which == "drain":
            rate = -abs(rate)
        return replace(found, rate=rate, volume=volume)
    return None


def _span(own: Sequence[Event], duration: float, kind: Kind) -> tuple[float, float] | None:
    for event in own:
        if event.duration > 0 and not re.search(_END, event.label, re.I):
            return event.time, event.time + event.duration
    begins = [e.time for e in own if re.search(_BEGIN, e.label, re.I)]
    ends = [e.time for e in own if re.search(_END, e.label, re.I)]
    if begins:
        after = [t for t in ends if t > begins[0]]
        return begins[0], after[0] if after else duration
    return (own[0].time, own[0].time + 1.0) if own and kind == "bolus" else None


def _is_first(event: Event) -> bool:
    """Whether an event is not a phase of a second test of a bedside program."""
    match = _PREFIX.match(event.label)
    return match is None or match["which"] in (None, " 1")


def _plain(event: Event) -> Event:
    return Event(event.time, event.duration, _PREFIX.sub("", event.label))


def _foreign(label: str) -> bool:
    """Whether a label holds words that do not belong to a test."""
    words = re.findall(r"[^\W\d_]+", label.lower())
    return any(not re.fullmatch(_OWN, word) for word in words)


def _number(pattern: re.Pattern[str], text: str) -> float | None:
    match = pattern.search(text)
    if not match:
        return None
    value = float(match.group(1).replace(",", ".").replace("−", "-"))
    if pattern is _VOLUME:
        return value
    unit = _SPELLING[re.sub(r"\s", "", match.group(2)).lower()]
    return convert(value, unit, "mL/min")


def to_blocks(values: ArrayLike, rate: float, start: float, stop: float, block: float = BLOCK) -> Blocks:
    """Mean pressure of successive blocks between two times (s); NaN where less than half of one was recorded.

    A few samples far off the rest of their block (flush, touch of the line) are left out and counted.

    Examples
    --------
    >>> to_blocks(np.arange(40.0), 1.0, 0.0, 40.0).values.tolist()
    [4.5, 14.5, 24.5, 34.5]
    """
    array = as_samples(values, rate)
    size = max(int(round(block * rate)), 1)
    first, last = int(round(start * rate)), min(int(round(stop * rate)), array.size)
    count = (last - first) // size
    if count < 1:
        raise CisternaError("the record is too short for a test", found=f"{(last - first) / rate:g} s")
    parts = array[first : first + count * size].reshape(count, size)
    good = np.isfinite(parts)
    spikes = _spikes(np.where(good, parts, np.nan)) if size >= 20 else np.zeros_like(good)
    good &= ~spikes
    number = good.sum(axis=1)
    total = np.where(good, parts, 0.0).sum(axis=1)
    mean = np.where(number >= 0.5 * size, total / np.maximum(number, 1), np.nan)
    return Blocks((first + size * np.arange(count + 1)) / rate, mean, int(spikes.sum()))


def _spikes(parts: Samples) -> NDArray[np.bool_]:
    """Samples (block, sample) far off the middle of their block, where they are few: many are a jump of pressure."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a block without any sample
        middle = np.nanmedian(parts, axis=1, keepdims=True)
        spread = np.nanmedian(np.abs(parts - middle), axis=1, keepdims=True)
    far = np.abs(parts - middle) > _SPIKE[0] * spread + _SPIKE[1]
    return far & (far.mean(axis=1, keepdims=True) <= _SPIKE[2])


def find_phases(values: ArrayLike, rate: float, kind: Kind = "infusion") -> Phases | None:
    """A test found from the pressure alone; None where slow waves and drift explain the record as well.

    Parameters
    ----------
    values : array (time,)
        Intracranial pressure, mmHg; NaN missing.
    rate : float
        Samples a second, Hz.
    kind : {"infusion", "drain", "bolus"}
        Shape looked for: up to a plateau, down to one, a jump that decays.

    Raises
    ------
    CisternaError
        Longer than three hours: some piece would fit by chance. State the times, or slice.

    Examples
    --------
    >>> from cisterna.signals.infusion.marmarou import Marmarou, Pump, simulate
    >>> p = simulate(Marmarou(10.0, 0.2, 2.0, 9.0), [Pump(300, 1200, 1.5)], 1500.0, 2.0, white=0.3, wave=0.5, seed=1)
    >>> [abs(a - b) <= 30 for a, b in zip(find_phases(p, 2.0).pump, (300, 1200))]
    [True, True]
    >>> find_phases(p[:600], 2.0) is None
    True
    """
    array = as_samples(values, rate)
    duration = array.size / rate
    rows = default_parameters()
    shortest = rows["infusion_length_least"].value
    if duration > _LONGEST:
        mend = "state the times, mark them as events, or slice the recording around the test"
        raise CisternaError("the record is too long to find a test in it from the pressure alone", "", "", mend)
    block = max(BLOCK, duration / MOST_BLOCKS)
    if duration < shortest + 9 * block:
        return None
    blocks = to_blocks(array, rate, 0.0, duration, block)
    if blocks.good.sum() < 24:
        return None
    least = int(np.ceil(shortest / block)) if kind != "bolus" else 1
    on, off, time = _best(blocks, kind, least, *_grid(blocks.values.size, kind, least))
    on, off, time = _best(blocks, kind, least, *_around(on, off, blocks.values.size, kind, least))
    shape = _decay(blocks.edges, [on], time) if kind == "bolus" else _shape(blocks.edges, [on], [off], time)
    rise, evidence = _evidence(blocks, shape[:, 0])
    sign = -1.0 if kind == "drain" else 1.0
    limits = (rows["infusion_rise_least"].value, rows["infusion_evidence_least"].value)
    steep = abs(rise) / (time / 60.0) > rows["infusion_slope_most"].value and kind != "bolus"
    if sign * rise < limits[0] or evidence < limits[1] or steep:
        return None
    stop = float(blocks.edges[off]) if kind != "bolus" else float(blocks.edges[on]) + 1.0
    return replace(stated_phases(kind, float(blocks.edges[on]), stop, duration, "pressure"), evidence=evidence)


def _grid(count: int, kind: Kind, least: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    step = max(1, count // _PLACES)
    on = np.arange(4, count - least, step)
    return on, np.append(np.arange(4 + least, count, step), count)


def _around(on: int, off: int, count: int, kind: Kind, least: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    step = max(1, count // _PLACES)
    return np.arange(max(on - step, 3), min(on + step, count - least) + 1), np.arange(
        max(off - step, 3 + least), min(off + step, count) + 1
    )


def _shape(edges: Samples, on: ArrayLike, off: ArrayLike, time: float) -> Samples:
    """Block means of an exponential approach from edge `on` to edge `off` and the way back; (block, pair)."""
    a, b = edges[np.asarray(on)][None, :], edges[np.asarray(off)][None, :]
    at = edges[:, None]
    up = np.clip(at - a, 0.0, b - a)
    risen = up - time * -np.expm1(-up / time)
    down = np.clip(at - b, 0.0, None)
    top = -np.expm1(-(b - a) / time)
    area = risen + top * time * -np.expm1(-down / time)
    return np.asarray(np.diff(area, axis=0) / np.diff(edges)[:, None])


def _decay(edges: Samples, on: ArrayLike, time: float) -> Samples:
    down = np.clip(edges[:, None] - edges[np.asarray(on)][None, :], 0.0, None)
    return np.asarray(np.diff(time * -np.expm1(-down / time), axis=0) / np.diff(edges)[:, None])


def _best(
    blocks: Blocks, kind: Kind, least: int, on: NDArray[np.intp], off: NDArray[np.intp]
) -> tuple[int, int, float]:
    """Pair of edges and time constant whose shape explains most, after differences took out the slow noise."""
    if kind == "bolus":
        pairs = np.stack([on, np.full(on.size, blocks.values.size)], axis=1)
    else:
        both = np.stack(np.meshgrid(on, off, indexing="ij"), axis=-1).reshape(-1, 2)
        pairs = both[both[:, 1] - both[:, 0] >= least]
    good = blocks.good
    # The noise of a neighbour three blocks away is half gone: a first-order filter between level and difference.
    keep = float(np.exp(-blocks.step / (3 * BLOCK)))
    both_good = good[1:] & good[:-1]
    y = np.where(good, blocks.values, 0.0)
    y = (y[1:] - keep * y[:-1])[both_good]
    y = y - y.mean()
    best = (-np.inf, 0, 0, 0.0)
    for time in _TIMES:
        begins, ends = pairs[:, 0], pairs[:, 1]
        shapes = _decay(blocks.edges, begins, time) if kind == "bolus" else _shape(blocks.edges, begins, ends, time)
        x = (shapes[1:] - keep * shapes[:-1])[both_good]
        x = x - x.mean(axis=0)
        size = np.sum(x**2, axis=0)
        along = y @ x * (-1.0 if kind == "drain" else 1.0)
        share = np.where((size > 1e-9) & (along > 0), along**2 / np.maximum(size, 1e-9), 0.0)
        k = int(np.argmax(share))
        if share[k] > best[0]:
            best = (float(share[k]), int(pairs[k, 0]), int(pairs[k, 1]), time)
    return best[1], best[2], best[3]


def _evidence(blocks: Blocks, shape: Samples) -> tuple[float, float]:
    """Size of the shape (mmHg) and ln likelihood ratio of level + shape against the level alone."""
    y = np.where(blocks.good, blocks.values, 0.0)
    flat = np.ones(y.size)
    without = fit_noise(y, [flat], blocks.step, blocks.good)
    with_it = fit_noise(y, [flat, shape], blocks.step, blocks.good)
    return float(with_it.weights[1]), with_it.log_likelihood - without.log_likelihood
