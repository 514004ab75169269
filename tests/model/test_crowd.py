"""A crowd: each person's run is its own, in one process or in several; one that is lost loses nobody else."""

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.model.crowd import GROUP, run_crowd
from cisterna.model.person import Person
from cisterna.model.simulate import simulate
from cisterna.model.solver.march import March
from cisterna.model.start import begin


@pytest.fixture(scope="module")
def people():
    person = Person.typical(body="cranial")
    net = person.network()
    start = begin(person.blueprint(), net)
    nets = [net.set("csf.elastance_coefficient", 0.1 + 0.001 * k) for k in range(GROUP + 2)]
    schedules = [start.schedule.copy() for _ in nets]
    for k, schedule in enumerate(schedules):
        schedule.ramp("infusion", 0.001 * k, start=0.5)
    return nets, schedules, start.rest.state


def test_a_crowd_is_its_persons(people):
    nets, schedules, state = people
    crowd = run_crowd(nets, schedules, 4.0, states=state, keep=("icp",), processes=1)
    for k in (0, 7, GROUP + 1):
        alone = simulate(nets[k], schedules[k], 4.0, state=state, march=March(inner=2, outer=50))
        assert np.allclose(crowd.signals["icp"][k], alone.signal("icp"), rtol=0, atol=1e-9)
        assert np.allclose(crowd.states[k], alone.state, rtol=0, atol=1e-9)
    assert crowd.lost == {} and crowd.signals["icp"][1, -1] < crowd.signals["icp"][40, -1]


def test_two_processes_give_the_same(people):
    nets, schedules, state = people
    shares = []
    one = run_crowd(nets, schedules, 1.0, states=state, processes=1)
    two = run_crowd(nets, schedules, 1.0, states=state, processes=2, told=shares.append)
    assert np.array_equal(one.signals["icp"], two.signals["icp"]) and np.array_equal(one.states, two.states)
    assert shares[-1] == 1.0 and shares == sorted(shares)


def test_one_that_is_lost_loses_nobody_else(people):
    nets, schedules, state = people
    states = np.repeat(state[None], 3, axis=0)
    states[1] = np.nan
    crowd = run_crowd(nets[:3], schedules[:3], 1.0, states=states, processes=1)
    assert list(crowd.lost) == [1] and "range" in crowd.lost[1]
    assert np.isfinite(crowd.signals["icp"][[0, 2]]).all() and np.isnan(crowd.signals["icp"][1]).all()


def test_mistakes_are_answered(people):
    nets, schedules, state = people
    with pytest.raises(CisternaError, match="schedule for each person"):
        run_crowd(nets[:2], schedules[:1], 1.0, states=state)
    with pytest.raises(CisternaError, match="different layouts"):
        run_crowd([nets[0], Person.typical(body="one").network()], schedules[:2], 1.0, states=state)
    with pytest.raises(UnknownName):
        run_crowd(nets[:2], schedules[:2], 1.0, states=state, keep=("icpp",))
