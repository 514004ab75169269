"""The evaluator: pieces of a recording in, an evaluation out; the same whether they come from a file or live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna import __version__
from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.units import same_dimension
from cisterna.recordings.check import Finding, findings
from cisterna.recordings.names import kind_of
from cisterna.recordings.recording import Recording
from cisterna.recordings.rules import Event
from cisterna.recordings.stream import stream
from cisterna.signals.evaluate.answers import Answers
from cisterna.signals.evaluate.channel import Channel, Pass, Passed
from cisterna.signals.evaluate.evaluation import RecordingEvaluation

#: Called with the seconds of the recording taken in so far.
Told = Callable[[float], None]
#: Length of the pieces a file is read in, s: an hour of 125 Hz is a few MB.
_PIECE = 3600.0
#: A piece whose first sample is this many samples late follows a gap.
_LATE = 0.5
#: Share of missing samples from which on it is said beside the quality.
_WORTH_TELLING = 0.001


@dataclass(frozen=True)
class Wanted:
    """What a user may ask of an evaluation.

    Attributes
    ----------
    window : float or None
        Window of the correlation indices, s; each index's own (300 s) when None.
    infusion_rate : str
        Rate of the pump, e.g. ``"1.5 mL/min"``; it is never guessed.
    infusion : (float, float) or None
        When the pump ran, s.
    person : str
        Whose plausible ranges: adult, child, infant.
    seed : int
        Of everything that is resampled.
    """

    window: float | None = None
    infusion_rate: str = ""
    infusion: tuple[float, float] | None = None
    person: str = "adult"
    seed: int = 0


class Evaluator:
    """Takes a recording piece by piece.

    Examples
    --------
    >>> t = np.arange(0, 120, 0.01)
    >>> icp = 10 + np.exp(-(((t % 0.8) - 0.2) ** 2) / 0.01)
    >>> rec = Recording().with_signal("icp", icp, rate=100.0, unit="mmHg", level_ref="foramen_monro")
    >>> live = Evaluator()
    >>> for k in range(4):
    ...     live.add(rec.slice(30.0 * k, 30.0 * (k + 1)))
    >>> round(live.finish().result("heart_rate", "icp").value, 2)
    75.0
    """

    def __init__(self, wanted: Wanted | None = None) -> None:
        self.wanted = wanted or Wanted()
        self._passes: dict[str, Pass] = {}
        self._next: dict[str, float] = {}
        self._left_out: dict[str, str] = {}
        self._events: dict[Event, None] = {}
        self._about: Recording | None = None
        self._span = (np.inf, -np.inf)
        self._cycle: Recording | None = None
        self._origin = ""
        self._worlds: list[str] = []

    def add(self, piece: Recording) -> None:
        """Take the next piece of the recording.

        Raises
        ------
        CisternaError
            The piece does not follow the one before it.
        """
        if self._about is None:
            self._about = piece.only()
            self._worlds = _worlds(piece)
            self._origin = next((str(piece[name].attrs["origin"]) for name in piece.signals), "")
        if "flow_curve" in piece.provenance:
            self._cycle = piece  # one cycle, made of many: a length of a beat, nothing to pass over
        first, last = piece.span
        self._span = (min(self._span[0], first), max(self._span[1], last))
        self._events.update(dict.fromkeys(piece.events))
        if self._cycle is not None:
            return
        for name in piece.signals:
            if name not in self._left_out:
                self._take(piece, name)

    def _take(self, piece: Recording, name: str) -> None:
        unit = _usual(name, piece.unit(name))
        values = piece.values(name, unit) if unit != piece.unit(name) else piece.values(name)
        if values.size == 0:
            return
        if values.ndim > 1:
            self._left_out[name] = f"it has {values.shape[1]} places or worlds: take one out of it first"
            return
        rate = float(piece.dataset[piece.time_dim(name)].attrs.get("rate", 0.0))
        start = float(piece.time(name)[0])
        note = str(piece[name].attrs["quality"])
        if rate <= 0 and str(piece[name].attrs["origin"]) == "simulated" and values.size > 1:
            known = self._passes[name].channel.rate if name in self._passes else 0.0
            values, rate, start = _on_a_grid(piece.time(name), values, known)
            note = "; ".join(filter(None, (note, f"from the steps of the solver to {rate:g} Hz by straight lines")))
        if rate <= 0:
            self._left_out[name] = "its samples are not at equal distances: resample it, or write it with one rate"
            return
        if name not in self._passes:
            attrs, row = piece[name].attrs, kind_of(name)
            self._passes[name] = Pass(
                Channel(
                    name, str(attrs["own_name"]), row.kind if row else "", unit, rate, start,
                    str(attrs["level_ref"]), note,
                )
            )  # fmt: skip
            self._next[name] = start
        work, late = self._passes[name], (start - self._next[name]) * rate
        if late < -_LATE:
            found = f"it begins at {start:g} s, the one before ended at {self._next[name]:g} s"
            raise CisternaError(f"a piece of '{name}' does not follow the one before it", piece.title, found)
        if late > _LATE:
            work.add(np.full(int(round(late)), np.nan))
        work.add(values)
        self._next[name] = start + values.size / rate

    def finish(self, progress: Callable[[float, str], None] | None = None) -> RecordingEvaluation:
        """The evaluation of all that was taken in.

        Parameters
        ----------
        progress : callable, optional
            Called with (share done, what happens now).

        Raises
        ------
        CisternaError
            Nothing could be evaluated.
        """
        if self._about is None or not (self._passes or self._left_out or self._cycle):
            raise CisternaError("the recording holds no signal", mend="give a file with samples over time")
        tell = progress or (lambda share, what: None)
        tell(0.0, "beats and pulses")
        passed = {name: work.end() for name, work in self._passes.items()}
        if not passed and self._cycle is None:
            found = "; ".join(f"{name}: {why}" for name, why in self._left_out.items())
            mend = f"say which world: {' or '.join(self._worlds)}" if self._worlds else ""
            raise CisternaError("no channel can be evaluated", self._about.title, found, mend)
        answers = Answers(passed, self._about, tuple(self._events), self.wanted, self._cycle)
        answers.run(tell)
        settings = {"cisterna": __version__, "seed": self.wanted.seed, "not_medical_advice": True}
        return RecordingEvaluation(
            title=self._about.title,
            start=self._about.start,
            origin=self._origin,
            duration=round(float(self._span[1] - self._span[0]), 6),  # the last piece ends there but for rounding
            window=answers.window,
            events=tuple(self._events),
            channels=passed,
            left_out=self._left_out,
            findings=tuple(f for p in passed.values() for f in _findings(p, self.wanted.person)),
            results=tuple(answers.results),
            series=answers.series,
            spectra=answers.spectra,
            reactivity=answers.reactivity,
            infusion=answers.infusion,
            infusion_why=answers.infusion_why,
            rhythm=answers.rhythm,
            flow=answers.flow,
            methods=tuple(answers.methods),
            sources=tuple(answers.sources),
            provenance={**self._about.provenance, **settings},
        )


def evaluate(recording: Recording | Iterable[Recording], wanted: Wanted | None = None) -> RecordingEvaluation:
    """Evaluate a recording, given whole or as its pieces in order.

    Examples
    --------
    >>> t = np.arange(0, 600, 0.01)
    >>> slow = 2 * np.sin(2 * np.pi * t / 120)
    >>> abp = 90 + slow + 20 * np.sin(2 * np.pi * 1.2 * t)
    >>> icp = 10 + 0.5 * slow + 2 * np.sin(2 * np.pi * 1.2 * t)
    >>> rec = Recording().with_signal("abp", abp, rate=100.0, unit="mmHg", level_ref="heart")
    >>> rec = rec.with_signal("icp", icp, rate=100.0, unit="mmHg", level_ref="foramen_monro")
    >>> round(evaluate(rec).result("prx").value, 3)
    1.0
    """
    evaluator = Evaluator(wanted)
    for piece in [recording] if isinstance(recording, Recording) else recording:
        evaluator.add(piece)
    return evaluator.finish()


def evaluate_file(
    path: str | Path,
    wanted: Wanted | None = None,
    *,
    channels: Mapping[str, str] | Iterable[str] | str | None = None,
    units: Mapping[str, str] | str | None = None,
    rate: float | None = None,
    columns: Sequence[str] = (),
    utc_offset: float | None = None,
    world: str = "",
    told: Told | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> RecordingEvaluation:
    """Evaluate a file, read piece by piece: it may be larger than memory.

    Parameters
    ----------
    path, channels, units, rate, columns, utc_offset
        As for `cisterna.load`.
    world : str
        Which of the worlds of a simulated session; the first when omitted.
    told, progress : callable, optional
        Called while reading with the seconds taken in, and afterwards with (share, what happens now).

    Raises
    ------
    CisternaError
        As `load`; nothing to evaluate.
    """
    evaluator = Evaluator(wanted)
    more: dict[str, Any] = {"channels": channels, "units": units, "rate": rate, "columns": columns}
    for piece in stream(path, _PIECE, utc_offset=utc_offset, **more):
        chosen = world or next(iter(_worlds(piece)), "")
        evaluator.add(one_world(piece, chosen) if chosen else piece)
        if told is not None:
            told(piece.span[1])
    return evaluator.finish(progress)


def _worlds(rec: Recording) -> list[str]:
    data = rec.dataset
    return [str(w) for w in data["world"].values] if "world" in data.coords else []


def one_world(rec: Recording, world: str) -> Recording:
    """The signals of one world of a simulated session; what has no worlds stays as it is.

    Raises
    ------
    CisternaError
        No such world, or the recording has none.

    Examples
    --------
    >>> both = Recording().with_signal("icp", [[9.0, 9.5], [9.1, 9.6]], rate=1.0, unit="mmHg", dims=("world",),
    ...                                coords={"world": ["established", "as-taught"]})
    >>> one_world(both, "as-taught").values("icp").tolist()
    [9.5, 9.6]
    """
    known = _worlds(rec)
    if not known:
        raise CisternaError("the recording holds no worlds to choose from", rec.title, mend="leave the world out")
    if world not in known:
        raise UnknownName("world", world, known, where=rec.title)
    return Recording(rec.dataset.isel(world=known.index(world), drop=True)).with_provenance(world=world)


def _on_a_grid(
    time: NDArray[np.float64], values: NDArray[np.float64], rate: float = 0.0
) -> tuple[NDArray[np.float64], float, float]:
    """A computed signal, smooth between the steps of its solver, on a grid from 0 s at its usual step.

    Only for what was computed: between two samples of a measurement nothing is known.
    """
    hertz = rate or float(np.round(1.0 / np.median(np.diff(time)), 3))
    first, last = np.ceil(time[0] * hertz - 1e-6), np.floor(time[-1] * hertz + 1e-6)
    at = np.arange(first, last + 1) / hertz
    return np.interp(at, time, values), hertz, float(at[0])


def _usual(name: str, unit: str) -> str:
    """Unit in which a known signal is evaluated: thresholds and laws are in mmHg, whatever the file counts in."""
    row = kind_of(name)
    return row.unit if row and row.unit and unit and same_dimension(unit, row.unit) else unit


def _findings(passed: Passed, person: str) -> list[Finding]:
    """What makes a channel hard to believe, judged by the means of its epochs."""
    c = passed.channel
    if passed.epochs is None or not c.kind:
        return []
    known = passed.epochs.mean[np.isfinite(passed.epochs.mean)]
    if known.size == 0:
        faults = sorted({i.kind for i in passed.quality.intervals})
        return [Finding(c.name, f"nothing of {c.name} can be believed", ", ".join(faults), "see its quality")]
    means = Recording().with_signal(
        # Twice, so that the one epoch of a short record is not taken for a lost signal.
        c.name, np.repeat(known, 2), rate=2.0 / passed.epochs.length, unit=c.unit, level_ref=c.level_ref,
        origin="measured", own_name=c.own_name,
    )  # fmt: skip
    gone = passed.missing / passed.samples
    found = findings(means, c.name, person)
    if gone >= _WORTH_TELLING:
        found.append(Finding(c.name, f"samples of {c.name} are missing", f"{100 * gone:.2g} %", grave=False))
    return found
