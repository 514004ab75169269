"""Resampling and filtering keep time and size."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import as_samples, fill, low_pass, resample, runs, working


@pytest.mark.parametrize("rate", [60.0, 124.945, 250.0, 1000.0])
def test_resampling_shifts_nothing(rate: float) -> None:
    t = np.arange(0, 20, 1 / rate)
    new = resample(80 + 20 * np.sin(2 * np.pi * 1.3 * t), rate, 100.0)
    at = np.arange(new.size) / 100.0
    middle = (at > 1) & (at < 18)
    assert np.abs(new - 80 - 20 * np.sin(2 * np.pi * 1.3 * at))[middle].max() < 0.02


def test_what_the_new_rate_cannot_hold_is_taken_out_first() -> None:
    t = np.arange(0, 10, 0.001)
    new = resample(np.sin(2 * np.pi * 180 * t), 1000.0, 100.0)
    assert np.abs(new[100:-100]).max() < 0.02


def test_the_low_pass_keeps_slow_and_stops_fast() -> None:
    t = np.arange(0, 20, 0.01)
    assert low_pass(np.sin(2 * np.pi * 0.5 * t), 100.0, 5.0)[500] == pytest.approx(
        np.sin(2 * np.pi * 0.5 * 5.0), abs=1e-3
    )
    assert np.abs(low_pass(np.sin(2 * np.pi * 30 * t), 100.0, 5.0)[200:-200]).max() < 1e-3


def test_small_helpers() -> None:
    assert fill(np.array([np.nan, 1.0, np.nan, 3.0, np.nan])).tolist() == [1.0, 1.0, 2.0, 3.0, 3.0]
    assert runs(np.array([False, True, True, False, True])) == [(1, 3), (4, 5)]
    assert working(np.zeros(1000), 1000.0, 100.0, 250.0)[1] == 250.0
    for values, rate in ((np.zeros((2, 2)), 1.0), (np.array([np.nan]), 1.0), (np.zeros(3), 0.0), (np.zeros(3), np.nan)):
        with pytest.raises(CisternaError):
            as_samples(values, rate)


def test_recordings_and_signals_need_no_jax() -> None:
    code = """
import sys
sys.modules["jax"] = None
import cisterna.signals
from cisterna.recordings.load import formats
assert len(formats()) >= 5
"""
    subprocess.run([sys.executable, "-c", code], check=True)
