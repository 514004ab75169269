"""Truth recovered from simulated tests: to a thousandth without noise, inside the intervals with it."""

import os

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.infusion import Marmarou, Pump, fit_test, simulate, stated_phases
from cisterna.signals.infusion.noise import whiten
from cisterna.signals.infusion.posterior import Prior

# More simulated tests on demand: CISTERNA_TESTS=400 python -m pytest tests/signals/test_infusion_fit.py -s
COUNT = int(os.environ.get("CISTERNA_TESTS", "30"))
NAMES = ("rout", "elastance", "p0", "baseline", "production")


def _truths(space):
    return np.array([space.rout, space.elastance, space.p0, space.baseline, space.production])


def _draws(fit):
    theta = fit.draws.theta
    return np.column_stack([theta[:, :4], (theta[:, 3] - theta[:, 2]) / theta[:, 0]])


@pytest.mark.parametrize(
    ("space", "kind", "pump"),
    [
        (Marmarou(10.0, 0.2, 2.0, 9.0), "infusion", Pump(300, 1200, 1.5)),
        (Marmarou(25.0, 0.45, -3.0, 6.0), "infusion", Pump(300, 900, 1.0)),
        (Marmarou(5.0, 0.07, 6.0, 14.0), "infusion", Pump(300, 1200, 1.5)),
        (Marmarou(12.0, 0.15, 1.0, 10.0), "drain", Pump(300, 900, -1.0)),
        (Marmarou(12.0, 0.15, 1.0, 10.0), "bolus", Pump.bolus(300, 4.0)),
    ],
)
def test_noiseless_truth_is_recovered_to_a_thousandth(space, kind, pump):
    duration = 1200.0 if kind == "infusion" else 1800.0
    # Samples whose block means are the exact ones: no noise of a kind is left.
    edges = np.arange(0, duration + 1, 10.0)
    values = space.mean_pressure(edges, [pump])
    phases = stated_phases(kind, pump.start, pump.stop, duration)
    fit = fit_test(values, 0.1, phases, rate=pump.rate, volume=pump.volume)
    found = np.median(_draws(fit), axis=0)
    away = np.abs(found / _truths(space) - 1)
    print(kind, dict(zip(NAMES, away.round(6), strict=True)))
    assert np.all(away < 1e-3)


def test_sampled_noiseless_truth_is_recovered_to_a_thousandth():
    space = Marmarou(10.0, 0.2, 2.0, 9.0)
    p = simulate(space, [Pump(300, 1200, 1.5)], 1200.0, 125.0)
    fit = fit_test(p, 125.0, stated_phases("infusion", 300, 1200, 1200), rate=1.5)
    assert np.median(_draws(fit), axis=0) == pytest.approx(_truths(space), rel=1e-3)


def _person(random):
    """A truth drawn from the priors, so that intervals must cover on the average over them."""
    rows = default_parameters()
    rout, elastance = (Prior.of(rows[f"infusion_{k}_prior"], k, True) for k in ("rout", "elastance"))
    p0 = Prior.of(rows["infusion_p0_prior"], "p0", False)
    while True:
        one = [np.exp(q.center + q.sd * random.standard_normal()) for q in (rout, elastance)]
        reference, rest = p0.center + p0.sd * random.standard_normal(), random.uniform(5.0, 15.0)
        if rest - reference > 0.5 and rest + 1.5 * one[0] < 60:
            return Marmarou(*one, reference, rest)


def test_intervals_cover_at_the_nominal_rate():
    random, hits = np.random.default_rng(7), []
    for k in range(COUNT):
        space, stop = _person(random), random.uniform(800, 1200)
        noise = {"wave": random.uniform(0.5, 2.0), "wave_time": random.uniform(15.0, 60.0)}
        p = simulate(space, [Pump(300, stop, 1.5)], 1200.0, 5.0, white=0.5, pulse=0.6, seed=k, **noise)
        fit = fit_test(p, 5.0, stated_phases("infusion", 300, stop, 1200), rate=1.5, seed=k, draws=500)
        low, high = np.quantile(_draws(fit), [0.025, 0.975], axis=0)
        hits.append((low <= _truths(space)) & (_truths(space) <= high))
    share = np.mean(hits, axis=0)
    print(f"{COUNT} tests, coverage of 95 % intervals", dict(zip(NAMES, share.round(3), strict=True)))
    # About three standard deviations of a binomial share; half a test for its steps.
    spread = np.sqrt(0.95 * 0.05 / COUNT)
    assert np.all(share > 0.95 - 3.2 * spread - 0.5 / COUNT)
    assert abs(share.mean() - 0.95) < 0.05


