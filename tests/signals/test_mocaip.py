"""Metrics of the mean pulse against closed forms of made pulses; the class index against known orders of P1 and P2."""

from __future__ import annotations

import numpy as np
import pytest
from known_signals import beat_times

from cisterna.signals import class_agreement, class_index, find_beats, find_landmarks, mocaip, pulse_shape
from cisterna.signals.mocaip import METRICS
from cisterna.signals.mocaip_class import classes

PEAKS = ((0.09, 5.0), (0.2, 4.0), (0.36, 3.0))
WIDE = 0.05


def pressure(beats: np.ndarray, rate: float = 125.0, peaks=PEAKS, noise: float = 0.0, wide: float = WIDE) -> np.ndarray:
    """Bells after each foot on 12 mmHg."""
    t = np.arange(0, beats[-1] + 0.8, 1 / rate)
    out = 12.0 + noise * np.random.default_rng(1).standard_normal(t.size)
    for beat in beats:
        out += sum(h * np.exp(-(((t - beat - c) / wide) ** 2)) for c, h in peaks)
    return out


def found(values: np.ndarray, beats: np.ndarray, rate: float = 125.0, r_waves=None) -> dict:
    return {r.id.removeprefix("mocaip_"): r for r in mocaip(pulse_shape(values, rate, beats), r_waves)}


def test_levels_heights_times_and_ratios_are_those_of_the_pulse() -> None:
    beats = beat_times(120, 0.8)
    values = pressure(beats, noise=0.05)
    got = found(values, beats)
    assert list(got) == list(METRICS) and len(METRICS) >= 24
    # Bells overlap: the truth is the sum of the three, at the place of each, above that at the foot.
    foot, *height = [sum(h * np.exp(-(((at - c) / WIDE) ** 2)) for c, h in PEAKS) for at in (0.0, 0.09, 0.2, 0.36)]
    for n in (1, 2, 3):
        assert got[f"dp{n}"].value == pytest.approx(height[n - 1] - foot, rel=0.03)
        assert got[f"l{n}"].value == pytest.approx(PEAKS[n - 1][0], abs=0.012)
    for a, b in ((1, 2), (1, 3), (2, 3)):
        assert got[f"dp{a}{b}"].value == pytest.approx((height[b - 1] - foot) / (height[a - 1] - foot), rel=0.03)
        assert got[f"l{a}{b}"].value == got[f"l{b}"].value - got[f"l{a}"].value
        assert got[f"curv{a}{b}"].value == pytest.approx(got[f"curv{b}"].value / got[f"curv{a}"].value)
    assert got["slope"].value == pytest.approx(got["dp1"].value / got["l1"].value)
    assert got["diastolic"].value == pytest.approx(12.0 + foot, abs=0.1)
    whole = values[int(beats[0] * 125) : int(beats[-1] * 125)]
    assert got["mean"].value == pytest.approx(whole.mean(), rel=0.005)
    assert all(r.low <= r.value <= r.high for r in got.values() if np.isfinite(r.value))
    assert [got[k].unit for k in ("mean", "dp12", "l1", "curv1", "slope")] == ["mmHg", "1", "s", "mmHg/s2", "mmHg/s"]


def test_the_bend_of_a_wide_bell_is_that_of_the_formula() -> None:
    """h exp(-(t/w)^2) has the second derivative -2 h / w^2 at its top; a wide bell passes below 15 Hz."""
    beats = np.arange(1.0, 60.0, 1.0)
    got = found(pressure(beats, 250.0, peaks=((0.22, 6.0),), wide=0.1), beats, 250.0)
    shown = [k for k in (1, 2, 3) if np.isfinite(got[f"curv{k}"].value)]
    assert shown == [2] and got["curv2"].value == pytest.approx(2 * 6.0 / 0.1**2, rel=0.03)
    assert np.isnan(got["dp12"].value) and "a peak is not there" in got["dp12"].note and np.isnan(got["dp12"].low)


@pytest.mark.parametrize("tau", [0.08, 0.15])
def test_the_time_constant_of_a_fall_is_recovered(tau: float) -> None:
    beats = np.arange(0.5, 100.0, 1.5)
    t = np.arange(0, 101.5, 0.008)
    values = np.full(t.size, 10.0)
    for beat in beats:
        at = t - beat
        values += np.where((at > 0) & (at < 0.1), 5.0 * np.sin(np.pi * at / 0.2) ** 2, 0.0)
        values += np.where(at >= 0.1, 5.0 * np.exp(-np.maximum(at - 0.1, 0.0) / tau), 0.0)
        values -= np.where(at >= 1.5, 5.0 * np.exp(-np.maximum(at - 0.1, 0.0) / tau), 0.0)
    assert found(values, beats)["decay"].value == pytest.approx(tau, rel=0.08)


