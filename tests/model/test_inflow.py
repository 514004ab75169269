"""A measured net inflow drives the body: the blood in the skull has the measured volume and no other."""

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.model.body import bodies
from cisterna.model.inflow import BLOOD, InflowDrive, net_inflow
from cisterna.model.person import Person
from cisterna.model.posture import Posture
from cisterna.model.simulate import simulate
from cisterna.protocol.clock import clock_of
from cisterna.protocol.execute import at_rest
from cisterna.protocol.measures import find_measure
from cisterna.protocol.view import View
from cisterna.recordings.load import load
from cisterna.recordings.recording import Recording

CYCLE = 0.9


def curve(size=3.0, mean=0.05, unit="mL/s", cycle=CYCLE, phases=24):
    """A net inflow size sin(2 pi t / T) + mean; its volume swings by size T / pi."""
    at = np.arange(phases) * cycle / phases
    factor = {"mL/s": 1.0, "mm3/s": 1000.0}[unit]
    flow = factor * (size * np.sin(2 * np.pi * at / cycle) + mean)
    return Recording().with_signal("flow", flow, time=at, unit=unit, origin="measured")


@pytest.mark.parametrize("unit", ["mL/s", "mm3/s"])
def test_swing_offset_and_cycle_of_a_known_curve(unit):
    found = net_inflow(curve(unit=unit))
    assert found.cycle == pytest.approx(CYCLE)
    assert found.offset == pytest.approx(0.05, abs=1e-9)
    assert found.swing == pytest.approx(3.0 * CYCLE / np.pi, rel=1e-5)
    assert found.flow.mean() == pytest.approx(0.0, abs=1e-12)
    assert found.volume.mean() == pytest.approx(0.0, abs=1e-12)
    # It begins as the curve does: inflow rises from 0, so the volume is at its lowest.
    assert found.flow[0] == pytest.approx(0.0, abs=1e-9)
    assert found.volume[0] == pytest.approx(found.volume.min(), abs=1e-5)


def test_the_clock_of_the_file_is_kept():
    """A file whose first time is late by a tenth of the cycle begins a tenth of the cycle later."""
    rec = curve(mean=0.0)
    moved = net_inflow(rec.with_provenance(clock_offset_s=0.1 * CYCLE, flow_curve={"cycle_s": CYCLE}))
    assert moved.flow[0] == pytest.approx(3.0 * np.sin(-2 * np.pi * 0.1), abs=2e-3)


@pytest.mark.parametrize(
    ("recording", "words"),
    [
        (curve(mean=3.0), "no net inflow"),
        (curve(size=40.0), "no such swing"),
        (curve(cycle=900.0), "no heartbeat"),
        (curve(size=0.0), "does not change"),
        (curve(phases=4), "too short|6 phases"),
        (curve().renamed({"flow": "a"}).with_signal("b", np.arange(5.0), rate=1.0, unit="mL/min"), "several flows"),
        (Recording().with_signal("icp", np.arange(9.0), rate=1.0, unit="mmHg"), "no flow is in the file"),
        (Recording().with_signal("flow", np.full(9, np.nan), rate=9.0, unit="mL/s"), "no samples"),
    ],
)
def test_what_is_no_net_inflow_is_refused_with_a_reason(recording, words):
    with pytest.raises(CisternaError, match=words) as told:
        net_inflow(recording)
    assert told.value.found


def test_a_channel_that_is_no_flow_is_named():
    rec = curve().with_signal("icp", np.arange(9.0), rate=1.0, unit="mmHg")
    with pytest.raises(CisternaError, match="'icp' is no flow") as told:
        net_inflow(rec, "icp")
    assert "mmHg" in told.value.found


@pytest.fixture(scope="module")
def plain():
    person = Person.typical(body="axis")
    body = at_rest(person)
    return body, simulate(body.net, body.start.schedule, 20.0, state=body.start.rest.state)


def driven(size):
    inflow = net_inflow(curve(size=size))
    body = at_rest(Person.typical(body="axis").with_(InflowDrive.of(inflow)))
    run = simulate(body.net, body.start.schedule, 20.0, state=body.start.rest.state)
    return inflow, body, run


@pytest.fixture(scope="module")
def run3():
    return driven(3.0)


def stroke(body, run, level="C2"):
    clock = clock_of(body.start.schedule, 20.0)
    v = View(run.times, run.signal(f"flow_csf.{level}"), (float(run.times[0]), 20.0), clock)
    return find_measure("stroke_volume").function(v)


def test_blood_in_the_skull_has_the_measured_volume(run3):
    inflow, body, run = run3
    grid = np.arange(inflow.flow.size) * inflow.cycle / inflow.flow.size
    wanted = np.interp(run.times, grid, inflow.volume, period=inflow.cycle)
    blood = run.signal("volume_blood")
    assert np.abs(blood - blood.mean() - (wanted - wanted.mean())).max() < 1e-3
    assert np.abs(run.signal("flow_inflow") - np.interp(run.times, grid, inflow.flow, period=inflow.cycle)).max() < 0.02


