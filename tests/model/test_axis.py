"""Body `axis`: an independent integrator, conservation, gradients, restart, touch, stability."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate

from cisterna.model.network import rhs, signals
from cisterna.model.person import Person
from cisterna.model.simulate import simulate, stack
from cisterna.model.solver.march import March, Ramp, chunk, jacobian
from cisterna.model.solver.scheme import ROS2W, ROS34PW2
from cisterna.model.start import begin

BEATS = 5 / 1.1


@pytest.fixture(scope="module")
def axis():
    person = Person.typical()
    plan, net = person.blueprint(), person.network()
    return plan, net, begin(plan, net)


def _ramp(net, schedule, t=0.0):
    rows = [schedule.track(name).at(t) for name in net.layout.control_names]
    return Ramp(jnp.array([r[0] for r in rows]), jnp.array([r[1] for r in rows]), jnp.array(t))


def test_rest_repeats_and_is_stable(axis):
    _, net, start = axis
    assert start.rest.radius < 1.0 and start.rest.residual < 1e-6


def test_against_an_independent_integrator(axis):
    """ICP, C2 flow and arterial flow over 3 s against LSODA at 1e-10, worst error over peak to peak."""
    _, net, start = axis
    ramp = _ramp(net, start.schedule)
    f = jax.jit(lambda t, y: rhs(net, t, y, ramp.at(t)))
    j = jax.jit(lambda t, y: jacobian(net, t, y, ramp.at(t)))
    run = simulate(net, start.schedule, 3.0, state=start.rest.state, step=0.0025, march=March(inner=8, outer=25))
    oracle = scipy.integrate.solve_ivp(
        lambda t, y: np.asarray(f(t, y)), (0, 3.0), start.rest.state, "LSODA", run.times,
        rtol=1e-9, atol=1e-11, jac=lambda t, y: np.asarray(j(t, y)),
    )  # fmt: skip
    read = jax.jit(jax.vmap(lambda t, y: signals(net, t, y, ramp.at(t))))
    exact = np.asarray(read(jnp.asarray(run.times), jnp.asarray(oracle.y.T)))
    for name in ("icp", "flow_csf.C2", "flow_arterial"):
        k = run.names.index(name)
        worst = np.abs(run.samples[:, k] - exact[:, k]).max() / np.ptp(exact[:, k])
        assert worst < 2e-4, name


@pytest.mark.parametrize("scheme", [ROS2W, ROS34PW2], ids=lambda s: s.name)
def test_order_on_the_body(axis, scheme):
    _, net, start = axis
    state = start.rest.state
    exact = simulate(net, start.schedule, 0.4, state=state, step=0.000625, march=March(ROS34PW2, 16, 40)).samples[-1]
    errors = []
    for n in (40, 80, 160):
        run = simulate(net, start.schedule, 0.4, state=state, step=0.4 / n, march=March(scheme, n // 40, 40))
        errors.append(np.abs(run.samples[-1] - exact)[run.names.index("icp")])
    order = np.log2(errors[0] / errors[2]) / 2
    assert order > scheme.order - 0.4


def test_volume_closes_to_1e_9(axis):
    """A minute with a bolus, a tilt and a touch: volume gained = volume that crossed the border."""
    _, net, start = axis
    schedule = start.schedule.copy()
    schedule.pulse("infusion", 4 / 3, start=5.0, duration=3.0, over=0.2)
    schedule.ramp("tilt", np.pi / 3, start=20.0, over=4.0)
    schedule.pulse("touch.volume", 1e-5, start=30.0, duration=10.0, over=1.0)
    run = simulate(net, schedule, 60.0, state=start.rest.state, step=0.01)
    names = net.layout.state_names
    gained = sum(run.state[i] - start.rest.state[i] for i, n in enumerate(names) if n.startswith("volume."))
    crossed = sum(run.state[i] - start.rest.state[i] for i, n in enumerate(names) if n.startswith("ledger."))
    through = run.state[names.index("ledger.neck_arteries")] - start.rest.state[names.index("ledger.neck_arteries")]
    assert abs(gained - crossed) < 1e-9 * through


def test_production_equals_absorption_over_a_period(axis):
    _, net, start = axis
    run = simulate(net, start.schedule, 2 * start.period, state=start.rest.state)
    assert run.signal("flow_absorption").mean() == pytest.approx(run.signal("flow_production").mean(), rel=0.01)


@pytest.mark.parametrize(
    "name",
    ["lacunae.stiffness", "arteries.large.compliance", "production.rate", "column.upper_cervical.resistance"],
)
def test_gradient_by_finite_differences(axis, name):
    """d(mean ICP), d(C2 flow at an instant) by a parameter: forward mode against central differences, 1e-4."""
    _, net, start = axis
    state = jnp.asarray(start.rest.state)
    ramp = _ramp(net, start.schedule)
    march = March(ROS34PW2, 2, 50)
    pick = jnp.array([net.layout.signal_names.index("icp"), net.layout.signal_names.index("flow_csf.C2")])

    def outputs(value):
        samples = chunk(march, net.set(name, value), state, jnp.array(0.0), jnp.array(0.005), ramp)[1]
        return jnp.stack([samples[:, pick[0]].mean(), samples[35, pick[1]]])

    at = net.get(name)
    tangent = jax.jvp(outputs, (at,), (jnp.ones(()),))[1]
    d = 1e-4 * at
    # The matrix of the step is frozen for the tangent; at this step its own change is far below the bound.
    difference = (outputs(at + d) - outputs(at - d)) / (2 * d)
    assert np.allclose(tangent, difference, rtol=1e-4, atol=1e-4 * np.abs(np.asarray(difference)).max())


def test_reverse_gradient_equals_forward(axis):
    _, net, start = axis
    state = jnp.asarray(start.rest.state)
    ramp = _ramp(net, start.schedule)
    march = March(ROS34PW2, 2, 20)

    def mean_icp(value):
        changed = net.set("lacunae.stiffness", value)
        return chunk(march, changed, state, jnp.array(0.0), jnp.array(0.005), ramp)[1][:, 0].mean()

    at = net.get("lacunae.stiffness")
    assert float(jax.grad(mean_icp)(at)) == pytest.approx(float(jax.jvp(mean_icp, (at,), (jnp.ones(()),))[1]), rel=1e-9)


def test_a_null_touch_gives_exactly_nothing(axis):
    """Paired runs on identical steps: no force, no difference, to the last bit."""
    _, net, start = axis
    null, same = start.schedule.copy(), start.schedule.copy()
    null.pulse("touch.volume", 0.0, start=1.0, duration=3.0, over=0.5)
    pair = simulate(net, [same, null], 5.0, state=start.rest.state, step=0.01)
    assert np.array_equal(pair.samples[0], pair.samples[1])


def test_touch_is_volume_over_compliance(axis):
    """A touch that narrows the box by dV raises ICP at once by about dV / C, and proportionally."""
    _, net, start = axis
    schedules = [start.schedule.copy() for _ in range(3)]
    for schedule, volume in zip(schedules[1:], (1e-6, 2e-6), strict=True):
        schedule.pulse("touch.volume", volume, start=1.0, duration=8.0, over=0.5)
    run = simulate(net, schedules, 10.0, state=start.rest.state, step=0.01)
    icp = run.signal("icp")
    rise, twice = icp[1] - icp[0], icp[2] - icp[0]
    held = (run.times > 3.0) & (run.times < 8.0)
    assert 1e-6 / rise[held].mean() == pytest.approx(1.3, rel=0.25)  # mL/mmHg, as the bolus finds it
    assert np.allclose(twice[held], 2 * rise[held], rtol=1e-3, atol=1e-14)


def test_lanes_equal_single_runs(axis):
    _, net, start = axis
    other = net.set("lacunae.stiffness", net.get("lacunae.stiffness") * 1.2)
    both = simulate(stack([net, other]), start.schedule, 2.0, state=start.rest.state, step=0.01)
    one = simulate(other, start.schedule, 2.0, state=start.rest.state, step=0.01)
    assert np.allclose(both.samples[1], one.samples, rtol=0, atol=1e-9)


def test_restart_is_exact(axis):
    _, net, start = axis
    march = March(ROS34PW2, 2, 50)
    whole = simulate(net, start.schedule, 2.0, state=start.rest.state, step=0.01, march=march)
    first = simulate(net, start.schedule, 1.0, state=start.rest.state, step=0.01, march=march)
    second = simulate(net, start.schedule, 1.0, start=1.0, state=first.state, step=0.01, march=march)
    assert np.array_equal(whole.state, second.state)


def test_size_scales_the_pressure_volume_index():
    """Similarity: a body of a third of the volume meets a third of the bolus with the same pressure."""
    from cisterna.model.similarity import similar

    plan = Person.typical().blueprint()
    small = similar(plan, 1 / 3)
    from cisterna.model.assemble import assemble

    results = []
    for factor, body in ((1.0, plan), (1 / 3, small)):
        net = assemble(body)
        start = begin(body, net)
        schedule = start.schedule.copy()
        schedule.pulse("infusion", factor * 4 / 3, start=1.0, duration=3.0, over=0.2)
        results.append(simulate(net, schedule, 8.0, state=start.rest.state, step=0.01).signal("icp"))
    assert np.allclose(results[0], results[1], atol=1e-5)


def test_too_much_is_told_not_returned(axis):
    """A state that leaves its range ends in one clear error, not in NaN."""
    from cisterna.ground.errors import CisternaError

    _, net, start = axis
    schedule = start.schedule.copy()
    schedule.ramp("infusion", 1e5, start=0.5)
    with pytest.raises(CisternaError, match="left its range"):
        simulate(net, schedule, 30.0, state=start.rest.state, step=0.01)
