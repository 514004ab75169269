"""Faults of a signal are found where they are, and rest is no fault."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_signals import beat_times, pressure

from cisterna.recordings import load
from cisterna.signals import find_faults

RATE = 125.0


def _clean() -> np.ndarray:
    return pressure(beat_times(50, 0.8, jitter=0.02), RATE)


def test_a_clean_pulse_has_no_fault() -> None:
    assert find_faults(_clean(), RATE).all() == []


def test_a_gap_is_a_gap() -> None:
    values = _clean()
    values[1000:1200] = np.nan
    assert [str(i) for i in find_faults(values, RATE).all()] == ["8.00-9.60 s gap"]


@pytest.mark.parametrize("steps", [[95.0], [90.0, 103.0, 86.0]])
def test_plateaus_of_self_calibration_are_one_dropout(steps: list[float]) -> None:
    values = _clean()
    plateau = np.repeat(steps, 201 // len(steps))
    values[2000 : 2000 + plateau.size] = plateau + 0.3 * np.random.default_rng(0).standard_normal(plateau.size)
    (fault,) = find_faults(values, RATE).all()
    assert fault.kind == "dropout"
    assert fault.start == pytest.approx(16.0, abs=0.15) and fault.stop == pytest.approx(17.6, abs=0.15)


def test_a_pause_after_an_early_beat_is_no_dropout() -> None:
    assert find_faults(pressure(np.delete(beat_times(50, 0.8), 20), RATE), RATE).dropout == []


def test_a_rest_between_breaths_is_no_fault_and_a_lost_sensor_is() -> None:
    t = np.arange(0, 120, 0.05)
    flow = np.where((t % 10) < 4, np.sin(2 * np.pi * t / 4), 0.0)
    assert find_faults(flow, 20.0, "breath").all() == []
    flow[1200:] = 0.7
    (fault,) = find_faults(flow, 20.0, "breath").flat
    assert fault.start == pytest.approx(60.0, abs=0.1) and fault.stop == pytest.approx(120.0, abs=0.1)


def test_clipping_is_seen_when_it_comes_back() -> None:
    t = np.arange(0, 60, 0.02)
    belt = np.clip(np.sin(2 * np.pi * t / 5), -2, 0.6)
    clipped = find_faults(belt, 50.0, "breath").clipped
    assert len(clipped) == 12 and clipped[0].start < 1.25 < clipped[0].stop


def test_spikes_are_seen_and_r_waves_are_not() -> None:
    values = _clean()
    values[[700, 3000]] += [80.0, -70.0]
    assert [round(i.start, 2) for i in find_faults(values, RATE).spike] == [5.6, 24.0]
    ecg = np.zeros(2000)
    ecg[::100] = 1.0
    assert find_faults(ecg, RATE, "ecg").spike == []


def test_nine_self_calibrations_of_a_finger_cuff(shared_data: Path) -> None:
    rec = load(shared_data / "tcd" / "clintools_abp_mcav_hr_1000hz.h5")
    dropouts = find_faults(rec.values("abp"), 1000.0).dropout
    assert len(dropouts) in (8, 9)
    assert np.median([d.duration for d in dropouts]) == pytest.approx(1.5, abs=0.2)
    assert np.median(np.diff([d.start for d in dropouts])) == pytest.approx(37.0, abs=1.0)
    assert find_faults(rec.values("velocity_mca"), 1000.0, "velocity").dropout == []


def test_self_calibrations_are_marked_by_hand_too(shared_data: Path) -> None:
    rec = load(shared_data / "tcd" / "clintools_abp_mcav_hr_1000hz.h5")
    marks = np.loadtxt(shared_data / "tcd" / "clintools_artefact_intervals.csv", delimiter=",", skiprows=1) - 900.0
    for fault in find_faults(rec.values("abp"), 1000.0).dropout:
        assert np.any((marks[:, 0] < fault.stop) & (marks[:, 1] > fault.start)), str(fault)


def test_a_monitor_that_clips_its_breathing_signal(shared_data: Path) -> None:
    rec = load(shared_data / "wfdb" / "mixedsignals")
    clipped = find_faults(rec.values("resp"), rec.rate("resp"), "breath").clipped
    assert sum(i.duration for i in clipped) > 60.0


@pytest.mark.parametrize("rate", [25.0, 50.0, 125.0, 250.0])
def test_spikes_are_those_of_a_median_over_every_sample(rate: float) -> None:
    """The median is taken only where it can matter; here it is taken everywhere."""
    from scipy.ndimage import median_filter

    for seed in range(10):
        rng = np.random.default_rng(seed)
        values = 0.02 * np.cumsum(rng.standard_normal(2000)) + 0.3 * rng.standard_normal(2000)
        values[rng.integers(0, 2000, 30)] += rng.uniform(-9, 9, 30)
        values[:2] += 5.0
        width = 2 * max(int(0.06 * rate), 1) + 1
        least = 0.6 * 2.0 * np.subtract(*np.percentile(values, [95, 5]))
        far = np.abs(values - median_filter(values, width, mode="nearest")) > least
        mine = np.zeros(values.size, dtype=bool)
        for i in find_faults(values, rate, "trend").spike:
            mine[round(i.start * rate) : round(i.stop * rate)] = True
        assert far.any() and np.array_equal(mine, far)
