"""Sizes of rhythms against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.signals import band_power, fundamental_amplitude, pulse_amplitude

T = np.arange(0, 100, 0.02)


def test_amplitude_of_one_of_several_rhythms() -> None:
    values = 9 + 0.01 * T + 1.2 * np.sin(2 * np.pi * 1.1 * T + 0.4) + 0.7 * np.cos(2 * np.pi * 2.2 * T)
    assert fundamental_amplitude(values, 50.0, 1.1) == pytest.approx(1.2, rel=1e-3)
    assert fundamental_amplitude(values, 50.0, 2.2) == pytest.approx(0.7, rel=1e-3)
    assert fundamental_amplitude(values, 50.0, 1.7) < 0.02


def test_amplitude_does_not_shrink_with_a_gap() -> None:
    values = 1.5 * np.sin(2 * np.pi * 1.1 * T)
    values[1000:3000] = np.nan
    assert fundamental_amplitude(values, 50.0, 1.1) == pytest.approx(1.5, rel=1e-9)


def test_amplitude_needs_a_period_and_half_the_rate() -> None:
    with pytest.raises(CisternaError, match="less than one period"):
        fundamental_amplitude(T[:20], 50.0, 1.0)
    with pytest.raises(CisternaError, match="outside"):
        fundamental_amplitude(T, 50.0, 25.0)


def test_peak_to_peak_of_each_pulse() -> None:
    size = np.where(T < 50, 3.0, 1.0)
    amplitude = pulse_amplitude(size * np.sin(2 * np.pi * T), 50.0, np.arange(0, 100.0))
    assert np.allclose(amplitude[:49], 6.0, rtol=0.01) and np.allclose(amplitude[50:], 2.0, rtol=0.01)


def test_a_pulse_with_a_missing_sample_has_no_size() -> None:
    values = np.sin(2 * np.pi * T)
    values[60] = np.nan
    assert np.isnan(pulse_amplitude(values, 50.0, [0.0, 1.0, 2.0, 3.0])).tolist() == [False, True, False]
    assert np.isnan(pulse_amplitude(values, 50.0, [-1.0, 0.0]))[0]


def test_power_of_a_sine_lies_in_its_band() -> None:
    values = 2.0 * np.sin(2 * np.pi * 0.1 * T)
    assert band_power(values, 50.0, 0.05, 0.2) == pytest.approx(2.0, rel=0.02)
    assert band_power(values, 50.0, 0.5, 2.0) < 0.002


def test_power_of_white_noise_is_spread_evenly() -> None:
    values = np.random.default_rng(0).standard_normal(200_000)
    assert band_power(values, 100.0, 5.0, 15.0) == pytest.approx(10.0 / 50.0, rel=0.03)


def test_power_refuses_gaps_and_bands_it_cannot_see() -> None:
    with pytest.raises(CisternaError, match="missing"):
        band_power(np.where(T > 50, np.nan, T), 50.0, 0.1, 0.2)
    with pytest.raises(CisternaError, match="does not fit"):
        band_power(T, 50.0, 10.0, 30.0)
    with pytest.raises(CisternaError, match="too short"):
        band_power(np.sin(T[:200]), 50.0, 0.01, 0.02)
