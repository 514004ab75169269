"""Plateau and B waves found one by one, power in bands."""

from __future__ import annotations

import numpy as np
import pytest
from made_epochs import made

from cisterna.signals import Epochs, index
from cisterna.signals.indices.bands import squared, trace
from cisterna.signals.indices.waves import _poisson, b_waves, plateau_waves


def _pressure(*waves: tuple[float, float, float, float], hours: float = 4.0) -> np.ndarray:
    """10-s means of ICP: 18 mmHg, and waves of (start min, rise min, stay min, top mmHg)."""
    minute = np.arange(int(360 * hours)) / 6
    icp = 18 + 0.5 * np.random.default_rng(0).standard_normal(minute.size)
    for start, rise, stay, top in waves:
        knots = [start, start + rise, start + rise + stay, start + rise + stay + 2]
        icp += np.interp(minute, knots, [0, top - 18, top - 18, 0])
    return icp


def test_plateau_waves_are_found_with_their_size() -> None:
    icp = made(_pressure((30, 1.5, 10, 60), (90, 2, 7, 50), (150, 1, 15, 75)))
    found = plateau_waves(icp)
    assert [round(w.start / 60) for w in found] == pytest.approx([31, 91, 150], abs=1)
    assert [w.top for w in found] == pytest.approx([60, 50, 75], abs=0.6)
    assert [w.height for w in found] == pytest.approx([42, 32, 57], abs=0.8)
    assert [w.duration / 60 for w in found] == pytest.approx([11.5, 8.4, 16.4], abs=0.8)
    result = index("plateau_waves").summary({"icp": icp})
    assert result.value == pytest.approx(0.75) and result.extra["count"] == 3 and result.low < 0.75 < result.high
    moving = index("plateau_waves").compute({"icp": icp}, 3600, 3600)
    assert moving.value.tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize(
    "wave",
    [
        (60, 1, 3, 60),  # three minutes
        (60, 1, 40, 60),  # sustained hypertension
        (60, 1, 10, 38),  # too low
        (60, 25, 10, 50),  # a slow climb
    ],
)
def test_what_is_no_plateau_wave(wave) -> None:
    assert plateau_waves(made(_pressure(wave))) == []


def test_a_short_dip_or_gap_does_not_split_a_wave() -> None:
    icp = _pressure((60, 1, 12, 60))
    icp[400], icp[410:412] = 30, np.nan
    assert len(plateau_waves(made(icp))) == 1
    assert plateau_waves(made(icp[372:])) == []  # begins with the wave: what was before is unknown


def test_b_waves_are_counted() -> None:
    """One a minute for 30 min, 6 mmHg high, on slow drift and breath."""
    t = np.arange(0, 1800, 0.1)
    x = 15 + 3 * np.sin(2 * np.pi * t / 60) + 4 * np.sin(2 * np.pi * t / 900) + np.sin(2 * np.pi * 0.25 * t)
    icp = Epochs.of(x, 10.0, "pressure", unit="mmHg")
    rate, height = index("b_waves").results({"icp": icp})
    assert rate.value == pytest.approx(1.0, abs=0.05) and rate.low < 1 < rate.high
    assert height.value == pytest.approx(6.0, rel=0.1)
    quiet = Epochs.of(x - 3 * np.sin(2 * np.pi * t / 60), 10.0, "pressure", unit="mmHg")
    assert index("b_waves").summary({"icp": quiet}).value == 0
    x[6000:7000] = np.nan
    waves, searched = b_waves(Epochs.of(x, 10.0, "pressure", unit="mmHg"))
    assert searched == pytest.approx(1700, abs=2) and len(waves) / searched * 60 == pytest.approx(1.0, abs=0.08)


def test_power_of_five_sines() -> None:
    """Each band holds a^2 / 2 of its sine; the loss by averaging in cells is made good."""
    t = np.arange(0, 3600, 1 / 40)
    parts = {"slow": (3.0, 0.04), "b": (2.0, 0.0167), "mayer": (1.5, 0.1), "breath": (1.0, 0.3), "heart": (2.5, 1.2)}
    x = 10 + sum(a * np.sin(2 * np.pi * f * t) for a, f in parts.values())
    person = Epochs.of(x, 40.0, "pressure", unit="mmHg")
    found = {r.id.removeprefix("power_"): r for r in index("power").results({"icp": person})}
    truth = {name: a**2 / 2 for name, (a, _) in parts.items()}
    truth["slow"] += truth["b"]
    for name, value in truth.items():
        print(f"power {name}: {found[name].value:.3f} (true {value:.3f})")
        assert found[name].value == pytest.approx(value, rel=0.02) and found[name].unit == "mmHg2"
    series = index("power").series({"icp": person}, 1200.0)[2]
    assert np.allclose(series.value, truth["mayer"], rtol=0.03)


def test_trace_fills_nothing_but_bears_a_lost_sample() -> None:
    x = np.sin(2 * np.pi * 0.02 * np.arange(0, 600, 0.1))
    x[1003], x[3000:3100] = np.nan, np.nan
    values, rate = trace(Epochs.of(x, 10.0, "trend"), 0.05)
    assert rate == 1.0 and np.isnan(values).sum() == 10 and np.isfinite(values[100])
    assert values[100] == pytest.approx(np.nanmean(x[1000:1010]))
    slow = {r.id: r for r in index("power").results({"icp": Epochs.of(x[:100:10], 1.0, "trend")})}
    assert np.isnan(slow["power_heart"].value) and "too slowly" in slow["power_heart"].note
    assert squared("cm/s") == "cm2/s2"


def test_counts_have_exact_intervals() -> None:
    """Garwood's interval: 0 of an hour to 3.69; 10 from 4.80 to 18.39; covers at any rate."""
    assert _poisson(0, 1.0) == pytest.approx((0, 0, 3.6889), rel=1e-4)
    assert _poisson(10, 1.0) == pytest.approx((10, 4.7954, 18.3904), rel=1e-4)
    counts = np.random.default_rng(1).poisson(4.0, 1000)
    inside = [low <= 4 <= high for _, low, high in (_poisson(int(c), 1.0) for c in counts)]
    assert np.mean(inside) >= 0.95
