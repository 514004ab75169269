"""A damped line is told from a patient whose pressure fell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_signals import beat_times, pressure

from cisterna.ground.parameter import default_parameters
from cisterna.recordings import load
from cisterna.signals import assess, find_beats
from cisterna.signals.damping import beat_sizes

RATE = 125.0


def through_a_line(values: np.ndarray, rate: float, corner: float) -> np.ndarray:
    """First-order line: an over-damped catheter below `corner` Hz."""
    from scipy.signal import butter, sosfilt, sosfilt_zi

    sos = butter(1, corner, fs=rate, output="sos")
    return sosfilt(sos, values, zi=sosfilt_zi(sos) * values[0])[0]


def _damped(values: np.ndarray, rate: float = RATE) -> list:
    quality = assess(values, rate, "pressure", "abp", "mmHg")
    return [i for i in quality.intervals if i.kind == "damped"]


def test_sizes_of_beats_are_those_of_each_beat() -> None:
    beats = beat_times(40, 0.8, jitter=0.02)
    values = pressure(beats, 500.0)
    sizes = beat_sizes(values, 500.0, beats)
    edges = np.round(beats * 500).astype(int)
    spans = list(zip(edges[:-1], edges[1:], strict=True))
    assert np.allclose(sizes.amplitude, [np.ptp(values[a:b]) for a, b in spans])
    assert np.allclose(sizes.mean, [values[a:b].mean() for a, b in spans])
    assert np.allclose(beat_sizes(3 * values + 7, 500.0, beats).steepness, sizes.steepness)


def test_a_damped_stretch_is_found_and_the_same_fall_of_pressure_is_not() -> None:
    values = pressure(beat_times(450, 0.8, jitter=0.03, seed=2), RATE)
    assert _damped(values) == []
    stretch = slice(int(200 * RATE), int(260 * RATE))
    line = values.copy()
    line[stretch] = through_a_line(values, RATE, 1.0)[stretch]
    (found,) = _damped(line)
    assert found.start == pytest.approx(200, abs=8) and found.stop == pytest.approx(260, abs=8)
    dilated = values.copy()
    dilated[stretch] = 80 + 0.5 * (values[stretch] - 80)  # half the pulse pressure, as sharp as before
    assert _damped(dilated) == []
    shock = values.copy()
    shock[stretch] = through_a_line(values, RATE, 1.0)[stretch] - 45  # the mean falls as well: the patient
    assert _damped(shock) == []


def test_a_recorded_pressure_through_a_damped_line(shared_data: Path) -> None:
    rec = load(shared_data / "wfdb" / "03700181")
    values = rec.values("abp")
    assert _damped(values) == [], "nothing in this recording says that its line is damped"
    line = values.copy()
    line[40_000:50_000] = through_a_line(values, RATE, 1.0)[40_000:50_000]
    found = _damped(line)
    print([str(i) for i in found])
    length = sum(max(0.0, min(i.stop, 400.0) - max(i.start, 320.0)) for i in found)
    assert length > 0.8 * 80 and sum(i.duration for i in found) < 100


def test_damping_lowers_steepness_as_a_first_order_line_must() -> None:
    """Closed form: a sine's largest rise in a short step over its size does not depend on the line."""
    t = np.arange(0, 60, 1 / RATE)
    sine = 90 + 20 * np.sin(2 * np.pi * t)
    feet = np.arange(0.75, 59, 1.0)
    pure = beat_sizes(sine, RATE, feet)
    soft = beat_sizes(through_a_line(sine, RATE, 1.0), RATE, feet)
    assert np.allclose(soft.amplitude[5:] / pure.amplitude[5:], 1 / np.sqrt(2), rtol=5e-3)
    assert np.allclose(soft.steepness[5:], pure.steepness[5:], rtol=5e-3)
    values = pressure(beat_times(60, 0.8), RATE)
    feet = find_beats(values, RATE)
    sharp, blunt = (
        np.nanmedian(beat_sizes(x, RATE, feet).steepness) for x in (values, through_a_line(values, RATE, 1.0))
    )
    assert blunt < default_parameters()["quality_damped_steepness"].value * sharp
