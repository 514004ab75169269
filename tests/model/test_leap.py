"""Leaps over periods: as the run beat by beat, volume kept, refused where they do not apply."""

import dataclasses

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.model.assemble import assemble
from cisterna.model.person import Person
from cisterna.model.simulate import simulate
from cisterna.model.solver.leap import common_period, leap, powers
from cisterna.model.start import begin
from cisterna.physiology.rhythm import PrimaryRhythm


@pytest.fixture(scope="module")
def axis():
    person = Person.typical(body="axis")
    plan, net = person.blueprint(), person.network()
    start = begin(plan, net)
    schedule = start.schedule.copy()
    schedule.run("breath.phase", 1.0 / start.period, 0.0)  # a breath of whole beats
    return plan, net, start, schedule


def test_powers_are_powers():
    a = np.array([[0.5, 0.2], [-0.1, 0.9]])
    for count in (1, 2, 5, 12):
        power, total = powers(a, count)
        each = [np.linalg.matrix_power(a, k) for k in range(1, count + 1)]
        assert np.allclose(power, each[-1]) and np.allclose(total, sum(each))


def test_leaps_follow_the_run_beat_by_beat(axis):
    """Production doubled: ICP drifts for minutes; period means to 0.01 mmHg with a fraction of the periods."""
    _, net, start, schedule = axis
    moved = schedule.copy()
    moved.ramp("production.factor", 2.0, start=0.0)
    seconds = 100 * start.period
    by = leap(net, moved, seconds, state=start.rest.state)
    full = simulate(net, moved, seconds, state=start.rest.state)
    assert by.simulated < 0.3 * seconds and by.simulated + by.leapt == pytest.approx(seconds)
    passed = np.concatenate([[0.0], np.cumsum(full.signal("icp") * np.diff(full.times, prepend=0.0))])
    edges = np.interp(by.spans, np.concatenate([[0.0], full.times]), passed)
    exact = np.diff(edges, axis=1)[:, 0] / np.diff(by.spans, axis=1)[:, 0]
    assert np.ptp(exact) > 0.5
    worst = np.abs(by.mean("icp") - exact).max()
    assert worst < 0.01
    assert worst < max(2.0 * by.error, 1e-3)  # it says how wrong it is
    change, names = by.state - start.rest.state, net.layout.state_names
    gained = sum(change[i] for i, name in enumerate(names) if name.startswith("volume."))
    crossed = [change[i] for i, name in enumerate(names) if name.startswith("ledger.")]
    assert abs(gained - sum(crossed)) < 1e-9 * np.abs(crossed).max()


def test_rest_leaps_in_few_periods(axis):
    _, net, start, schedule = axis
    by = leap(net, schedule, 300 * start.period, state=start.rest.state)
    assert len(by.spans) < 15
    assert np.ptp(by.mean("icp")) < 1e-4


def test_common_period():
    assert common_period({"heart.phase": 1.2, "breath.phase": 0.3}) == pytest.approx(1.0 / 0.3)
    assert common_period({"heart.phase": 1.2, "tilt": 0.1}) is None
    with pytest.raises(CisternaError, match="no common period"):
        common_period({"heart.phase": 1.2, "breath.phase": 0.3 * np.sqrt(2.0)})


def test_a_drive_that_follows_time_is_refused(axis):
    plan, _, start, schedule = axis
    rhythm = PrimaryRhythm(amplitude=1.0, frequency=0.15, wander=0.0, wander_rate=0.02)
    net = assemble(dataclasses.replace(plan).add("rhythm", rhythm))
    with pytest.raises(CisternaError, match="follows time itself"):
        leap(net, schedule, 100.0, state=start.rest.state)