def test_intervals_that_ignore_slow_waves_are_too_narrow():
    """The reason for the noise model: as white noise the same residuals promise far too much."""
    space, pump = Marmarou(10.0, 0.2, 2.0, 9.0), Pump(300, 1200, 1.5)
    p = simulate(space, [pump], 1200.0, 5.0, white=0.5, wave=2.0, wave_time=50.0, seed=2)
    fit = fit_test(p, 5.0, stated_phases("infusion", 300, 1200, 1200), rate=1.5)
    assert fit.noise[1] == pytest.approx(2.0, rel=0.5)
    as_white = np.hypot(fit.noise[0], fit.noise[1]) / np.sqrt(fit.rest.count)
    assert fit.rest.error > 2 * as_white


def test_whitening_is_the_inverse_root_of_the_covariance():
    noise, step, count = np.array([0.7, 1.5, 40.0]), 10.0, 30
    lag = np.abs(np.subtract.outer(np.arange(count), np.arange(count))) * step
    cover = noise[1] ** 2 * np.exp(-lag / noise[2]) + noise[0] ** 2 * np.eye(count)
    good = np.ones(count, bool)
    good[[4, 5, 20]] = False
    x = np.random.default_rng(0).standard_normal(count)
    white, scale = whiten(x[None, None], noise[None], step, good)
    part = cover[np.ix_(good, good)]
    assert np.sum(white**2) == pytest.approx(x[good] @ np.linalg.solve(part, x[good]), rel=1e-6)
    assert scale[0] == pytest.approx(0.5 * np.linalg.slogdet(part)[1], rel=1e-6)


def test_what_the_record_cannot_tell_is_told_as_prior():
    """Rest and plateau alone: Rout is told, the reference pressure is not, whatever the truth."""
    space, pump = Marmarou(10.0, 0.2, -5.0, 9.0), Pump(300, 3300, 1.5)
    p = simulate(space, [pump], 3300.0, 5.0, white=0.3, wave=0.5, seed=4)
    p[int(300 * 5) : int(1500 * 5)] = np.nan  # the rise was not recorded
    fit = fit_test(p, 5.0, stated_phases("infusion", 300, 3300, 3300), rate=1.5)
    assert fit.told("rout") == "data" and fit.told("elastance") == "prior" and fit.told("p0") == "prior"
    prior = default_parameters()["infusion_p0_prior"]
    low, high = np.quantile(fit.draws.theta[:, 2], [0.025, 0.975])
    assert low == pytest.approx(prior.low, abs=2.0) and high > 6.0  # cut off at rest, 9 mmHg
    assert fit.learned["rout"] > 0.98


def test_the_combination_is_known_better_than_its_parts():
    space, pump = Marmarou(10.0, 0.2, 2.0, 9.0), Pump(300, 1200, 1.5)
    p = simulate(space, [pump], 1200.0, 5.0, white=0.3, wave=1.0, seed=3)
    theta = fit_test(p, 5.0, stated_phases("infusion", 300, 1200, 1200), rate=1.5).draws.theta
    alone, together = np.log(theta[:, 1]), np.log(theta[:, 1] * (theta[:, 3] - theta[:, 2]))
    assert np.std(together) < 0.7 * np.std(alone)


def test_one_needle_is_noticed_and_taken_out():
    space, pump = Marmarou(10.0, 0.2, 2.0, 9.0, needle=2.5), Pump(300, 1500, 1.5)
    p = simulate(space, [pump], 1500.0, 5.0, white=0.3, wave=0.8, seed=2)
    phases = stated_phases("infusion", 300, 1500, 1500)
    untold = fit_test(p, 5.0, phases, rate=1.5)
    jump, error = untold.needle_jump
    assert jump == pytest.approx(2.5, abs=3 * error) and jump > 3.3 * error
    told = fit_test(p, 5.0, phases, rate=1.5, one_needle=True)
    low, high = np.quantile(told.draws.theta[:, [0, 4]], [0.025, 0.975], axis=0)
    assert np.all(low < [10.0, 2.5]) and np.all(high > [10.0, 2.5])
    assert np.median(untold.draws.theta[:, 0]) > 11.0  # what the needle adds when it is not told
    clean = simulate(Marmarou(10.0, 0.2, 2.0, 9.0), [pump], 1500.0, 5.0, white=0.3, wave=0.8, seed=2)
    jump, error = fit_test(clean, 5.0, phases, rate=1.5).needle_jump
    assert abs(jump) < 3.3 * error


