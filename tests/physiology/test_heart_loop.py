"""The closed heart by itself: volume, resting figures, Starling, pressure around the heart, accuracy, gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
from loop_alone import loop, mean, surroundings

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.model.assemble import assemble
from cisterna.model.baroreflex import without_baroreflex
from cisterna.model.blueprint import Blueprint
from cisterna.model.bodies.axis import Axis
from cisterna.model.circulation import BLOOD, closed_heart
from cisterna.model.network import rhs, signals
from cisterna.model.settle import HEART_MARCH, carried, settle
from cisterna.model.simulate import simulate
from cisterna.model.solver.march import Ramp, chunk, jacobian
from cisterna.model.start import resting_schedule
from cisterna.physiology.heart import Ventricle, activation

P = default_parameters()


@pytest.fixture(scope="module")
def rest():
    """(network, resting schedule, settled state)."""
    plan = loop(P)
    net = assemble(plan)
    schedule = resting_schedule(plan, net)
    return net, schedule, settle(net, schedule)


@pytest.fixture(scope="module")
def quiet(rest):
    """Twenty seconds at rest."""
    net, schedule, settled = rest
    return simulate(net, schedule, 20.0, state=settled.state, march=HEART_MARCH)


# ---- laws -----------------------------------------------------------------------------------------------
def test_systole_is_as_wide_as_the_source_says():
    """Between the halves of the bump lies half of systole, as of a sin^2 pulse; it is periodic in the beat."""
    for rate in (0.8, 1.1, 2.0):
        half = rate * (0.5 - 0.075 * rate) / 4
        around = np.array([0.2 - half, 0.2, 0.2 + half, 7.2 + half, 0.7])
        made = np.asarray(activation(around, rate, 0.2, 0.5, 0.075))
        floor = 0.5 - made[0]  # what taking off the bump's foot leaves below one half
        assert made[1] == pytest.approx(1.0) and made[4] == pytest.approx(0.0, abs=1e-12)
        assert made[2] == pytest.approx(made[0]) and made[3] == pytest.approx(made[0])
        assert 0 <= floor < 0.05


def test_ventricle_meets_both_of_its_lines():
    """End-systolic pressure on E (V - V0), filling pressure on P0 (exp(k V) - 1); drive steepens only the first."""
    law = Ventricle(
        elastance=2.5, unstressed=15.0, passive=1.5, stiffness=0.014, peak=0.2, systole=0.5, shortening=0.075, gain=0.2
    )
    volume = np.array([60.0, 120.0])
    for drive in (0.0, 1.0):
        systole = law.pressure(volume, {"phase": 0.2, "rate": 1.1, "drive": drive})
        diastole = law.pressure(volume, {"phase": 0.7, "rate": 1.1, "drive": drive})
        assert np.allclose(systole, 2.5 * (1 + 0.2 * drive) * (volume - 15.0))
        assert np.allclose(diastole, 1.5 * (np.exp(0.014 * volume) - 1.0))


# ---- the loop at rest -----------------------------------------------------------------------------------
def test_resting_figures(quiet):
    """120/80, 5-6 L/min, CVP 2-8, ejection fraction 0.5-0.7, pulmonary 9-30 with mean 10-20, wedge 5-12."""
    abp, rate = quiet.signal("abp"), quiet.signal("heart_rate").mean()
    assert abp.max() == pytest.approx(120, abs=8) and abp.min() == pytest.approx(80, abs=8)
    assert mean(quiet, "abp", 0, 20) == pytest.approx(P["map_supine"].value, abs=3)
    assert rate == pytest.approx(P["hr_rest"].value, abs=2)
    output = mean(quiet, "flow_aorta", 0, 20) * 0.06
    assert 5.0 < output < 6.0
    assert 60 < 1000 * output / rate < 100
    assert 2 < mean(quiet, "cvp", 0, 20) < 8
    full, empty = quiet.signal("volume_heart.left").max(), quiet.signal("volume_heart.left").min()
    assert 100 < full < 165 and 0.5 < 1 - empty / full < 0.7
    lungs = quiet.signal("pressure_lung.arteries")
    assert 10 < lungs.mean() < 20 and 5 < lungs.min() and lungs.max() < 32
    assert 5 < quiet.signal("pressure_lung.veins").mean() < 12
    assert mean(quiet, "flow_brain", 0, 20) == pytest.approx(P["ul_qn"].value, rel=0.05)


def test_the_pulse_has_a_dicrotic_wave(quiet):
    """After the systolic peak and its notch the pressure rises once more within the beat."""
    abp = quiet.signal("abp")
    beat = abp[np.argmax(abp[:1000]) :][: int(0.6 / 0.005)]
    rises = np.diff(beat) > 0
    assert rises[20:].any() and beat[20:][rises[19:]].max() < beat[0] - 5


def test_rest_is_told_with_its_error(rest):
    _, _, settled = rest
    assert settled.settled and 60 <= settled.time < 120
    assert abs(settled.changes["abp"]) < 0.1 and abs(settled.changes["heart_rate"]) < 0.1
    breaths = settled.time * P.value("rr_rest")
    assert breaths == pytest.approx(round(breaths), abs=1e-9)
    assert "settled after" in str(settled)


def test_what_has_not_settled_is_refused(rest):
    net, schedule, settled = rest
    moved = schedule.copy()
    moved.ramp("tilt", np.pi / 3, 0.0, over=200.0)
    with pytest.raises(CisternaError, match="did not come to rest"):
        settle(net, moved, state=settled.state, most=60.0)
    shown = settle(net, moved, state=settled.state, most=60.0, strict=False)
    assert not shown.settled and "not settled" in str(shown)
    with pytest.raises(CisternaError, match="no signal to watch"):
        settle(net, schedule, watch={"icp": 0.1})


def test_volume_closes_to_1e_9(rest):
    """A minute with tilt and straining: not a drop is lost of 5.7 L, and nothing crosses a border."""
    net, schedule, settled = rest
    schedule = schedule.copy()
    schedule.ramp("tilt", np.pi / 3, 5.0, over=5.0)
    schedule.pulse("strain", 20.0, 25.0, 10.0, over=1.0)
    run = simulate(net, schedule, 60.0, state=settled.state)
    total = run.signal("volume_body")
    assert net.layout.border == ()
    assert np.abs(total - P.value("circ_blood_volume")).max() < 1e-9 * P.value("circ_blood_volume")


def test_both_ventricles_pump_the_same(rest, quiet):
    """Over whole beats what leaves the left heart is what the beds and the brain let through."""
    net, schedule, settled = rest
    start, end = settled.state, quiet.state
    names = net.layout.state_names
    stored = sum(abs(end[names.index(f"volume.{name}")] - start[names.index(f"volume.{name}")]) for name in BLOOD)
    beats = end[names.index("state.heart.phase")] - start[names.index("state.heart.phase")]
    assert beats == pytest.approx(20 * quiet.signal("heart_rate").mean() / 60, rel=1e-3)
    assert stored < 400  # an exchange within the beat and the breath, not a drift


# ---- what acts on it ------------------------------------------------------------------------------------
def test_starling(rest):
    """With the nerves cut, more blood gives more stroke volume, each addition less than the one before."""
    plan = without_baroreflex(loop(P))
    net = assemble(plan)
    abdomen = net.layout.state_names.index("volume.body.abdomen")
    added = np.array([-500.0, 0.0, 500.0])
    states = np.tile(np.asarray(net.start), (3, 1))
    states[:, abdomen] += added
    schedule = resting_schedule(plan, net)
    run = simulate(net, [schedule] * 3, 60.0, state=states, march=HEART_MARCH)
    stroke = np.array([mean(run, "flow_aorta", 40, 60, k) for k in range(3)]) / P.value("hr_rest")
    filling = np.array([mean(run, "cvp", 40, 60, k) for k in range(3)])
    assert (np.diff(stroke) > 3).all() and (np.diff(filling) > 0.5).all()
    slope = np.diff(stroke) / np.diff(filling)
    assert (np.diff(slope) < 0).all()


def test_straining_and_its_opposite(rest):
    """Valsalva at 30 mmHg and Mueller at -30: the two directions of each phase, and the overshoot after release."""
    net, schedule, settled = rest
    lanes = [schedule.copy() for _ in range(3)]
    for lane, strain in zip(lanes, (0.0, 30.0, -30.0), strict=True):
        lane.pulse("strain", strain, 5.0, 15.0, over=0.5)
    run = simulate(net, lanes, 35.0, state=settled.state, march=HEART_MARCH)

    def change(name, start, end, lane):
        return mean(run, name, start, end, lane) - mean(run, name, start, end, 0)

    assert change("abp", 5.3, 7.0, 1) > 10 and change("abp", 5.3, 7.0, 2) < -10  # I: the chest presses on the aorta
    assert mean(run, "flow_aorta", 14, 19, 1) < 0.6 * mean(run, "flow_aorta", 14, 19, 0)  # II: filling fails
    assert change("abp", 12, 19, 1) < -10 and change("heart_rate", 14, 19, 1) > 10
    pulse = [np.ptp(run.signal("abp", k)[(run.times > 14) & (run.times < 18)]) for k in range(2)]
    assert pulse[1] < 0.7 * pulse[0]
    assert change("abp", 20, 22, 1) < change("abp", 16, 19, 1) - 5  # III: the aorta is let go
    assert change("abp", 25, 31, 1) > 1 and change("heart_rate", 26, 31, 1) < -2  # IV: a filled heart, slowed
    assert change("cvp", 12, 19, 1) > 10 and change("cvp", 12, 19, 2) < -10
    assert change("volume_heart.left", 12, 19, 1) < -20 and change("volume_heart.left", 12, 19, 2) > 20
    assert change("flow_aorta", 12, 19, 2) > 10


def test_breathing_in_fills_the_right_heart(quiet):
    """CVP follows the chest: within a breath it swings 1-5 mmHg about its mean, lower on breathing in."""
    times = quiet.times
    breath = -np.cos(2 * np.pi * P.value("rr_rest") * times)
    cvp = quiet.signal("cvp")
    assert np.corrcoef(breath, cvp)[0, 1] < -0.3
    assert 0.5 < 2 * abs(np.mean((cvp - cvp.mean()) * breath)) / np.mean(breath**2) < 2.5


# ---- numbers --------------------------------------------------------------------------------------------
def _ramp(net, schedule):
    rows = [schedule.track(name).at(0.0) for name in net.layout.control_names]
    return Ramp(jnp.array([r[0] for r in rows]), jnp.array([r[1] for r in rows]), jnp.array(0.0))


def test_against_an_independent_integrator(rest):
    """Pressure, flow and venous pressure over 2 s at steps of 5 ms against LSODA, worst error over peak to peak."""
    net, schedule, settled = rest
    ramp = _ramp(net, schedule)
    f = jax.jit(lambda t, y: rhs(net, t, y, ramp.at(t)))
    j = jax.jit(lambda t, y: jacobian(net, t, y, ramp.at(t)))
    run = simulate(net, schedule, 2.0, state=settled.state, march=HEART_MARCH)
    oracle = scipy.integrate.solve_ivp(
        lambda t, y: np.asarray(f(t, y)), (0, 2.0), settled.state, "LSODA", run.times,
        rtol=1e-9, atol=1e-9, jac=lambda t, y: np.asarray(j(t, y)),
    )  # fmt: skip
    read = jax.jit(jax.vmap(lambda t, y: signals(net, t, y, ramp.at(t))))
    exact = np.asarray(read(jnp.asarray(run.times), jnp.asarray(oracle.y.T)))
    for name, bound in (("abp", 1e-3), ("cvp", 1e-3), ("flow_aorta", 5e-3)):
        k = run.names.index(name)
        assert np.abs(run.samples[:, k] - exact[:, k]).max() / np.ptp(exact[:, k]) < bound, name


def test_steps_with_an_old_matrix_stay_close(rest):
    """A matrix kept for half a second costs at most 1 mmHg of ABP at an instant, and 0.05 in the mean."""
    net, schedule, settled = rest
    fresh = simulate(net, schedule, 10.0, state=settled.state, march=HEART_MARCH)
    old = simulate(net, schedule, 10.0, state=settled.state)
    gap = old.signal("abp") - fresh.signal("abp")
    assert np.abs(gap).max() < 1.0 and abs(gap.mean()) < 0.05


@pytest.mark.parametrize("name", ["heart.left.elastance", "body.abdomen.unstressed"])
def test_gradient_by_finite_differences(rest, name):
    net, schedule, settled = rest
    state, ramp = jnp.asarray(settled.state), _ramp(net, schedule)
    pick = net.layout.signal_names.index("abp")

    @jax.jit
    def mean_pressure(value):
        return chunk(HEART_MARCH, net.set(name, value), state, jnp.array(0.0), jnp.array(0.002), ramp)[1][
            :, pick
        ].mean()

    at = net.get(name)
    tangent = jax.jvp(mean_pressure, (at,), (jnp.ones(()),))[1]
    d = 1e-4 * at
    difference = (mean_pressure(at + d) - mean_pressure(at - d)) / (2 * d)
    # The matrix of the step is frozen for the tangent.
    assert float(tangent) == pytest.approx(float(difference), rel=2e-3)


# ---- in a plan ------------------------------------------------------------------------------------------
def test_it_takes_the_place_of_a_prescribed_heart():
    """Body axis: everything that saw a drive sees the loop, and only the infusion still crosses the border."""
    prescribed = Axis().plan(P)
    closed = closed_heart(prescribed, P)
    net = assemble(closed)
    assert net.layout.border == ("infusion_line",)
    references = [r for part in closed.parts.values() for r in part.sees.values()]
    references += [term for s in closed.signals.values() for term in s.terms]
    assert not {"drive.abp", "drive.cvp", "drive.heart.phase"} & set(references)
    assert closed.part("neck_arteries") == prescribed.part("neck_arteries")
    assert "heart.phase" not in closed.periods and "breath.phase" in closed.periods
    before = assemble(prescribed)
    start = carried(before, np.asarray(before.start) + 0.25, net)
    there = net.layout.state_names.index("volume.cranium")
    assert start[there] == before.start[before.layout.state_names.index("volume.cranium")] + 0.25
    assert start[net.layout.state_names.index("volume.abp")] == closed.part("abp").start


def test_what_is_missing_is_named():
    with pytest.raises(CisternaError, match="gravity"):
        closed_heart(Blueprint(densities={"blood": 1e-3}), P)
    with pytest.raises(CisternaError, match="does not fill the vessels"):
        closed_heart(surroundings(P), P.override({"circ_blood_volume": 1000.0}))
