"""Body `cranial` against the equations of Ursino and Lodi 1997, written out plainly and solved by LSODA."""

import numpy as np
import pytest
import scipy.integrate

from cisterna.model.person import Person
from cisterna.model.simulate import simulate
from cisterna.model.solver.march import March
from cisterna.model.solver.rest import UnstableRest
from cisterna.model.start import begin, resting_schedule

HALF_PERCENT = 0.005
TABLE1 = dict(
    Ro=526.3, Rf=2380.0, Rpv=1.24, kR=4.91e4, kE=0.11, Can=0.15, D1=0.75, D2=0.075, G=1.5, tau=20.0, qn=12.5, Pvs=6.0
)


def plain(t_eval, pressure=lambda t: 100.0, slope=lambda t: 0.0, inject=lambda t: 0.0, start=(9.5, 0.15), **changed):
    """(ICP, arterial compliance, flow) by the published equations."""
    k = TABLE1 | changed

    def flow(p_ic, c_a, p_a):
        r_a = k["kR"] * k["Can"] ** 2 / (c_a * (p_a - p_ic)) ** 2
        p_c = (p_a * k["Rpv"] + p_ic * r_a) / (k["Rpv"] + r_a)
        return (p_a - p_c) / r_a, p_c

    def rate(t, y):
        p_ic, c_a = y
        p_a = pressure(t)
        q, p_c = flow(p_ic, c_a, p_a)
        x = (q - k["qn"]) / k["qn"]
        width = k["D1"] if x <= 0 else k["D2"]
        e = np.exp(4.0 * k["G"] * x / width)
        sigma = ((k["Can"] + width / 2) + (k["Can"] - width / 2) * e) / (1 + e)
        dc = (sigma - c_a) / k["tau"]
        formed, drained = max(p_c - p_ic, 0.0) / k["Rf"], max(p_ic - k["Pvs"], 0.0) / k["Ro"]
        gain = k["kE"] * p_ic / (1 + c_a * k["kE"] * p_ic)
        return [gain * (c_a * slope(t) + dc * (p_a - p_ic) + formed - drained + inject(t)), dc]

    y = scipy.integrate.solve_ivp(
        rate, (0.0, float(t_eval[-1])), start, "LSODA", t_eval, rtol=1e-9, atol=1e-10, max_step=5.0
    ).y
    q = np.array([flow(p, c, pressure(t))[0] for t, p, c in zip(t_eval, *y, strict=True)])
    return y[0], y[1], q


@pytest.fixture(scope="module")
def cranial():
    person = Person.typical(body="cranial")
    plan, net = person.blueprint(), person.network()
    return plan, net, begin(plan, net)


def _run(cranial, schedule, duration, net=None):
    plan, base, start = cranial
    return simulate(net or base, schedule, duration, state=start.rest.state, step=0.1, march=March(inner=5, outer=40))


def _settled(run):
    return {name: run.signal(name)[-1] for name in run.names}


def test_rest(cranial):
    t = np.linspace(0, 6000, 50)
    icp, compliance, q = plain(t)
    ours = _settled(_run(cranial, cranial[2].schedule, 20.0))
    assert ours["icp"] == pytest.approx(icp[-1], rel=HALF_PERCENT)
    assert ours["cbf"] == pytest.approx(q[-1], rel=HALF_PERCENT)
    assert ours["compliance_arteries"] == pytest.approx(compliance[-1], rel=HALF_PERCENT)
    assert ours["flow_production"] == pytest.approx(ours["flow_absorption"], rel=1e-6)


def test_bolus(cranial):
    """4 mL in 3 s: peak and return."""
    schedule = cranial[2].schedule.copy()
    schedule.pulse("infusion", 4 / 3, start=10.0, duration=3.0)
    run = _run(cranial, schedule, 400.0)
    rest = plain(np.linspace(0, 6000, 3))
    icp, _, _ = plain(run.times, inject=lambda t: 4 / 3 if 10 <= t < 13 else 0.0, start=(rest[0][-1], rest[1][-1]))
    assert run.signal("icp").max() == pytest.approx(icp.max(), rel=HALF_PERCENT)
    after = run.times > 15
    assert np.abs(run.signal("icp")[after] / icp[after] - 1).max() < HALF_PERCENT


def test_hypotension(cranial):
    """ABP falls from 100 to 60 mmHg in 10 s: flow drops and is regulated back."""
    schedule = cranial[2].schedule.copy()
    schedule.ramp("abp", 60.0, start=10.0, over=10.0)
    run = _run(cranial, schedule, 300.0)
    rest = plain(np.linspace(0, 6000, 3))

    def pressure(t):
        return 100.0 - 4.0 * np.clip(t - 10.0, 0.0, 10.0)

    icp, _, q = plain(run.times, pressure, lambda t: -4.0 if 10 <= t < 20 else 0.0, start=(rest[0][-1], rest[1][-1]))
    assert run.signal("cbf").min() == pytest.approx(q.min(), rel=HALF_PERCENT)
    assert np.abs(run.signal("icp") / icp - 1).max() < HALF_PERCENT


@pytest.mark.parametrize("abp", [50.0, 70.0, 100.0, 130.0, 160.0])
def test_static_autoregulation_curve(cranial, abp):
    plan, net, _ = cranial
    schedule = resting_schedule(plan, net)
    schedule.ramp("abp", abp, start=-1.0)
    run = simulate(net, schedule, 4000.0, step=0.5, march=March(inner=5, outer=40))
    _, _, q = plain(np.linspace(0, 4000, 5), lambda t: abp)
    assert _settled(run)["cbf"] == pytest.approx(q[-1], rel=HALF_PERCENT)


def test_plateau_waves():
    """High outflow resistance and elastance: self-sustained waves, never reported as rest."""
    sick = {"ul_R0": "6320 mmHg s/mL", "ul_kE": "0.23 1/mL"}
    person = Person.typical(body="cranial").with_values(sick)
    plan, net = person.blueprint(), person.network()
    with pytest.raises(UnstableRest):
        begin(plan, net)
    run = simulate(net, resting_schedule(plan, net), 4000.0, step=0.1, march=March(inner=5, outer=40))
    icp, _, _ = plain(run.times, Ro=6320.0, kE=0.23)

    def waves(x):
        top = (x[1:-1] > x[:-2]) & (x[1:-1] >= x[2:]) & (x[1:-1] > 30)
        return run.times[1:-1][top], x[1:-1][top]

    ours, theirs = waves(run.signal("icp")), waves(icp)
    assert len(ours[0]) == len(theirs[0]) >= 4
    assert np.diff(ours[0]).mean() == pytest.approx(np.diff(theirs[0]).mean(), rel=0.03)
    assert ours[1].mean() == pytest.approx(theirs[1].mean(), rel=HALF_PERCENT)


def test_normal_parameters_do_not_oscillate(cranial):
    assert cranial[2].rest.radius < 1.0
