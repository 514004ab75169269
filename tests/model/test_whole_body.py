"""Body `whole`: one vault, two sides, any gravity, compliance as an outcome, carbon dioxide, posture of the pulse."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from cisterna.model.network import evaluate
from cisterna.model.person import Person
from cisterna.model.regions.ventricles import SPACES
from cisterna.model.simulate import simulate
from cisterna.model.start import begin

BLOOD = ("arteries.large", "arteries.pial", "capillaries", "veins", "lacunae")


@pytest.fixture(scope="module")
def whole():
    person = Person.typical(body="whole")
    plan, net = person.blueprint(), person.network()
    return person, plan, net, begin(plan, net)


def _place(net, name):
    return net.layout.state_names.index(name)


def test_what_enters_the_skull_leaves_it(whole):
    """Monro-Kellie: blood and CSF in the vault change by C dp alone, C the skull and the named residual."""
    _, _, net, start = whole
    run = simulate(net, start.schedule, start.period / 5 * 0.4, state=start.rest.state)
    gained = sum(
        run.state[_place(net, f"volume.{name}")] - start.rest.state[_place(net, f"volume.{name}")]
        for name in (*BLOOD, *SPACES)
    )
    compliance = float(net.get("cranium.skull") + net.get("cranium.residual"))

    def pressure(t, state):
        controls = jnp.array([start.schedule.track(name).at(t)[0] for name in net.layout.control_names])
        return evaluate(net, jnp.array(t), jnp.asarray(state), controls)[1][net.index("pressure.cranium")]

    before, after = pressure(0.0, start.rest.state), pressure(float(run.times[-1]), run.state)
    assert gained == pytest.approx(compliance * float(after - before), abs=1e-9)
    # Within a beat the residual takes a few tenths of a millilitre at most: the rest passes the foramen magnum.
    assert abs(gained) < 0.3


def test_left_and_right_are_equal_unless_told_otherwise(whole):
    _, plan, net, start = whole
    run = simulate(net, start.schedule, start.period, state=start.rest.state)
    left, right = run.signal("flow_jugular.left"), run.signal("flow_jugular.right")
    assert np.allclose(left, right, rtol=0, atol=1e-9)
    narrow = dataclasses.replace(net.set("jugular.top.left.rigid", 5.0))
    lame = simulate(narrow, start.schedule, 2 * start.period, state=start.rest.state)
    assert lame.signal("flow_jugular.left")[-500:].mean() < 0.5 * lame.signal("flow_jugular.right")[-500:].mean()


def test_a_tilt_is_the_gravity_along_the_axis(whole):
    """30 deg under gravity and 90 deg under half of it are one thing; without gravity no posture changes a pressure."""
    _, _, net, start = whole

    def tilted(gravity, angle):
        schedule = start.schedule.copy()
        schedule.ramp("tilt", np.deg2rad(angle), start=0.0)
        body = net.set("gravity.gravity", gravity)
        return simulate(body, schedule, 3.0, state=start.rest.state, step=0.01, tolerance=2.0).signal("icp")

    whole_gravity = float(net.get("gravity.gravity"))
    assert np.allclose(tilted(whole_gravity, 30.0), tilted(whole_gravity / 2, 90.0), rtol=0, atol=1e-6)
    assert np.allclose(tilted(0.0, 90.0), tilted(0.0, 0.0), rtol=0, atol=1e-9)
    assert tilted(whole_gravity, 30.0)[-100:].mean() < tilted(0.0, 0.0)[-100:].mean() - 1.0


def _share(person):
    """Part of a small bolus that the canal takes, and the pressure-volume index."""
    plan, net = person.blueprint(), person.network()
    start = begin(plan, net)
    given = start.schedule.copy()
    given.pulse("infusion", 0.5, start=0.0, duration=1.2, over=0.2)
    plain = start.schedule.copy()
    for t in (0.2, 1.0, 1.2):
        plain.cut(t)
    runs = [simulate(net, s, 1.2 + start.period, state=start.rest.state, step=0.01) for s in (plain, given)]
    after = runs[0].times > 1.2
    taken = (runs[1].signal("volume_csf.spinal") - runs[0].signal("volume_csf.spinal"))[after].mean()
    rise = (runs[1].signal("icp") - runs[0].signal("icp"))[after].mean()
    return taken / 0.5, 0.5 / rise


def test_compliance_and_its_share_are_outcomes_of_the_walls(whole):
    person = whole[0]
    share, compliance = _share(person)
    softer = person.parameters.value("whole_spinal_compliance") * 1.5
    other = dataclasses.replace(
        person,
        parameters=person.parameters.override(
            {"whole_spinal_compliance": f"{softer * 0.1} mL/(mmHg mm)"}
        ),
    )  # fmt: skip
    more, larger = _share(other)
    assert 0.2 < share < 0.65 and 0.8 < compliance < 2.5
    assert more > share + 0.05 and larger > compliance + 0.05


def test_carbon_dioxide_moves_flow_and_pressure(whole):
    _, _, net, start = whole
    found = {}
    for level in (35.0, 40.0, 45.0):
        schedule = start.schedule.copy()
        schedule.ramp("paco2", level, start=0.0, over=5.0)
        run = simulate(net, schedule, 150.0, state=start.rest.state, step=0.02)
        late = run.times > 140.0
        found[level] = run.signal("cbf")[late].mean(), run.signal("icp")[late].mean()
    # 2.5 to 6 % per mmHg (row co2_react_cbf), and more blood in the head raises its pressure.
    for level in (35.0, 45.0):
        change = 100.0 * (found[level][0] / found[40.0][0] - 1.0) / (level - 40.0)
        assert 2.0 < change < 6.0
    assert found[35.0][1] < found[40.0][1] < found[45.0][1]
