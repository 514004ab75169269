"""A measured signal as the drive of a model: arterial pressure, the heart's phase, the breath, on one grid.

A calibrated arterial pressure drives by its waveform; any other heart signal by the phase of the heart; a
breathing signal by the phase and depth of the breath. The report says what was measured, what is left to the
model, and what was bridged.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import convert
from cisterna.recordings.check import check_drive, plausible
from cisterna.recordings.names import kind_of, pick
from cisterna.recordings.recording import Recording
from cisterna.recordings.rules import UNCALIBRATED
from cisterna.signals.beats import find_beats, find_breaths, per_minute
from cisterna.signals.clean import BridgeReport, bridge
from cisterna.signals.faults import Interval
from cisterna.signals.grid import Samples, resample

#: Samples a second of the grid that drives a model (Hz).
DRIVE_RATE = 100.0
_HEART = {"abp": "abp", "icp": "icp", "icp_ventricular": "icp", "pap": "abp", "ppg": "ppg", "ecg": "ecg"}


@dataclass(frozen=True)
class DriveSignals:
    """Arrays over `time` that drive a model; what was not measured is None and left to the model.

    Attributes
    ----------
    time : array (time,)
        s from the start of the drive; the drive begins at `start` s of the recording.
    rate, start : float
        Samples a second (Hz), s.
    abp : array or None
        Arterial pressure, mmHg, at the level the recording states.
    heart_phase, breath_phase : array or None
        Cycles since the first beat or breath, rising, negative before it; a whole number where one begins. A beat
        begins at the foot of the pulse (or the R wave), a breath with inspiration.
    breath_depth : array or None
        Depth of each breath over the median depth of all.
    etco2 : array or None
        End-tidal carbon dioxide, mmHg, held through the next breath.
    beats, breaths : array
        Times of their beginnings, s on `time`.
    origin : dict
        For each of heart, abp, breath, etco2: ``measured`` (from which signal) or ``modelled``.
    bridges : tuple of BridgeReport
        What was bridged in each signal.
    notes : tuple of str
        Assumptions made.
    """

    time: NDArray[np.float64]
    rate: float
    start: float
    abp: NDArray[np.float64] | None = None
    heart_phase: NDArray[np.float64] | None = None
    breath_phase: NDArray[np.float64] | None = None
    breath_depth: NDArray[np.float64] | None = None
    etco2: NDArray[np.float64] | None = None
    beats: NDArray[np.float64] = field(default_factory=lambda: np.array([]))
    breaths: NDArray[np.float64] = field(default_factory=lambda: np.array([]))
    origin: dict[str, str] = field(default_factory=dict)
    bridges: tuple[BridgeReport, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def duration(self) -> float:
        """Length of the drive, s."""
        return float(self.time[-1])

    @property
    def heart_rate(self) -> float:
        """Beats a minute from the median interval; NaN when the heart was not measured."""
        return per_minute(self.beats) if self.beats.size > 1 else float("nan")

    @property
    def breath_rate(self) -> float:
        """Breaths a minute from the median interval; NaN when breathing was not measured."""
        return per_minute(self.breaths) if self.breaths.size > 1 else float("nan")

    @property
    def bridged(self) -> list[Interval]:
        """Every bridged stretch, times in the recording."""
        return [interval for report in self.bridges for interval in report.intervals]

    def report(self) -> list[str]:
        """What was measured, what is modelled, what was bridged, what was assumed; one line each."""
        lines = [f"drive of {self.duration:.1f} s at {self.rate:g} Hz, from {self.start:.2f} s of the recording"]
        lines += [f"{part}: {text}" for part, text in self.origin.items()]
        if self.beats.size > 1:
            lines.append(f"heart rate {self.heart_rate:.1f}/min")
        if self.breaths.size > 1:
            lines.append(f"breathing rate {self.breath_rate:.1f}/min")
        return [*lines, *(line for report in self.bridges for line in report.lines()), *self.notes]


def heart_and_breath_from(rec: Recording, signal: str, breath: str | None = "", person: str = "adult") -> DriveSignals:
    """What a recording can drive in a model.

    Parameters
    ----------
    rec : Recording
        The recording.
    signal : str
        The signal to drive by: arterial pressure, plethysmogram, ECG, another pressure, breathing, or CO2.
    breath : str or None, optional
        A second signal for the breath. By default the only breathing (else CO2) signal of the recording; None
        leaves the breath to the model.
    person : {"adult", "child", "infant"}
        Whose bounds the checks take.

    Returns
    -------
    DriveSignals
        On a 100 Hz grid, from the first to the last moment at which all signals used were recorded.

    Raises
    ------
    CisternaError
        The signal is refused by `check_drive`, cannot be bridged, shows no rhythm or one that is not plausible,
        or is of a kind that drives nothing.

    Examples
    --------
    >>> t = np.arange(0, 30, 0.01)
    >>> wave = 80 + 40 * np.exp(-((t % 0.8) - 0.2) ** 2 / 0.01)
    >>> rec = Recording().with_signal("abp", wave, rate=100.0, unit="mmHg", level_ref="heart", origin="measured")
    >>> drive = heart_and_breath_from(rec, "abp")
    >>> round(drive.heart_rate), drive.origin["breath"], drive.abp.size == drive.time.size
    (75, 'modelled', True)
    """
    name = pick(rec, signal, rec.title)
    row = kind_of(name)
    kind = row.kind if row else ""
    base = row.canonical if row else ""
    if kind in ("breath", "co2"):
        heart, lung = "", name
    elif base in _HEART or kind == "velocity":
        heart, lung = name, _breath_signal(rec, breath)
    else:
        mend = "drive by arterial pressure, plethysmogram, ECG, breathing or CO2"
        raise CisternaError(f"'{name}' drives nothing", where=rec.title, found=base or "a kind not known", mend=mend)
    notes: list[str] = []
    used = {}
    for part in (heart, lung):
        if part:
            used[part] = _bridged(rec, part, person)
    start = max(report.start for _, report in used.values())
    stop = min(report.start + (values.size - 1) / report.rate for values, report in used.values())
    if stop - start < 2.0:
        raise CisternaError("the signals of the drive hardly overlap", rec.title, f"{max(stop - start, 0):.1f} s")
    time = np.arange(int(np.floor((stop - start) * DRIVE_RATE + 1e-6)) + 1) / DRIVE_RATE
    drive: dict[str, object] = {}
    origin = {"heart": "modelled", "abp": "modelled", "breath": "modelled", "etco2": "modelled"}
    if heart:
        drive |= _heart(rec, heart, base, used[heart], start, time, person, origin, notes)
    if lung:
        drive |= _breath(rec, lung, used[lung], start, time, origin, notes)
    bridges = tuple(report for _, report in used.values())
    return DriveSignals(time, DRIVE_RATE, start, origin=origin, bridges=bridges, notes=tuple(notes), **drive)  # type: ignore[arg-type]


def _breath_signal(rec: Recording, breath: str | None) -> str:
    """The breathing signal asked for, else the only one there is, else none."""
    if breath is None:
        return ""
    if breath:
        name = pick(rec, breath, rec.title)
        row = kind_of(name)
        if row is None or row.kind not in ("breath", "co2"):
            raise CisternaError(f"'{name}' is no breathing signal", where=rec.title, mend="name one, or breath=None")
        return name
    for kind in ("breath", "co2"):
        found = [name for name in rec.signals if (row := kind_of(name)) is not None and row.kind == kind]
        if len(found) == 1:
            return found[0]
    return ""


def _bridged(rec: Recording, name: str, person: str) -> tuple[Samples, BridgeReport]:
    """A checked and bridged signal at its own rate (irregular times: at the rate of the drive)."""
    row = kind_of(name)
    # Timing needs no unit: an uncalibrated pressure still tells when the heart beats.
    if not (row is not None and row.kind == "pressure" and not rec.unit(name)):
        check_drive(rec, name, person)
    irregular = float(rec.dataset[rec.time_dim(name)].attrs.get("rate", 0.0)) <= 0
    return bridge(rec, name, rate=DRIVE_RATE if irregular else None)


def _heart(
    rec: Recording,
    name: str,
    base: str,
    used: tuple[Samples, BridgeReport],
    start: float,
    time: Samples,
    person: str,
    origin: dict[str, str],
    notes: list[str],
) -> dict[str, object]:
    values, report = used
    what = f"measured, {name} ({rec[name].attrs['own_name']})"
    beats = find_beats(values, report.rate, _HEART.get(base, "abp")) + report.start - start
    out: dict[str, object] = {}
    unit = rec.unit(name)
    if base == "abp" and unit:
        out["abp"] = _window(values, report, start, time) * convert(1.0, unit, "mmHg")
        origin["abp"] = f"{what}, given in {unit}, level: {rec[name].attrs['level_ref']}"
        if rec[name].attrs.get("level_status"):
            notes.append(f"{name}: level '{rec[name].attrs['level_ref']}' is assumed, the file states none")
    elif base == "abp":
        notes.append(f"{name} is {UNCALIBRATED}: it drives the timing of the heart, the pressure is modelled")
    beats = _inside(beats, time, "heartbeat")
    rate = per_minute(beats)
    bounds = plausible("heart_rate", person)
    if bounds is not None and not bounds.low <= rate <= bounds.high:
        found = f"{rate:.0f}/min, believed: {bounds.low:g} to {bounds.high:g}"
        mend = "choose another channel, or say whose it is: person='infant'"
        raise CisternaError("the heart rate found is not plausible", f"{rec.title}: {name}", found, mend)
    origin["heart"] = what
    return out | {"beats": beats, "heart_phase": _phase(beats, time)}


def _breath(
    rec: Recording,
    name: str,
    used: tuple[Samples, BridgeReport],
    start: float,
    time: Samples,
    origin: dict[str, str],
    notes: list[str],
) -> dict[str, object]:
    values, report = used
    row = kind_of(name)
    own = str(rec[name].attrs["own_name"])
    kind = "co2" if row and row.kind == "co2" else ("flow" if "flow" in f"{own} {name}".lower() else "volume")
    breaths = find_breaths(values, report.rate, kind) + report.start - start
    breaths = _inside(breaths, time, "breath")
    cut = _window(values, report, start, time)
    origin["breath"] = f"measured, {name} ({own})"
    if kind == "volume":
        notes.append(f"{name}: taken to rise with inspiration")
    elif kind == "flow":
        notes.append(f"{name}: positive flow taken as inspiration")
    clipped = sum(i.duration for i in report.left if i.kind == "clipped")
    if clipped and kind == "volume":
        notes.append(f"{name}: clipped for {clipped:.1f} s, so the depth of its breaths is a lower bound")
    out: dict[str, object] = {"breaths": breaths, "breath_phase": _phase(breaths, time)}
    edges = np.round(breaths * DRIVE_RATE).astype(int)
    parts = [cut[a:b] for a, b in zip(edges[:-1], edges[1:], strict=True)]
    if kind == "co2":
        notes.append(f"{name}: tells when, not how deep, a breath is; depth taken as 1")
        out["breath_depth"] = np.ones(time.size)
        if rec.unit(name):
            factor = convert(1.0, rec.unit(name), "mmHg")
            # The plateau before the fall, not a spike on it.
            ends = np.array([float(np.percentile(part, 95)) for part in parts]) * factor
            out["etco2"] = _held(ends, breaths[1:], time)
            origin["etco2"] = f"measured, {name} ({own})"
        return out
    # Flow is summed over the breathing in to a volume; a volume signal gives its swing.
    depths = [np.maximum(p - np.median(cut), 0.0).sum() if kind == "flow" else np.ptp(p) for p in parts]
    sizes = np.array(depths, dtype=np.float64)
    usual = float(np.median(sizes))
    if usual <= 0:
        raise CisternaError("the breaths have no depth", f"{rec.title}: {name}", mend="is it the right channel?")
    out["breath_depth"] = _held(sizes / usual, breaths[:-1], time)
    return out


def _window(values: Samples, report: BridgeReport, start: float, time: Samples) -> Samples:
    """The part of a signal on the grid of the drive."""
    grid = resample(values, report.rate, DRIVE_RATE, start=max(start - report.start, 0.0))
    if grid.size < time.size:  # the last moment falls a rounding short of the grid
        grid = np.concatenate([grid, np.full(time.size - grid.size, grid[-1])])
    return grid[: time.size]


def _inside(marks: Samples, time: Samples, what: str) -> Samples:
    marks = marks[(marks >= 0) & (marks <= time[-1])]
    if marks.size < 3:
        mend = "use a longer part or another channel"
        raise CisternaError(f"too few {what}s to drive by", found=f"{marks.size} in {time[-1]:.1f} s", mend=mend)
    return marks


def _phase(marks: Samples, time: Samples) -> Samples:
    """Cycles since the first mark; before the first and after the last the neighbouring interval goes on."""
    first, last = marks[1] - marks[0], marks[-1] - marks[-2]
    before = int(np.ceil(marks[0] / first))
    after = int(np.ceil((time[-1] - marks[-1]) / last)) + 1
    lead = marks[0] - first * np.arange(before, 0, -1)
    tail = marks[-1] + last * np.arange(1, after + 1)
    every = np.concatenate([lead, marks, tail])
    return np.interp(time, every, np.arange(every.size) - float(before))


def _held(values: Samples, marks: Samples, time: Samples) -> Samples:
    """Each value from its mark on until the next."""
    index = np.clip(np.searchsorted(marks, time, side="right") - 1, 0, values.size - 1)
    return values[index]