def test_gaps_are_left_out_not_filled():
    space, pump = Marmarou(10.0, 0.2, 2.0, 9.0), Pump(300, 1200, 1.5)
    p = simulate(space, [pump], 1200.0, 5.0, white=0.3, wave=0.5, seed=3)
    p[2000:2600] = np.nan
    fit = fit_test(p, 5.0, stated_phases("infusion", 300, 1200, 1200), rate=1.5)
    assert np.isnan(fit.course.measured[40:52]).all() and np.isfinite(fit.course.value).all()
    assert np.quantile(fit.draws.theta[:, 0], 0.025) < 10.0 < np.quantile(fit.draws.theta[:, 0], 0.975)


def test_the_band_of_the_course_holds_the_true_pressure():
    space, pump = Marmarou(10.0, 0.2, 2.0, 9.0), Pump(300, 1200, 1.5)
    p = simulate(space, [pump], 1800.0, 5.0, white=0.3, wave=1.0, seed=8)
    course = fit_test(p, 5.0, stated_phases("infusion", 300, 1200, 1800), rate=1.5).course
    true = space.mean_pressure(np.arange(0, 1801, 10.0), [pump])
    assert np.mean((course.low < true) & (true < course.high)) > 0.8
    assert course.fitted[:120].all() and not course.fitted[121:].any()


def test_the_same_seed_gives_the_same_numbers():
    p = simulate(Marmarou(10.0, 0.2, 2.0, 9.0), [Pump(300, 1500, 1.5)], 1500.0, 5.0, white=0.3, wave=1.0, seed=1)
    phases = stated_phases("infusion", 300, 1500, 1500)
    one = fit_test(p, 5.0, phases, rate=1.5)
    assert np.array_equal(one.draws.theta, fit_test(p, 5.0, phases, rate=1.5).draws.theta)


@pytest.mark.parametrize(
    ("times", "more", "says"),
    [
        ((10.0, 900.0), {"rate": 1.5}, "no resting pressure"),
        ((300.0, 2000.0), {"rate": 1.5}, "do not fit"),
        ((300.0, 900.0), {"rate": -1.5}, "impossible rate"),
        ((300.0, 900.0), {"rate": 0.0}, "impossible rate"),
    ],
)
def test_impossible_tests_are_refused(times, more, says):
    p = np.full(1200, 9.0)
    with pytest.raises(CisternaError, match=says):
        fit_test(p, 1.0, stated_phases("infusion", *times, 1200.0), **more)


def test_a_record_without_rest_is_refused():
    p = simulate(Marmarou(10.0, 0.2, 2.0, 9.0), [Pump(300, 900, 1.5)], 900.0, 5.0, white=0.3)
    p[:1500] = np.nan
    with pytest.raises(CisternaError, match="resting pressure was not recorded"):
        fit_test(p, 5.0, stated_phases("infusion", 300, 900, 900), rate=1.5)


def test_a_few_spikes_are_left_out_and_counted():
    space, pump = Marmarou(10.0, 0.2, 2.0, 9.0), Pump(300, 1200, 1.5)
    p = simulate(space, [pump], 1200.0, 20.0, white=0.3, wave=0.5, pulse=2.0, seed=3)
    clean = fit_test(p, 20.0, stated_phases("infusion", 300, 1200, 1200), rate=1.5)
    assert clean.blocks.left_out == 0  # the pulse at the plateau is no spike
    p[[4000, 4001, 15000]] = 300.0
    fit = fit_test(p, 20.0, stated_phases("infusion", 300, 1200, 1200), rate=1.5)
    assert fit.blocks.left_out == 3
    assert np.median(fit.draws.theta[:, 0]) == pytest.approx(np.median(clean.draws.theta[:, 0]), rel=0.05)


def test_a_blocked_line_is_refused():
    with pytest.raises(CisternaError, match="stands still"):
        fit_test(np.full(1200, 9.0), 1.0, stated_phases("infusion", 300, 900, 1200), rate=1.5)
