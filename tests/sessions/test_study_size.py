"""Numbers of subjects: published ones, exact against simulated, and the truth of a simulated study."""

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.sessions.study.many import icc_agreement
from cisterna.sessions.study.size import (
    expect,
    power_of_icc,
    subjects_for_limits,
    subjects_for_power,
    subjects_for_width,
    width_of_limit,
)
from cisterna.signals.rhythm.agreement import icc, limits_of_agreement


def test_published_numbers():
    """Bonett 2002: ICC 0.8, two raters, width 0.2: 51 by the formula, 55 with his correction."""
    assert subjects_for_width(0.8, 0.2) == 55
    # Three raters need fewer, without the correction: 8 z^2 (1-r)^2 (1+2r)^2 / (6 w^2) + 1.
    assert subjects_for_width(0.8, 0.2, raters=3) == int(np.ceil(8 * 1.959964**2 * 0.04 * 2.6**2 / (6 * 0.04) + 1))
    exact, walter = subjects_for_power(0.8, 0.6)
    assert (exact, round(walter)) == (39, 39)


@pytest.mark.parametrize(("icc_true", "null", "raters"), [(0.5, 0.1, 2), (0.8, 0.6, 3)])
def test_exact_power_is_the_simulated_power(icc_true, null, raters):
    """The one-way F test on simulated tables, 6000 studies: within three standard errors."""
    from scipy import stats

    n, rng = 15, np.random.default_rng(1)
    tables = np.sqrt(icc_true) * rng.normal(size=(6000, n, 1)) + np.sqrt(1 - icc_true) * rng.normal(
        size=(6000, n, raters)
    )
    rows = tables.mean(axis=2)
    between = raters * rows.var(axis=1, ddof=1)
    within = ((tables - rows[..., None]) ** 2).sum(axis=(1, 2)) / (n * (raters - 1))
    limit = stats.f.isf(0.05, n - 1, n * (raters - 1)) * (1 + raters * null / (1 - null))
    seen = np.mean(between / within > limit)
    told = power_of_icc(n, icc_true, null, raters)
    print(f"exact {told:.4f}, simulated {seen:.4f}")
    assert abs(seen - told) < 3 * np.sqrt(told * (1 - told) / 6000)


def test_walter_is_near_the_exact_number():
    for a, b, k in [(0.6, 0.2, 2), (0.9, 0.7, 2), (0.4, 0.0, 3)]:
        exact, walter = subjects_for_power(a, b, k)
        assert abs(exact - walter) < 0.08 * exact + 2, (a, b, k)
        assert power_of_icc(exact, a, b, k) >= 0.8 > power_of_icc(exact - 1, a, b, k)


def test_width_of_bonett_is_the_mean_width_of_intervals():
    n = subjects_for_width(0.6, 0.3)
    rng = np.random.default_rng(3)
    tables = np.sqrt(0.6) * rng.normal(size=(150, n, 1)) + np.sqrt(0.4) * rng.normal(size=(150, n, 2))
    widths = [(lambda r: r.high - r.low)(icc(t, "2,1")) for t in tables]
    assert np.mean(widths) == pytest.approx(0.3, rel=0.06)


def test_width_of_a_limit_is_that_of_the_analysis():
    n = subjects_for_limits(0.7)
    assert width_of_limit(n) <= 0.7 < width_of_limit(n - 1)
    d = np.random.default_rng(0).normal(size=n)
    limit = limits_of_agreement(d, np.zeros(n)).upper
    assert limit.high - limit.low == pytest.approx(width_of_limit(n) * d.std(ddof=1))


def test_a_simulated_study_finds_its_truth_and_raters_who_differ_lower_it():
    plain, biased = expect(200, 0.5, studies=300), expect(200, 0.5, rater_share=0.2, studies=300)
    assert plain.middle == pytest.approx(0.5, abs=0.02)
    # Two raters tell their variance poorly: the middle is right, the spread is wide.
    assert biased.high - biased.low > plain.high - plain.low
    assert expect(30, 0.0, studies=4000).power == pytest.approx(0.05, abs=0.012)
    tables = np.random.default_rng(0).normal(size=(3, 10, 2))
    assert icc_agreement(tables).shape == (3,)


@pytest.mark.parametrize(
    "call",
    [
        lambda: subjects_for_power(0.2, 0.6),
        lambda: subjects_for_power(0.6, 0.2, power=1.0),
        lambda: subjects_for_power(0.6, 0.5999999),
        lambda: subjects_for_width(1.0, 0.2),
        lambda: subjects_for_width(0.5, 0.0),
        lambda: subjects_for_limits(-1.0),
        lambda: expect(20, 0.9, rater_share=0.2),
        lambda: power_of_icc(20, float("nan"), 0.1),
    ],
)
def test_questions_without_an_answer_are_refused(call):
    with pytest.raises(CisternaError):
        call()
