"""Body `whole-closed`: the same head and canal on a heart of its own."""

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.model.person import Person
from cisterna.model.simulate import simulate
from cisterna.protocol.clock import clock_in
from cisterna.protocol.execute import at_rest, run
from cisterna.protocol.protocol import Observation, Protocol, Subject
from cisterna.protocol.steps.rest import Rest


@pytest.fixture(scope="module")
def body():
    return at_rest(Person.typical(body="whole-closed"))


def test_rest_is_reached_in_heart_and_csf_alike(body):
    """The heart settles in a minute, CSF would need an hour: production and absorption agree all the same."""
    assert "waiting" in body.note and body.start.rest.residual < 0.1
    seen = tuple(
        Observation(id=key, signal=signal, measure=measure, window=("rest",), against=against)
        for key, signal, measure, against in (
            ("icp", "icp", "mean", ""), ("pulse", "icp", "peak_to_peak", ""), ("map", "abp", "mean", ""),
            ("absorbed", "flow_absorption", "share", "flow_production"),
            ("stroke", "flow_csf.C2", "stroke_volume", ""),
        )
    )  # fmt: skip
    found = run(Protocol(person=Subject(body="whole-closed"), steps=(Rest(duration="30 s"),), observe=seen), body=body)
    assert found.value("absorbed") == pytest.approx(1.0, abs=0.02)
    assert 0.9 < found.value("icp") < 16.3 and 1.2 < found.value("pulse") < 5.2 and 80 < found.value("map") < 105
    assert 0.4 < found.value("stroke") < 0.9


def test_sitting_up_is_answered_by_the_heart(body):
    """Heart rate rises, mean pressure is kept, ICP falls; no blood or CSF is lost."""
    schedule = body.start.schedule.copy()
    schedule.ramp("tilt", np.pi / 2, start=10.0, over=5.0)
    done = simulate(body.net, schedule, 120.0, state=body.start.rest.state, step=0.01, march=body.start.march)
    lying, sitting = done.times < 10.0, done.times > 90.0
    rate, pressure, icp = (done.signal(name) for name in ("heart_rate", "abp", "icp"))
    assert 8.0 < rate[sitting].mean() - rate[lying].mean() < 30.0
    assert abs(pressure[sitting].mean() - pressure[lying].mean()) < 12.0
    assert icp[sitting].mean() < icp[lying].mean() - 5.0
    names = body.net.layout.state_names
    stored = [k for k, name in enumerate(names) if name.startswith("volume.")]
    total = np.abs(body.start.rest.state[stored]).sum()
    assert abs(done.state[stored].sum() - body.start.rest.state[stored].sum()) < 1e-9 * total


def test_its_beats_are_found_in_its_own_pressure(body):
    done = simulate(body.net, body.start.schedule, 20.0, state=body.start.rest.state, march=body.start.march)
    beats = clock_in(done.recording()).beats
    rate = 60.0 * beats.whole(2.0, 18.0) / 16.0
    assert rate == pytest.approx(done.signal("heart_rate").mean(), abs=4.0)


def test_a_child_is_refused():
    with pytest.raises(CisternaError, match="closed heart is an adult's"):
        at_rest(Person.typical(age=8, body="whole-closed"))
