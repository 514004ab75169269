"""Can this recording be believed? Integrity of its samples, units where they are needed, plausible size.

The bounds are wide rows of `parameters/recordings.csv` by person (adult, child, infant): they catch a wrong
channel, unit or scale, they diagnose nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameter, Parameters, default_parameters
from cisterna.ground.units import convert, same_dimension
from cisterna.recordings.names import SignalKind, kind_of, pick
from cisterna.recordings.recording import Recording

PERSONS = ("adult", "child", "infant")
#: Kinds of signal whose numbers mean nothing without a unit.
_NEED_UNIT = ("pressure", "velocity", "co2", "trend")


@dataclass(frozen=True)
class Finding:
    """Something wrong with a signal; `grave` means that it must not be used as it is."""

    signal: str
    what: str
    found: str = ""
    mend: str = ""
    grave: bool = True

    def error(self, where: str = "") -> CisternaError:
        """The finding as an error."""
        return CisternaError(self.what, where or self.signal, self.found, self.mend)


def check(rec: Recording, person: str = "adult") -> list[Finding]:
    """What is wrong with a recording, signal by signal; empty when nothing is.

    Examples
    --------
    >>> rec = Recording().with_signal("abp", [33.0, 34.0, 33.5], rate=1.0, unit="mmHg", origin="measured")
    >>> [(f.signal, f.what) for f in check(rec)]
    [('abp', 'mean of abp is not plausible for an adult')]
    """
    if not rec.signals:
        return [Finding("", "the recording holds no signal")]
    return [finding for name in rec.signals for finding in findings(rec, name, person)]


def check_signal(rec: Recording, name: str, person: str = "adult") -> list[Finding]:
    """Refuse a signal with a grave finding; returns the others.

    Raises
    ------
    CisternaError
        All missing, no samples, times that do not rise, no unit where one is needed, wrong kind of unit,
        implausible mean.
    """
    name = pick(rec, name, rec.title)
    found = findings(rec, name, person)
    for finding in found:
        if finding.grave:
            raise finding.error(f"{rec.title}: {name}" if rec.title else name)
    return found


def check_drive(rec: Recording, name: str, person: str = "adult") -> list[Finding]:
    """Refuse a signal that cannot drive a model: see `check_signal`, and too much of it missing.

    Gaps and dropouts inside a signal are for `signals.clean.bridge`; here only samples marked as missing count.

    Raises
    ------
    CisternaError
        As in `check_signal`; or more than the share `drive_missing_most` is missing, or the signal is constant.
    """
    name = pick(rec, name, rec.title)
    found = check_signal(rec, name, person)
    where = f"{rec.title}: {name}" if rec.title else name
    values = rec.values(name)
    if values.ndim > 1:
        found_dims = " x ".join(str(d) for d in rec[name].dims)
        raise CisternaError("a signal with places cannot drive a model", where, found_dims, f"pick one: '{name}(C3)'")
    good = values[np.isfinite(values)]
    if np.ptp(good) <= 1e-12 * max(1.0, float(np.abs(good).max())):
        raise CisternaError("the signal is constant", where, f"{good[0]:g}", "choose another channel")
    most = default_parameters()["drive_missing_most"].value
    first, last = np.flatnonzero(np.isfinite(values))[[0, -1]]
    missing = 1.0 - good.size / (last - first + 1)
    if missing > most:
        text = f"{100 * missing:.0f} % of the samples"
        mend = f"slice a part with less than {100 * most:.0f} % missing"
        raise CisternaError("too much of the signal is missing", where, text, mend)
    return found


def findings(rec: Recording, name: str, person: str = "adult") -> list[Finding]:
    """All findings on one signal, the grave ones first."""
    if person not in PERSONS:
        raise CisternaError(f"unknown person '{person}'", mend=f"one of {', '.join(PERSONS)}")
    values, times = rec.values(name), rec.time(name)
    own = str(rec[name].attrs.get("own_name", name))
    if values.size == 0:
        return [Finding(name, f"{name} has no samples")]
    if np.any(np.diff(times) <= 0) or not np.all(np.isfinite(times)):
        return [Finding(name, f"the times of {name} do not rise", mend="sort the rows or give a rate")]
    good = values[np.isfinite(values)]
    if good.size == 0:
        return [Finding(name, f"every sample of {name} is missing", mend="choose another channel")]
    found = []
    row = kind_of(name)
    if row is not None:
        found += _unit_findings(rec, name, own, row) or _size_findings(rec, name, own, row, person)
    infinite = int(np.isinf(values).sum())
    if infinite:
        found.append(Finding(name, f"{name} holds infinite samples", str(infinite), "read the file again"))
    if values.shape[0] < 2:
        found.append(Finding(name, f"{name} has one sample only"))
    if float(rec.dataset[rec.time_dim(name)].attrs.get("rate", 0.0)) <= 0 and values.shape[0] > 1:
        found.append(Finding(name, f"{name} is not sampled uniformly", grave=False))
    if good.size < values.size:
        share = 100 * (1 - good.size / values.size)
        found.append(Finding(name, f"samples of {name} are missing", f"{share:.2g} %", grave=False))
    for part in str(rec[name].attrs.get("quality", "")).split("; "):
        if "differs" in part or "infinite" in part:
            found.append(Finding(name, f"{name}: {part}", grave=False))
    return sorted(found, key=lambda f: not f.grave)


def _unit_findings(rec: Recording, name: str, own: str, row: SignalKind) -> list[Finding]:
    unit = rec.unit(name)
    if row.kind not in _NEED_UNIT:
        return []
    if not unit:
        mend = f'say its unit if you know it: --units "{own}={row.unit}"'
        return [Finding(name, f"{name} has no unit", f"channel '{own}' is uncalibrated", mend)]
    try:
        same = same_dimension(unit, row.unit)
    except CisternaError:
        same = False
    if not same:
        mend = f'wrong channel? or give --units "{own}={row.unit}"'
        return [Finding(name, f"'{unit}' is not a unit of {row.meaning}", f"channel '{own}'", mend)]
    return []


def _size_findings(rec: Recording, name: str, own: str, row: SignalKind, person: str) -> list[Finding]:
    bounds = plausible(row.canonical, person)
    unit = rec.unit(name)
    if bounds is None or not unit:
        return []
    values = rec.values(name)
    # A huge sample overflows the sum: that mean is not plausible either.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(np.mean(values[np.isfinite(values)]))
    low, high = (convert(edge, bounds.unit, unit) for edge in (bounds.low, bounds.high))
    if low <= mean <= high:
        return []
    who = "an adult" if person == "adult" else f"a{'n' if person == 'infant' else ''} {person}"
    found = f"mean {mean:.4g} {unit}, believed: {low:.4g} to {high:.4g}"
    mend = (
        f'if the scale in the file is wrong give --units "{own}={unit}*k" with the k that mends it, '
        "or use another record"
    )
    return [Finding(name, f"mean of {name} is not plausible for {who}", found, mend)]


def plausible(signal: str, person: str = "adult", parameters: Parameters | None = None) -> Parameter | None:
    """The row of bounds of a signal's mean for a person; the adult row where none is narrower; None without any.

    Examples
    --------
    >>> row = plausible("abp")
    >>> row.low, row.high, row.unit, row.status
    (40.0, 180.0, 'mmHg', 'assumed')
    """
    rows = parameters or default_parameters()
    base = "velocity_mca" if signal.startswith("velocity_mca") else signal
    for key in (f"plausible_{base}_mean_{person}", f"plausible_{base}_mean_adult"):
        if key in rows:
            return rows[key]
    return None
