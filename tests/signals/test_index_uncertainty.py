"""Intervals cover: simulated signals with memory whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from made_epochs import made, memory_noise

from cisterna.signals import spectrum
from cisterna.signals.indices._uncertainty import (
    block_length,
    correlations,
    effective_number,
    lines,
    mean_of,
    means,
    memory,
    redraw,
)
from cisterna.signals.indices.correlations import PRx


def _covered(low, high, truth) -> float:
    return float(np.mean((np.asarray(low) <= truth) & (truth <= np.asarray(high))))


@pytest.mark.parametrize(("phi", "size"), [(0.0, 30), (0.5, 60), (0.8, 120)])
def test_mean_of_a_window(phi: float, size: int) -> None:
    e = means(memory_noise(np.random.default_rng(0), 1500, size, phi) + 10)
    share = _covered(e.low, e.high, 10.0)
    naive = np.mean(np.abs(e.value - 10) < 2 / np.sqrt(size))
    print(f"mean, memory {phi}, {size} epochs: {100 * share:.1f} % (as if independent: {100 * naive:.0f} %)")
    assert 0.92 <= share <= 0.985


@pytest.mark.parametrize(("phi", "size"), [(0.0, 100), (0.5, 360), (0.8, 360), (0.9, 1000)])
def test_mean_of_a_record(phi: float, size: int) -> None:
    rows = memory_noise(np.random.default_rng(1), 500, size, phi)
    found = np.array([mean_of(row) for row in rows])
    share = _covered(found[:, 1], found[:, 2], 0.0)
    print(f"mean of a record, memory {phi}, {size} epochs: {100 * share:.1f} %")
    assert 0.91 <= share <= 0.985


def test_effective_number_against_theory() -> None:
    """n (1 - phi) / (1 + phi) for a first-order autoregression."""
    rows = memory_noise(np.random.default_rng(2), 60, 4000, 0.8)
    mean = np.mean([effective_number(row) for row in rows])
    assert mean == pytest.approx(4000 * 0.2 / 1.8, rel=0.12)


def test_memory_is_unbiased_in_short_windows() -> None:
    rows = memory_noise(np.random.default_rng(3), 4000, 30, 0.5)
    assert memory(rows).mean() == pytest.approx(0.5, abs=0.03)
    rows[:, ::7] = np.nan
    assert memory(rows).mean() == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8, -0.6])
@pytest.mark.parametrize(("phi", "size"), [(0.0, 30), (0.5, 30), (0.8, 60)])
def test_correlation_of_a_window(rho: float, phi: float, size: int) -> None:
    rng = np.random.default_rng(4)
    x, other = memory_noise(rng, 1500, size, phi), memory_noise(rng, 1500, size, phi)
    e = correlations(x, rho * x + np.sqrt(1 - rho**2) * other)
    share = _covered(e.low, e.high, rho)
    print(f"correlation {rho}, memory {phi}, {size} epochs: {100 * share:.1f} %")
    assert 0.90 <= share <= 0.985
    assert np.nanmean(e.value) == pytest.approx(rho, abs=0.06)


@pytest.mark.parametrize("minutes", [20, 120])
def test_prx_of_a_record(minutes: int) -> None:
    """The summary over 20 min and 2 h, with memory 0.6 and a true correlation of 0.3."""
    rng = np.random.default_rng(5)
    size, rho, found = 6 * minutes, 0.3, []
    for x, other in zip(memory_noise(rng, 300, size, 0.6), memory_noise(rng, 300, size, 0.6), strict=True):
        icp = rho * x + np.sqrt(1 - rho**2) * other
        result = PRx().summary({"icp": made(10 + icp), "abp": made(80 + 5 * x)})
        found.append((result.value, result.low, result.high))
    low, high = np.array(found)[:, 1], np.array(found)[:, 2]
    share = _covered(low, high, rho)
    print(f"PRx over {minutes} min: {100 * share:.1f} %, mean width {np.mean(high - low):.2f}")
    assert 0.90 <= share <= 0.99


@pytest.mark.parametrize("phi", [0.0, 0.7])
def test_line_and_where_it_meets_zero(phi: float) -> None:
    rng = np.random.default_rng(6)
    x = 15 + 4 * memory_noise(rng, 1000, 180, 0.9)
    slope, zero = lines(x, 0.2 * (x - 3.0) + 0.4 * memory_noise(rng, 1000, 180, phi))
    shares = _covered(slope.low, slope.high, 0.2), _covered(zero.low, zero.high, 3.0)
    print(f"line, memory of the residuals {phi}: slope {100 * shares[0]:.1f} %, zero {100 * shares[1]:.1f} %")
    assert all(0.91 <= share <= 0.985 for share in shares)


@pytest.mark.parametrize("phi", [0.0, 0.8])
def test_power_in_a_band(phi: float) -> None:
    """The power of a first-order autoregression between two frequencies is known in closed form."""
    f = np.linspace(0.05, 0.15, 2001)
    density = 2 * (1 - phi**2) / np.abs(1 - phi * np.exp(-2j * np.pi * f)) ** 2
    truth = float(np.trapezoid(density, f))
    rows = memory_noise(np.random.default_rng(7), 1500, 900, phi)
    found = np.array([spectrum(row, 1.0, 80.0).band(0.05, 0.15) for row in rows])
    share = _covered(found[:, 1], found[:, 2], truth)
    print(f"band power, memory {phi}: {100 * share:.1f} %, bias {found[:, 0].mean() / truth - 1:+.3f}")
    assert 0.92 <= share <= 0.98
    assert found[:, 0].mean() == pytest.approx(truth, rel=0.03)


def test_blocks_of_the_resampling() -> None:
    """Mean block length as asked, every value equally often; blocks grow with memory."""
    draws = redraw(500, 20.0, 400, seed=1)
    joined = (np.diff(draws, axis=1) % 500 == 1).mean()
    assert joined == pytest.approx(1 - 1 / 20, abs=0.005)
    assert np.bincount(draws.ravel(), minlength=500).std() < 60
    assert np.array_equal(draws, redraw(500, 20.0, 400, seed=1))
    rng = np.random.default_rng(8)
    lengths = [np.mean([block_length(row) for row in memory_noise(rng, 20, 1000, phi)]) for phi in (0.0, 0.5, 0.9)]
    print("blocks of Politis and White for memory 0, 0.5, 0.9:", np.round(lengths, 1))
    assert lengths[0] < 5 < lengths[1] < lengths[2]


def test_resampled_mean_covers() -> None:
    rows, inside = memory_noise(np.random.default_rng(9), 200, 400, 0.7), []
    for k, row in enumerate(rows):
        again = row[redraw(400, block_length(row), 200, seed=k)].mean(axis=1)
        low, high = np.percentile(again, [2.5, 97.5])
        inside.append(low <= 0 <= high)
    print(f"stationary bootstrap of a mean, memory 0.7: {100 * np.mean(inside):.1f} %")
    assert np.mean(inside) > 0.87
