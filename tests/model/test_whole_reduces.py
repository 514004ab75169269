"""The ladder of bodies: `whole` under the assumptions of `cranial` is `cranial`; without control that is `one`."""

from dataclasses import replace

import numpy as np
import pytest
from whole_reduced import reduced

from cisterna.model.assemble import assemble
from cisterna.model.bodies.one import closed_form
from cisterna.model.person import Person
from cisterna.model.simulate import simulate
from cisterna.model.solver.march import March
from cisterna.model.start import begin
from cisterna.physiology.blood import UrsinoFormation
from cisterna.physiology.paths import Source

MARCH = March(inner=5, outer=40)


@pytest.fixture(scope="module")
def pair():
    """(network, start, name of the control of arterial pressure, its value at rest) of both bodies."""
    large = Person.typical(body="whole")
    plan = reduced(large.blueprint(), large.parameters)
    small = Person.typical(body="cranial").blueprint()
    made = []
    for one, control, at in ((plan, "abp.shift", 0.0), (small, "abp", large.parameters.value("ul_Pa"))):
        net = assemble(one)
        made.append((net, begin(one, net), control, at))
    return made


def _both(pair, change, duration):
    runs = []
    for net, start, control, at in pair:
        schedule = start.schedule.copy()
        change(schedule, control, at)
        runs.append(simulate(net, schedule, duration, state=start.rest.state, step=0.1, march=MARCH))
    return runs


def _bolus(schedule, control, at):
    schedule.pulse("infusion", 4 / 3, start=10.0, duration=3.0)


def _infusion(schedule, control, at):
    schedule.ramp("infusion", 1.5 / 60.0, start=10.0)


def _lower(schedule, control, at):
    schedule.ramp(control, at - 40.0, start=10.0, over=10.0)


def _higher(schedule, control, at):
    schedule.ramp(control, at + 30.0, start=10.0, over=10.0)


@pytest.mark.parametrize(
    ("change", "duration"), [(_bolus, 400.0), (_infusion, 1800.0), (_lower, 400.0), (_higher, 400.0)]
)
def test_whole_reduced_answers_like_cranial(pair, change, duration):
    """ICP and flow at every moment within 5 % (found: within 1 %)."""
    ours, theirs = _both(pair, change, duration)
    for name in ("icp", "cbf", "flow_absorption"):
        assert np.abs(ours.signal(name) / theirs.signal(name) - 1.0).max() < 0.05, name
    assert np.ptp(theirs.signal("icp")) > 1.0


def test_no_compliance_is_left_but_that_of_the_model(pair):
    """A small bolus at L3 raises ICP as it does in the model: the canal is rigid and the spaces are one."""
    runs = _both(pair, lambda s, *_: s.pulse("infusion", 0.01, start=1.0, duration=10.0), 12.0)
    ours, theirs = (run.signal("icp")[-1] - run.signal("icp")[0] for run in runs)
    assert ours == pytest.approx(theirs, rel=0.02)


def test_cranial_without_blood_and_control_is_one():
    """Arteries that hold next to nothing, no regulation, constant formation: the closed form of an infusion."""
    person = Person.typical(body="cranial")
    p, plan = person.parameters, person.blueprint()
    basal = p.value("ul_Can")
    rate = p.value("ul_Rpv") * p.value("ul_qn") / p.value("ul_Rf")
    # A thousandth of the arterial compliance with the coefficient a million times larger: the bed resists as before.
    small = 1e-3
    for name in ("bed", "formation", "regulation"):
        plan = plan.with_field(f"{name}.basal", small * basal)
    plan = plan.with_field("regulation.gain", 0.0)
    plan = plan.replace("regulation", start=small * basal)
    volume = plan.part("arteries").start * small
    plan = plan.replace("arteries", start=volume).replace("csf", start=-volume)
    assert isinstance(plan.part("formation").law, UrsinoFormation)
    plan = plan.replace("formation", Source(rate=rate), sees={"factor": "drive.factor"}).control("factor", 1.0, "1")
    # `one` has its exponent above the reference: there the pressure of the sinus, here 0.
    plan = replace(plan, controls={**plan.controls, "sinus": replace(plan.controls["sinus"], default=0.0)})
    plan = plan.with_field("csf.rest", rate * p.value("ul_R0"))
    net = assemble(plan)
    start = begin(plan, net)
    schedule = start.schedule.copy()
    infusion = 1.5 / 60.0
    schedule.ramp("infusion", infusion, start=0.0)
    run = simulate(net, schedule, 1800.0, state=start.rest.state, step=0.25)
    exact = closed_form(run.times, p.value("ul_kE"), 0.0, rate, infusion, p.value("ul_R0"))
    assert np.abs(run.signal("icp") / np.asarray(exact) - 1.0).max() < 0.005
    assert run.signal("icp")[-1] > 3.0 * run.signal("icp")[0]