def test_what_comes_in_less_what_goes_out_is_the_curve(run3):
    """Arterial less venous flow is the measured net inflow, sample by sample."""
    _, _, run = run3
    left = run.signal("flow_arterial") - run.signal("flow_venous")
    assert np.allclose(left, run.signal("flow_inflow"), rtol=0, atol=1e-9)


def test_monro_and_kellie_hold(run3):
    """Box pressure belongs to all that is in the box; what comes in as blood leaves as CSF but for its compliance."""
    _, body, run = run3
    give = float(body.net.get("cranium.skull")) + float(body.net.get("cranium.residual"))
    inside = run.signal("volume_csf.cranial") + run.signal("volume_blood")
    icp = run.signal("icp")
    assert np.abs(icp - float(body.net.get("cranium.reference")) - inside / give).max() < 1e-8
    # What leaves through the foramen is missing inside; production and absorption move microlitres in that time.
    flow, t = run.signal("flow_csf.FM"), run.times
    left = np.concatenate([[0.0], np.cumsum(np.diff(t) * (flow[1:] + flow[:-1]) / 2)])
    csf = run.signal("volume_csf.cranial")
    assert np.abs((csf - csf[0] + left)[t < 5.0]).max() < 0.01 < np.ptp(csf)


def test_mean_perfusion_and_pressure_are_those_of_the_undriven_body(run3, plain):
    _, _, run = run3
    for name, tolerance in (("cbf", 0.01), ("icp", 0.02), ("flow_venous", 0.01), ("pressure_sinus", 0.02)):
        assert run.signal(name).mean() == pytest.approx(plain[1].signal(name).mean(), rel=tolerance), name
    assert np.ptp(run.signal("abp")) < 1e-9 < np.ptp(plain[1].signal("abp"))


def test_csf_answers_in_proportion_to_the_inflow(run3):
    """Half the inflow, half the stroke volume: small swings of a smooth system."""
    _, body, run = run3
    _, half_body, half = driven(1.5)
    assert stroke(body, run) / stroke(half_body, half) == pytest.approx(2.0, rel=0.05)
    assert stroke(body, run, "FM") < run3[0].swing  # the rest is held by box and canal


def test_a_body_without_skull_or_prescribed_heart_is_refused():
    inflow = net_inflow(curve())
    with pytest.raises(CisternaError, match="no blood in a skull"):
        Person.typical(body="one").with_(InflowDrive.of(inflow)).blueprint()


def test_in_the_whole_body_the_volume_presses_as_the_bed_of_the_brain_does():
    if "whole" not in bodies():
        pytest.skip("this version ships no body 'whole'")
    person = Person.typical(body="whole")
    bed = person.blueprint().part("arteries.pial").inside
    plan = person.with_(InflowDrive.of(net_inflow(curve()))).blueprint()
    assert plan.part(BLOOD).inside == pytest.approx(bed) and sum(bed.values()) == pytest.approx(1.0)
    assert not any(p.inside for n, p in plan.parts.items() if p.fluid == "blood" and n != BLOOD)
    assert plan.part("arteries.pial").outside == pytest.approx(bed)


def test_measured_inflow_of_a_person(shared_data):
    """Baledent's curve as Causemann, Vinje and Rognes digitised it: swing 1.54 mL, peak 9.34 mL/s, mean about 0."""
    found = net_inflow(load(shared_data / "flow" / "net_intracranial_inflow_baledent.csv"))
    assert found.phases == 43 and found.cycle == pytest.approx(1.0)
    assert found.swing == pytest.approx(1.54, abs=0.01)
    assert found.flow.max() == pytest.approx(9.34, abs=0.05) and abs(found.offset) < 0.05
    assert found.flow.argmax() / found.flow.size == pytest.approx(0.17, abs=0.01)
    assert any("no cycle" in note for note in found.notes)


@pytest.mark.parametrize(("angle", "name"), [(0, "supine"), (90, "seated"), (90, "upright"), (-30, "-30 deg")])
def test_a_posture_is_where_the_body_rests(angle, name):
    plan = Person.typical(body="axis").with_(Posture.named(name)).blueprint()
    assert np.degrees(plan.controls["tilt"].default) == pytest.approx(angle)


@pytest.mark.parametrize("text", ["120", "-91 deg", "nan 3", "30 mmHg", "sidewards"])
def test_a_posture_that_is_none_is_refused(text):
    with pytest.raises(CisternaError):
        Posture.named(text)


def test_at_rest_upright_the_csf_column_stands(plain):
    """Between two points of the canal the pressure differs by density x g x height, exactly, at rest."""
    person = Person.typical(body="axis").with_(Posture.named("upright"))
    body = at_rest(person)
    run = simulate(body.net, body.start.schedule, 4 * body.start.period, state=body.start.rest.state)
    places = {k: body.plan.part(f"canal.{k}").position for k in ("upper_cervical", "lumbosacral")}
    height = places["lumbosacral"] - places["upper_cervical"]
    column = body.plan.densities["csf"] * person.parameters.value("standard_gravity") * height
    found = (run.signal("pressure_csf.S1") - run.signal("pressure_csf.C2")).mean()
    assert found == pytest.approx(column, abs=0.05)
    assert run.signal("icp").mean() < plain[1].signal("icp").mean() - 8.0
