"""The closed form of the CSF space against integration, balance and the formulas of the literature."""

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.signals.infusion import Marmarou, Pump, bolus_index, bolus_resistance, constant_pressure, simulate
from cisterna.signals.infusion.marmarou import pump_rate

SPACE = Marmarou(rout=10.0, elastance=0.2, p0=2.0, baseline=9.0)
PUMPS = [Pump(100, 700, 1.5), Pump(900, 1500, -2.0), Pump.bolus(1600, 4.0, over=2.0)]


def _integrated(space, pumps, times):
    """The differential equation, integrated between the switches of the pumps."""
    from scipy.integrate import solve_ivp

    knots = [times[0], *sorted({t for p in pumps for t in (p.start, p.stop)}), times[-1] + 1.0]
    value, out = space.baseline, []
    for a, b in zip(knots[:-1], knots[1:], strict=True):
        rate = float(pump_rate(pumps, np.array([a]))[0])

        def slope(_, p, rate=rate):
            return space.elastance * (p - space.p0) * (rate - (p - space.baseline) / space.rout) / 60.0

        inside = times[(times >= a) & (times < b)]
        done = solve_ivp(slope, (a, b), [value], rtol=1e-11, atol=1e-12, dense_output=True)
        out.append(done.sol(inside)[0])
        value = done.y[0, -1]
    return np.concatenate(out)


def test_closed_form_is_the_solution_of_the_equation():
    times = np.linspace(0.0, 2500.0, 1001)
    assert np.abs(SPACE.pressure(times, PUMPS) - _integrated(SPACE, PUMPS, times)).max() < 1e-7


def test_block_means_are_the_integral_of_the_pressure():
    fine = np.arange(0, 2500, 0.02) + 0.01
    means = SPACE.pressure(fine, PUMPS).reshape(250, -1).mean(axis=1)
    assert np.abs(SPACE.mean_pressure(np.arange(0, 2501, 10.0), PUMPS) - means).max() < 1e-6


def test_constant_rate_infusion_of_the_literature():
    # p = p0 + (q + f)(pb - p0) / (f + q exp(-E (q + f) t)), f = (pb - p0)/R: Marmarou 1978; Avezaat 1984.
    t = np.linspace(0, 20, 50)
    form, q = SPACE.production, 1.5
    course = SPACE.p0 + (q + form) * 7.0 / (form + q * np.exp(-SPACE.elastance * (q + form) * t))
    assert SPACE.pressure(60 * t, [Pump(0, 3600, q)]) == pytest.approx(course, rel=1e-12)


def test_plateau_is_rest_plus_rate_times_resistance():
    assert SPACE.pressure([7200.0], [Pump(0, 7200, 1.5)])[0] == pytest.approx(9.0 + 15.0)
    assert SPACE.plateau(1.5) == 24.0


def test_drain_faster_than_formation_ends_at_p0():
    late = SPACE.pressure([36000.0], [Pump(0, 36000, -2.0)])[0]
    assert late == pytest.approx(2.0, abs=1e-9)
    just = SPACE.pressure([36000.0], [Pump(0, 36000, -SPACE.production)])[0]  # u falls as 1/t
    assert just - 2.0 == pytest.approx(1 / (1 / 7.0 + 0.2 / 10.0 * 600.0), rel=1e-9)


def test_bolus_multiplies_the_pressure_and_pvi_makes_it_tenfold():
    space = Marmarou(8.6, 1 / (0.4343 * 25.9), 0.0, 10.0)
    jump = space.pressure([1e-6], [Pump.bolus(0.0, 4.0, over=1e-6)])[0]
    assert jump / 10.0 == pytest.approx(10 ** (4 / 25.9), rel=1e-4)  # 1.43, Shapiro et al. 1980
    assert bolus_index(10.0, jump, 4.0) == pytest.approx(25.9, rel=1e-4)
    assert Marmarou(8.6, 0.1, 0.0, 10.0).pvi == pytest.approx(1 / (0.4343 * 0.1), rel=1e-4)


@pytest.mark.parametrize("p0", [0.0, 3.0])
def test_return_of_a_bolus_gives_the_resistance_at_every_time(p0):
    space = Marmarou(11.0, 0.15, p0, 10.0)
    peak, *later = space.pressure([1e-6, 60.0, 300.0, 900.0], [Pump.bolus(0.0, 5.0, over=1e-6)])
    for minutes, now in zip((1.0, 5.0, 15.0), later, strict=True):
        assert bolus_resistance(10.0, peak, now, minutes, space.pvi, p0) == pytest.approx(11.0, rel=1e-4)


def test_constant_pressure_steps_return_the_line_and_its_scatter():
    random, hit = np.random.default_rng(0), []
    levels = np.array([13.0, 16.0, 19.0, 22.0, 25.0, 28.0])
    for _ in range(300):
        flows = (levels - 9.0) / 10.0 + 0.05 * random.standard_normal(6)
        rout, rest = constant_pressure(levels, flows)
        hit.append((rout.low < 10.0 < rout.high, rest.low < 9.0 < rest.high))
    share = np.mean(hit, axis=0)
    print("constant pressure: coverage of rout and rest", share)
    assert np.all(np.abs(share - 0.95) < 0.035)


def test_simulated_noise_has_the_stated_size_and_time():
    x = simulate(SPACE, [], 60000.0, 1.0, wave=2.0, wave_time=30.0, seed=1) - 9.0
    assert np.std(x) == pytest.approx(2.0, rel=0.05)
    assert np.corrcoef(x[:-30], x[30:])[0, 1] == pytest.approx(np.exp(-1), abs=0.05)
    waves = simulate(SPACE, [], 60000.0, 1.0, wave=2.0, wave_time=60.0, wave_period=60.0, seed=1) - 9.0
    assert np.corrcoef(waves[:-30], waves[30:])[0, 1] == pytest.approx(-np.exp(-0.5), abs=0.05)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Marmarou(-1.0, 0.2, 0.0, 9.0),
        lambda: Marmarou(10.0, 0.2, 9.0, 9.0),
        lambda: Pump(10.0, 10.0, 1.5),
        lambda: Pump(0.0, 10.0, np.nan),
        lambda: bolus_index(10.0, 9.0, 4.0),
        lambda: bolus_resistance(10.0, 14.0, 15.0, 5.0, 25.9),
        lambda: constant_pressure([13.0, 17.0], [0.4, 0.8]),
        lambda: constant_pressure([13.0, 17.0, 21.0], [0.8, 0.4, 0.2]),
    ],
)
def test_impossible_input_is_told(wrong):
    with pytest.raises(CisternaError):
        wrong()
