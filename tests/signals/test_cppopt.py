"""CPPopt: recovery of a known optimum, coverage, and every reason to give none."""

from __future__ import annotations

import numpy as np
import pytest
from made_epochs import made, memory_noise

from cisterna.signals.indices.cppopt import CPPopt, Rules, reactivity_by_cpp


def _person(truth, hours: float, seed: int) -> dict:
    """CPP held at levels of 50 to 100 mmHg for 10 min each; correlation of ICP and ABP as `truth` of the level."""
    rng = np.random.default_rng(seed)
    size = int(360 * hours)
    level = np.repeat(rng.uniform(50, 100, size // 60 + 1), 60)[:size]
    rho = truth(level)
    x, other = memory_noise(rng, 2, size, 0.4)
    icp = 12 + rho * x + np.sqrt(1 - rho**2) * other
    return {"icp": made(icp), "abp": made(level + 12 + 3 * x)}


def _reactivity(level: np.ndarray) -> np.ndarray:
    return np.tanh(0.0016 * (level - 78) ** 2 - 0.3)


def test_the_optimum_is_recovered_and_covered() -> None:
    inside, values = [], []
    for seed in range(25):
        result = CPPopt().summary(_person(_reactivity, 16, seed))
        values.append(result.value)
        inside.append(result.low <= 78 <= result.high)
    print(
        f"CPPopt, true 78: {np.nanmean(values):.2f} +- {np.nanstd(values):.2f}, {100 * np.mean(inside):.0f} % covered"
    )
    assert np.isfinite(values).mean() > 0.95
    assert np.nanmean(values) == pytest.approx(78, abs=1.0)
    assert np.mean(inside) >= 0.85


def test_table_of_bins() -> None:
    signals = _person(_reactivity, 24, 3)
    bins = CPPopt().bins(signals)
    used = bins.used
    assert np.allclose(np.diff(bins.cpp), 5) and bins.share.sum() == pytest.approx(1)
    assert (bins.low[used] <= bins.prx[used]).all() and (bins.prx[used] <= bins.high[used]).all()
    best = bins.cpp[used][np.argmin(bins.prx[used])]
    assert abs(best - 78) < 10 and bins.table()[0].keys() == {"cpp", "prx", "low", "high", "share"}
    a, b, _ = bins.curve
    assert -b / (2 * a) == pytest.approx(bins.optimum, rel=1e-9)


def test_parabola_against_numpy() -> None:
    rng = np.random.default_rng(4)
    cpp = rng.uniform(50, 100, 400)
    prx = np.tanh(0.001 * (cpp - 70) ** 2 - 0.2 + 0.1 * rng.standard_normal(400))
    found = reactivity_by_cpp(cpp, prx, times=0)
    number = np.floor(cpp / 5)
    names, counts = np.unique(number, return_counts=True)
    z = [np.arctanh(prx[number == k]).mean() for k in names]
    fit = np.polyfit(names * 5 + 2.5, z, 2, w=np.sqrt(counts))
    assert np.allclose(found.curve, fit, rtol=1e-6) and found.optimum == pytest.approx(-fit[1] / 2 / fit[0])


@pytest.mark.parametrize(
    ("prx", "reason"),
    [
        (lambda c: np.tanh(-0.001 * (c - 75) ** 2), "downwards"),
        (lambda c: np.tanh(0.0004 * (c - 30) ** 2 - 0.5), "outside"),
        (lambda c: 0.0001 * (c - 75) ** 2 + 0.5 * np.cos(np.pi * (c - 52.5) / 5), "does not follow"),
    ],
)
def test_no_optimum_where_there_is_none(prx, reason: str) -> None:
    cpp = np.tile(np.linspace(51, 99, 97), 5)
    found = reactivity_by_cpp(cpp, np.clip(prx(cpp), -0.99, 0.99), Rules(5, 0.02, 0.2, 4))
    assert reason in found.reason and np.isnan(found.optimum) and np.isnan(found.optimum_low)


def test_too_few_bins_and_no_values() -> None:
    assert "too few" in reactivity_by_cpp(np.linspace(70, 79, 100), np.linspace(0, 0.3, 100)).reason
    assert reactivity_by_cpp(np.full(5, np.nan), np.zeros(5)).reason == "no values"


def test_reactivity_that_knows_no_pressure_rarely_gives_an_optimum_with_a_narrow_interval() -> None:
    """Without any relation the method often draws a parabola all the same; its interval then spans the bins."""
    found = [CPPopt().summary(_person(lambda c: 0.1 + 0 * c, 8, seed)) for seed in range(25)]
    given = np.array([np.isfinite(r.value) for r in found])
    wide = np.array([r.high - r.low for r in found if np.isfinite(r.low)])
    print(
        f"no relation: optimum in {100 * given.mean():.0f} % of people, {wide.size} with an interval, "
        f"median width {np.median(wide):.0f} mmHg"
    )
    assert np.mean([np.isfinite(r.low) and r.high - r.low < 10 for r in found]) < 0.1


def test_moving_values_do_not_change_when_the_recording_grows() -> None:
    signals = _person(_reactivity, 7, 5)
    whole = CPPopt().compute(signals, 4 * 3600, 900)
    early = CPPopt().compute({k: v.between(0, 1900) for k, v in signals.items()}, 4 * 3600, 900)
    assert early.value.size > 3 and np.isfinite(whole.value).any()
    for name in ("value", "low", "high"):
        part = getattr(whole, name)[: early.value.size]
        assert np.array_equal(getattr(early, name), part, equal_nan=True)
    assert "shorter than" in CPPopt().summary(_person(_reactivity, 2, 6)).note