def test_the_delay_to_the_ecg_is_told_where_it_is_recorded() -> None:
    beats = beat_times(100, 0.8)
    values = pressure(beats)
    late = beats - 0.13 + 0.01 * np.random.default_rng(0).standard_normal(beats.size)
    got = found(values, beats, r_waves=late)["lt"]
    assert got.value == pytest.approx(0.13, abs=0.004) and got.low <= 0.13 <= got.high
    none = found(values, beats)["lt"]
    assert np.isnan(none.value) and "no R waves" in none.note


def test_intervals_cover_the_truth() -> None:
    inside = 0
    for seed in range(15):
        rng = np.random.default_rng(seed)
        beats = beat_times(60, 0.8, seed=seed)
        t = np.arange(0, beats[-1] + 0.8, 0.01)
        values = np.full(t.size, 10.0)
        for beat in beats:
            size = 1 + 0.15 * rng.standard_normal()
            values += size * 4.0 * np.exp(-(((t - beat - 0.2) / 0.06) ** 2))
        got = {r.id: r for r in mocaip(pulse_shape(values, 100.0, beats, seed=seed))}["mocaip_wave_amplitude"]
        inside += got.low <= 4.0 <= got.high
    print(f"95 % intervals that cover: {inside} of 15")
    assert inside >= 12


def test_the_class_index_is_the_mean_over_a_window() -> None:
    beats = beat_times(900, 0.8, seed=4)
    narrow = {"rate": 50.0, "wide": 0.035}
    first = pressure(beats, **narrow)
    second = pressure(beats, peaks=((0.09, 4.0), (0.2, 8.0), (0.36, 3.0)), **narrow)
    values = np.where(np.arange(first.size) < 360 * 50, first, second)
    result, series = class_index(pulse_shape(values, 50.0, beats), 120.0)
    assert series.value[[0, 1, 2]].tolist() == [1.0] * 3 and series.value[3:].tolist() == [2.0] * (
        series.value.size - 3
    )
    assert result.value == pytest.approx(1.5, abs=0.02) and result.low < result.value < result.high
    assert "by rule, not the network" in result.note


@pytest.mark.parametrize(("noise", "beats", "least"), [(0.05, 1, 0.95), (0.1, 5, 0.95), (0.2, 5, 0.93), (0.2, 1, 0.6)])
def test_the_rule_agrees_with_known_orders_of_p1_and_p2(noise: float, beats: int, least: float) -> None:
    got = class_agreement(noise, beats, count=200, seed=1)
    print(f"noise {noise:g}, {beats} beats: {got.value:.3f} ({got.low:.3f}..{got.high:.3f})")
    assert got.value >= least


def _drawn(first: bool, noise: float, seed: int, rate: float = 100.0) -> np.ndarray:
    """Two minutes of pulses, P1 or P2 the higher one by a tenth to a half, as `class_agreement` draws them."""
    rng = np.random.default_rng(seed)
    lower = 1 - rng.uniform(0.1, 0.5)
    heights = (1.0, lower, rng.uniform(0.3, 0.6)) if first else (lower, 1.0, rng.uniform(0.3, 0.6))
    places = np.array((0.08, 0.2, 0.38)) + rng.normal(0, 0.01, 3)
    beats = beat_times(150, 0.8, jitter=0.03, seed=seed)
    t = np.arange(0, beats[-1] + 0.8, 1 / rate)
    out = 10 + 0.2 * np.sin(2 * np.pi * t / 4.1) + noise * rng.standard_normal(t.size)
    for beat in beats:
        a, b = int((beat - 0.3) * rate), int((beat + 0.9) * rate)
        out[a:b] += sum(h * np.exp(-(((t[a:b] - beat - c) / 0.035) ** 2)) for h, c in zip(heights, places, strict=True))
    return out


@pytest.mark.parametrize(("noise", "least"), [(0.0, 0.99), (0.1, 0.97), (0.2, 0.92)])
def test_classes_of_a_recording_whose_feet_are_found_agree_as_well(noise: float, least: float) -> None:
    right = []
    for seed in range(16):
        values = _drawn(seed % 2 == 0, noise, seed)
        found = classes(pulse_shape(values, 100.0, find_beats(values, 100.0, "icp")))[1]
        right += ((found == 1) == (seed % 2 == 0)).tolist()
    print(f"noise {noise:g}: {np.mean(right):.3f} of {len(right)} runs")
    assert np.mean(right) >= least


def test_noise_alone_is_classed_by_chance() -> None:
    """With noise ten times the pulse the rule cannot know: a rule that read the truth would still be right."""
    assert class_agreement(10.0, 1, count=100).high < 0.8
    assert find_landmarks(np.zeros(80), 100.0).p1 is None
