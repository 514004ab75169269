"""An infusion, drain or bolus test in a recording: found, fitted, and told with its limits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import convert, parse
from cisterna.recordings.infusion import infusion_tests
from cisterna.recordings.recording import Recording
from cisterna.recordings.rules import Event
from cisterna.signals.infusion.answers import answers, remarks
from cisterna.signals.infusion.fit import Course, CsfFit, fit_test
from cisterna.signals.infusion.phases import (
    Kind,
    NoInfusionTest,
    Phases,
    find_phases,
    phases_from_events,
    stated_phases,
)
from cisterna.signals.result import Result

Array = NDArray[np.float64]
#: Signal of a simulated run that holds the volume moved so far, mL.
_MOVED = "volume_infused"


@dataclass(frozen=True)
class InfusionTest:
    """A test of the CSF space, told.

    Attributes
    ----------
    channel : str
        Signal it was found in.
    phases : Phases
        Parts of the test, s from the start of the recording.
    results : tuple of Result
        ``rout``, ``elastance``, ``pvi``, ``p0``, ``production``, ``icp_baseline``, ``icp_plateau`` and the static
        counterparts; NaN with the reason in the note where the record does not tell.
    course : Course
        Pressure and fit with its band, to be drawn; s from the start of the recording.
    remarks : tuple of str
        What limits the answer: no plateau, slow waves, one needle, overdrainage, priors at work.
    fit : CsfFit
        Draws, priors and noise; its times count from the first sample.
    """

    channel: str
    phases: Phases
    results: tuple[Result, ...]
    course: Course
    remarks: tuple[str, ...]
    fit: CsfFit

    def __getitem__(self, key: str) -> Result:
        """A result by its id."""
        for result in self.results:
            if result.id == key:
                return result
        raise KeyError(key)

    def lines(self) -> list[str]:
        """The answer in words: phases, results, priors, remarks."""
        p = self.phases
        head = f"{p.kind} {p.pump[0]:.0f}-{p.pump[1]:.0f} s, rest from {p.baseline[0]:.0f} s (times from: {p.how})"
        numbers = [
            f"{r.id:<16} {r.value:8.4g} {r.unit}  95 % {r.low:.4g} to {r.high:.4g}"
            for r in self.results
            if np.isfinite(r.value)
        ]
        priors = [f"prior of {prior}" for prior in self.fit.priors]
        return [head, *numbers, *priors, *self.remarks]


def infusion_test(
    recording: Recording,
    channel: str = "icp",
    *,
    kind: Kind | None = None,
    rate: str | float | None = None,
    volume: str | float | None = None,
    start: float | None = None,
    stop: float | None = None,
    one_needle: bool | None = None,
    recovery: bool | None = None,
    seed: int = 0,
) -> InfusionTest:
    """Find a test in a recording and tell the CSF space behind it.

    The times are taken as stated (`start`, `stop`), else from the events of the recording, else found from the
    pressure alone.

    Parameters
    ----------
    channel : str
        Signal with the pressure.
    kind : {"infusion", "drain", "bolus"}, optional
        By default what the events name, else an infusion.
    rate : str or float, optional
        Rate of the pump (``"1.5 mL/min"``; a bare number is mL/min). Else from the events, from the test that a
        bedside program kept in its file or, of a simulated run, from the volume moved. It is never guessed.
    volume : str or float, optional
        Volume of a bolus (``"4 mL"``).
    start, stop : float, optional
        When the pump ran, s from the start of the recording.
    one_needle, recovery, seed
        As in `fit_test`; whether there was one needle is taken from the file where it says so.

    Returns
    -------
    InfusionTest

    Raises
    ------
    NoInfusionTest
        No test is marked, and slow waves and drift explain the pressure as well as a test does.
    CisternaError
        No such channel, unit or time.

    Examples
    --------
    >>> from cisterna.signals.infusion.marmarou import Marmarou, Pump, simulate
    >>> p = simulate(Marmarou(10.0, 0.2, 2.0, 9.0), [Pump(300, 1500, 1.5)], 1500.0, 5.0, white=0.3, wave=0.5, seed=3)
    >>> rec = Recording().with_signal("icp", p, rate=5.0, unit="mmHg").with_events([(300.0, 1200.0, "infusion")])
    >>> test = infusion_test(rec, rate="1.5 mL/min")
    >>> test["rout"].low < 10.0 < test["rout"].high, test["rout"].unit
    (True, 'mmHg/(mL/min)')
    """
    values = recording.values(channel, "mmHg")
    if values.ndim != 1:
        raise CisternaError(f"signal '{channel}' has places", mend=f"pick one: '{channel}(C3)'")
    hertz, begin = recording.rate(channel), float(recording.time(channel)[0])
    duration = values.size / hertz
    per_minute, amount = _as(rate, "mL/min"), _as(volume, "mL")
    wanted: Kind = kind or ("bolus" if amount is not None else "drain" if (per_minute or 0.0) < 0 else "infusion")
    if start is not None:
        if stop is None and wanted != "bolus":
            raise CisternaError(f"the {wanted} needs a stop", found=f"start {start:g} s", mend="give stop=<s> as well")
        end = stop if stop is not None else start + 1.0
        phases: Phases | None = stated_phases(wanted, start - begin, end - begin, duration)
    else:
        marks = [Event(e.time - begin, e.duration, e.label) for e in recording.events]
        phases = phases_from_events(marks, duration, kind)
        if phases is None:
            phases = find_phases(values, hertz, wanted)
    if phases is None:
        found = f"{duration:.0f} s of '{channel}', no event that names one"
        mend = "if there was one, mark it as an event or give start=, stop= and rate="
        raise NoInfusionTest(f"no {wanted} test found", recording.title, found, mend)
    if phases.kind == "infusion" and (per_minute or 0.0) < 0:
        phases = replace(phases, kind="drain")
    phases = _with_moved(phases, recording, begin)
    kept = infusion_tests(recording) if phases.kind == "infusion" else []
    if kept:
        if kept[0].rate is not None and phases.rate is None:
            phases = replace(phases, rate=_as(kept[0].rate.value, kept[0].rate.unit or "mL/min"))
        one_needle = kept[0].one_needle if one_needle is None else one_needle
    fit = fit_test(
        values, hertz, phases, rate=per_minute, volume=amount, one_needle=bool(one_needle), recovery=recovery, seed=seed
    )
    said = list(remarks(fit))
    if len(kept) > 1:
        said.append(f"the file holds {len(kept)} tests, the first is told: give start and stop for another")
    course = fit.course
    return InfusionTest(
        channel,
        _later(phases, begin),
        answers(fit, channel, begin),
        replace(course, time=course.time + begin),
        tuple(said),
        fit,
    )


def _as(text: str | float | None, unit: str) -> float | None:
    if text is None:
        return None
    value, found = parse(text, default=unit)
    return convert(value, found, unit)


def _with_moved(phases: Phases, recording: Recording, begin: float) -> Phases:
    """Rate (or volume of a bolus) from the volume that a simulated run says was moved."""
    if _MOVED not in recording or phases.rate is not None or phases.volume is not None:
        return phases
    at, moved = recording.time(_MOVED) - begin, recording.values(_MOVED, "mL")
    a, b = np.interp(phases.pump, at, moved)
    if a == b:
        return phases
    if phases.kind == "bolus":
        return replace(phases, volume=float(b - a))
    rate = float((b - a) / (phases.pump[1] - phases.pump[0]) * 60.0)
    return replace(phases, rate=rate, kind="drain" if rate < 0 else "infusion")


def _later(phases: Phases, begin: float) -> Phases:
    def moved(span: tuple[float, float] | None) -> tuple[float, float] | None:
        return None if span is None else (span[0] + begin, span[1] + begin)

    baseline, pump = moved(phases.baseline), moved(phases.pump)
    assert baseline is not None and pump is not None
    return replace(phases, baseline=baseline, pump=pump, plateau=moved(phases.plateau), recovery=moved(phases.recovery))
