"""Body `one` against its closed form: pressure, gradient, conservation, exact events."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cisterna.model.bodies.one import closed_form
from cisterna.model.person import Person
from cisterna.model.simulate import simulate
from cisterna.model.solver.march import March, Ramp, chunk
from cisterna.model.start import begin

RATE = 1.5 / 60.0


@pytest.fixture(scope="module")
def one():
    person = Person.typical(body="one")
    return person, person.blueprint(), person.network()


def _numbers(net):
    return {
        "k": net.get("csf.elastance_coefficient"),
        "reference": net.get("csf.reference"),
        "production": net.get("production.rate"),
        "r_out": net.get("absorption.resistance"),
    }


def test_infusion_meets_the_closed_form(one):
    _, plan, net = one
    start = begin(plan, net)
    schedule = start.schedule.copy()
    schedule.ramp("infusion", RATE, start=0.0)
    run = simulate(net, schedule, 1800.0, state=start.rest.state, step=0.25)
    exact = closed_form(run.times, infusion=RATE, **_numbers(net))
    assert np.abs(run.signal("icp") - np.asarray(exact)).max() < 1e-8


def test_gradient_meets_the_closed_form(one):
    """d P(10 min) / d R_out and d k by reverse mode through the solver."""
    _, plan, net = one
    state = jnp.asarray(begin(plan, net).rest.state)
    march = March(inner=10, outer=60)
    controls = net.rest.at[net.layout.control_names.index("infusion")].set(RATE)

    def simulated(r_out, k):
        changed = net.set("absorption.resistance", r_out).set("csf.elastance_coefficient", k)
        # The run starts from the rest of the unchanged body, whatever r_out is.
        ramp = Ramp(controls, jnp.zeros_like(controls), jnp.array(0.0))
        return chunk(march, changed, state, jnp.array(0.0), jnp.array(1.0), ramp)[1][-1, 0]

    def exact(r_out, k):
        n = _numbers(net)
        u0 = n["production"] * n["r_out"]
        total = n["production"] + RATE
        growth = jnp.exp(k * total * 600.0)
        # Logistic growth of u = P - P_r from u0, without the assumption that u0 is at rest.
        u = total * r_out * u0 * growth / (total * r_out + u0 * (growth - 1.0))
        return n["reference"] + u

    at = (net.get("absorption.resistance"), net.get("csf.elastance_coefficient"))
    for which in (0, 1):
        ours = jax.grad(simulated, argnums=which)(*at)
        theirs = jax.grad(exact, argnums=which)(*at)
        assert float(ours) == pytest.approx(float(theirs), rel=1e-6)


def test_volume_closes_over_an_hour(one):
    _, plan, net = one
    start = begin(plan, net)
    schedule = start.schedule.copy()
    schedule.pulse("infusion", RATE, start=100.0, duration=900.0, over=0.5)
    run = simulate(net, schedule, 3600.0, state=start.rest.state, step=0.5)
    names = net.layout.state_names
    gained = run.state[0] - start.rest.state[0]
    crossed = sum(run.state[i] for i, n in enumerate(names) if n.startswith("ledger."))
    assert gained == pytest.approx(crossed, abs=1e-9 * 25.0)
    infused = run.state[names.index("ledger.infusion_line")]
    assert infused == pytest.approx(RATE * 899.5, rel=1e-9)


def test_events_fall_on_exact_times(one):
    """A jump of infusion at an odd time is seen from that time on, not from the next grid point."""
    _, plan, net = one
    start = begin(plan, net)
    schedule = start.schedule.copy()
    schedule.ramp("infusion", RATE, start=7.3123)
    run = simulate(net, schedule, 60.0, state=start.rest.state, step=0.25)
    exact = closed_form(np.maximum(run.times - 7.3123, 0.0), infusion=RATE, **_numbers(net))
    assert np.abs(run.signal("icp") - np.asarray(exact)).max() < 1e-9


def test_restart_is_exact(one):
    _, plan, net = one
    start = begin(plan, net)
    schedule = start.schedule.copy()
    schedule.ramp("infusion", RATE, start=0.0)
    march = March(inner=2, outer=50)
    whole = simulate(net, schedule, 200.0, state=start.rest.state, step=0.5, march=march)
    half = simulate(net, schedule, 100.0, state=start.rest.state, step=0.5, march=march)
    rest = simulate(net, schedule, 100.0, start=100.0, state=half.state, step=0.5, march=march)
    assert np.array_equal(whole.state, rest.state)
