"""Writing WFDB records (format 16) and the annotations beside them, which hold the events."""

from __future__ import annotations

import math
import re
from datetime import datetime, time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.flat import Frames, Plain, frames
from cisterna.recordings.recording import Recording

#: Highest code of format 16; the lowest but one is its opposite, the lowest (-32768) is an invalid sample.
_TOP = 32767
#: The largest baseline WFDB holds.
_FARTHEST = 2.0**31 - 1e5
_LONGEST_NOTE = 255
#: Marks a second that annotations are told apart by, at least (Hz).
_FINEST = 1000.0


def write_wfdb(rec: Recording, path: Path) -> None:
    """Write `<name>.hea` and `<name>.dat`, and `<name>.atr` when there are events.

    Raises
    ------
    CisternaError
        Irregular times or rates of no common frame; a record name, signal name or unit that WFDB does not allow.
    """
    import wfdb

    name = path.name.rpartition(".")[0]
    if not re.fullmatch(r"[-\w]+", name, re.ASCII):
        mend = "use letters, digits, '-' and '_'"
        raise CisternaError("a WFDB record cannot have this name", str(path), f"'{name}'", mend)
    cut = frames(rec, path, "wfdb")
    for channel in cut.channels:
        if channel.name != channel.name.strip() or not channel.name.isprintable() or not channel.name.isascii():
            mend = "rename it (rec.renamed({...}))"
            raise CisternaError("a WFDB signal cannot have this name", str(path), f"'{channel.name}'", mend)
        if not re.fullmatch(r"[!-~]{0,40}", channel.unit.replace("µ", "u").replace("μ", "u")):
            found, mend = f"'{channel.unit}'", "use a unit without blanks"
            raise CisternaError(f"the unit of '{channel.name}' cannot stand in a WFDB header", str(path), found, mend)
    digital, gains, baselines = zip(*(_digital(channel) for channel in cut.channels), strict=True)
    date, clock = _clock(cut.start)
    wfdb.wrsamp(
        name,
        fs=cut.rate,
        units=[channel.unit.replace("µ", "u").replace("μ", "u") or "NU" for channel in cut.channels],
        sig_name=[channel.name for channel in cut.channels],
        e_d_signal=list(digital),
        samps_per_frame=[channel.per_frame for channel in cut.channels],
        fmt=["16"] * len(digital),
        adc_gain=list(gains),
        baseline=list(baselines),
        base_time=clock,
        base_date=date,
        write_dir=str(path.parent),
    )
    if cut.events:
        _write_annotations(cut, path.with_name(name))


def _digital(channel: Plain) -> tuple[NDArray[np.int64], float, int]:
    """Codes, gain (steps a unit) and baseline: physical = (code - baseline) / gain."""
    finite = channel.values[np.isfinite(channel.values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    middle, half = (low + high) / 2, (high - low) / 2
    gain = (_TOP - 2) / half if half > 0 else (_TOP - 2) / (abs(middle) or 1.0)
    # A small swing far from 0: the baseline bounds the gain.
    gain = min(gain, _FARTHEST / abs(middle)) if middle else gain
    gain = float(f"{gain:.9g}")  # what the header will say
    baseline = -round(middle * gain)
    with np.errstate(invalid="ignore"):
        steps = np.rint(channel.values * gain) + baseline
    return np.where(np.isfinite(steps), steps, -_TOP - 1).astype(np.int64), gain, baseline


def _clock(start: str) -> tuple[Any, time | None]:
    """Date and time of day of the first frame, None where unknown."""
    for text, dated in ((start, True), (f"1904-01-01T{start}", False)):
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            continue
        return (at.date() if dated else None), at.time()
    return None, None


def _write_annotations(cut: Frames, base: Path) -> None:
    """Events as notes on a clock of at least a millisecond; how long one lasts stands in its text."""
    import wfdb

    rate = cut.rate * max(channel.per_frame for channel in cut.channels)
    # A whole multiple of the samples' clock, fine enough for marks set between samples.
    rate *= max(1, math.ceil(_FINEST / rate)) if cut.count / cut.rate * _FINEST < 2**30 else 1
    samples, notes = [], []
    for event in cut.events:
        lasts = f" ({event.duration:.6f}".rstrip("0").rstrip(".") + " s)" if event.duration > 0 else ""
        label = event.label.encode()[: _LONGEST_NOTE - len(lasts)].decode("utf-8", "ignore")
        # The package writes one byte a character.
        notes.append((label + lasts).encode().decode("latin-1") or " ")
        samples.append(max(round(event.time * rate), 0))
    wfdb.wrann(
        base.name,
        "atr",
        np.array(samples, dtype=np.int64),
        symbol=['"'] * len(samples),
        aux_note=notes,
        fs=rate,
        write_dir=str(base.parent),
    )
