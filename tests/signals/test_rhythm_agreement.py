"""Agreement of examiners against published worked examples, closed forms and simulation."""

import numpy as np
import pytest
from scipy import stats

from cisterna.ground.errors import CisternaError
from cisterna.signals.rhythm import (
    crossed,
    icc,
    icc_interval,
    kappa,
    limits_of_agreement,
    predicted_icc,
    simulated_ratings,
)

# Shrout & Fleiss 1979, table 2: six subjects, four judges.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# Fleiss 1981, Statistical methods for rates and proportions, table 13.1: two raters, 100 patients.
FLEISS = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]


@pytest.mark.parametrize(
    ("form", "value", "low", "high"),
    [("1,1", 0.17, -0.13, 0.72), ("2,1", 0.29, 0.02, 0.76), ("3,1", 0.71, 0.34, 0.95)],
)
def test_the_example_of_shrout_and_fleiss(form, value, low, high):
    found = icc(SHROUT_FLEISS, form)
    assert (round(found.value, 2), found.n, found.extra["raters"]) == (value, 6, 4)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.005)


def test_a_constant_of_one_rater_lowers_agreement_and_not_consistency():
    rng = np.random.default_rng(0)
    first = rng.normal(size=40)
    table = np.column_stack([first, first + 2.0])
    assert icc(table, "3,1").value == pytest.approx(1.0)
    assert icc(table, "2,1").value < 0.5 and icc(table, "1,1").value < 0.5
    same = np.column_stack([first, first])
    assert [icc(same, form).value for form in ("1,1", "2,1", "3,1")] == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("form", ["1,1", "2,1", "3,1"])
def test_the_interval_holds_the_truth_as_often_as_it_says(form):
    """Raters that differ at random only: the three forms mean the same, share 0.5."""
    tables = simulated_ratings(400, 20, 3, subject=0.5, rater=0.1 if form == "2,1" else 0.0, seed=1)[..., 0]
    truth = 0.5
    inside = np.mean([r.low <= truth <= r.high for r in (icc(t, form) for t in tables)])
    assert 0.92 <= inside <= 0.98, inside


def test_the_range_of_an_icc_at_a_size():
    tables = simulated_ratings(3000, 11, 2, subject=0.3, seed=2)[..., 0]
    values = [icc(t, "1,1").value for t in tables[:800]]
    assert np.quantile(values, [0.025, 0.975]) == pytest.approx(icc_interval(0.3, 11), abs=0.06)
    found = predicted_icc("x", 11, subject=0.2, interaction=0.42, within=True, studies=400)
    assert found.value == pytest.approx(0.62, abs=0.06)


def test_limits_of_agreement_and_their_exact_interval():
    """Each end misses the true limit in 2.5 % of samples: the factors of the sd, by brute force for n 10."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=10)
    found = limits_of_agreement(truth + rng.normal(size=10), truth)
    sd = found.difference.std(ddof=1)
    many = rng.normal(size=(200_000, 10))
    factors = (stats.norm.ppf(0.975) - many.mean(axis=1)) / many.std(axis=1, ddof=1)
    ends = [(x - found.bias.value) / sd for x in (found.upper.low, found.upper.high)]
    assert ends == pytest.approx(list(np.quantile(factors, [0.025, 0.975])), rel=0.01)
    assert found.lower.value == pytest.approx(found.bias.value - 1.96 * sd, rel=1e-4)
    hits = 0
    for k in range(500):
        d = np.random.default_rng(k).normal(1.0, 2.0, 15)
        one = limits_of_agreement(d, np.zeros(15)).upper
        hits += one.low <= 1.0 + 1.96 * 2.0 <= one.high
    assert 0.93 <= hits / 500 <= 0.97


def test_the_example_of_fleiss():
    """kappa 0.68, standard error 0.087, and 0.076 against chance."""
    found = kappa(FLEISS)
    assert found.value == pytest.approx(0.676, abs=5e-4)
    assert found.extra["standard_error"] == pytest.approx(0.087, abs=1e-3)
    assert stats.norm.isf(found.extra["p"]) == pytest.approx(found.value / 0.076, rel=0.02)


def test_kappa_against_sampling():
    rng = np.random.default_rng(0)
    p = np.array([[0.3, 0.08, 0.02], [0.06, 0.2, 0.06], [0.02, 0.06, 0.2]])
    for weights in ("none", "linear", "quadratic"):
        drawn = [kappa(rng.multinomial(150, p.ravel()).reshape(3, 3), weights) for _ in range(400)]
        values = np.array([r.value for r in drawn])
        errors = np.array([r.extra["standard_error"] for r in drawn])
        assert values.std() == pytest.approx(errors.mean(), rel=0.12)


def test_quadratic_kappa_is_the_intraclass_correlation_of_the_classes():
    """Fleiss & Cohen 1973: equal up to terms of 1 / n."""
    rng = np.random.default_rng(1)
    score = rng.normal(size=3000)
    first, second = (np.digitize(score + 0.7 * rng.normal(size=3000), [-1, 0, 1]) for _ in range(2))
    counts, classes = crossed(first.tolist(), second.tolist())
    assert classes == [0, 1, 2, 3]
    both = np.column_stack([first, second])
    assert kappa(counts, "quadratic").value == pytest.approx(icc(both, "2,1").value, abs=1e-3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: icc([[1.0, 1.0], [1.0, 1.0]]), "do not vary"),
        (lambda: icc([[1.0], [2.0]]), "two raters"),
        (lambda: icc([[1.0, np.nan], [2.0, 1.0]]), "complete subjects"),
        (lambda: icc([[1, 2], [3, 4]], "4,1"), "unknown form"),
        (lambda: kappa([[10, 0], [0, 0]]), "one class only"),
        (lambda: kappa([[1, 2, 3], [1, 2, 3]]), "square table"),
        (lambda: crossed(["a"], ["b", "c"]), "one class a subject"),
        (lambda: limits_of_agreement([1.0, 2.0], [1.0, 2.0]), "complete subjects"),
    ],
)
def test_bad_input_is_told(call, words):
    with pytest.raises(CisternaError, match=words):
        call()
