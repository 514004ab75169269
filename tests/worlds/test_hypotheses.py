"""Switches and worlds: what they change, how they are marked, what excludes what."""

import numpy as np
import pytest

from cisterna.claims.table import claims_table
from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.model.person import Person
from cisterna.physiology.component import internal
from cisterna.physiology.skull import skull_port
from cisterna.worlds.hypothesis import GRADES, KINDS, hypotheses, hypothesis, switched_on, switches
from cisterna.worlds.start import carry_state, without_rhythm
from cisterna.worlds.world import NOT_BUILT, RHYTHMS, apply_world, both, world


@pytest.fixture(scope="module")
def adult():
    return Person.typical()


def box(plan):
    law = plan.part("cranium").law
    return internal(law.skull, "mL/mmHg", "skull")


@pytest.mark.parametrize("name", hypotheses())
def test_every_hypothesis_says_what_it_is_and_what_would_speak_against_it(name):
    h = hypothesis(name)
    assert h.kind in KINDS and h.grade in GRADES
    assert h.law and h.title and h.expected and h.against
    assert set(h.claims) <= {row.id for row in claims_table()}
    table = default_parameters()
    for key in h.moves:
        assert f"{key}_taught" in table and table.peek(f"{key}_taught").status == "required"
    assert all(key in table for key in (*h.moves, *h.uses))


def test_the_established_world_is_the_person_unchanged(adult):
    person = apply_world(adult, "established")
    assert switched_on(person) == () and person.blueprint() == adult.blueprint()
    assert person.parameters.changed == {}


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_every_number_a_hypothesis_moves_is_marked_required(adult, rhythm):
    person = apply_world(adult, "as-taught", rhythm)
    assert switched_on(person) == ("H-SUT", RHYTHMS[rhythm])
    moved = {key for s in switches(person) for key in s.hypothesis.moves}
    assert set(person.parameters.changed) == moved
    assert {person.parameters.peek(key).status for key in moved} == {"required"}
    assert person.blueprint().hypotheses == ("H-SUT", RHYTHMS[rhythm])


def test_a_switch_alone_uses_the_literal_value_and_in_the_teaching_the_taught_one(adult):
    alone = apply_world(adult, "established", flips=["H-PRESSURESTAT"])
    taught = apply_world(adult, "as-taught")
    assert [p.parameters.peek("pressurestat_kappa").value for p in (adult, alone, taught)] == [0.0, 1.0, 200.0]


def test_flips_turn_one_switch_over_in_either_world(adult):
    assert switched_on(apply_world(adult, "as-taught", flips=["H-SUT"])) == ("H-PRESSURESTAT",)
    assert switched_on(apply_world(adult, "as-taught", flips=["H-PRESSURESTAT"])) == ("H-SUT",)
    assert switched_on(apply_world(adult, "established", flips=["H-SUT"])) == ("H-SUT",)
    # Two rhythms exclude each other: one takes the other's place.
    assert switched_on(apply_world(adult, "as-taught", flips=["H-PRM"])) == ("H-SUT", "H-PRM")
    side = both(adult, rhythm="prm")
    assert [switched_on(p) for p in side.values()] == [(), ("H-SUT", "H-PRM")]


def test_what_is_impossible_is_refused_with_the_nearest_name(adult):
    with pytest.raises(CisternaError, match="no world 'as-tought'") as caught:
        world("as-tought")
    assert "as-taught" in caught.value.mend
    with pytest.raises(CisternaError, match="no hypothesis"):
        apply_world(adult, "established", flips=["H-SUTT"])
    with pytest.raises(CisternaError, match="no rhythm"):
        apply_world(adult, "as-taught", rhythm="drum")
    on = hypothesis("H-PRM").apply(adult)
    with pytest.raises(CisternaError, match="exclude each other"):
        hypothesis("H-PRESSURESTAT").apply(on)
    with pytest.raises(CisternaError, match="is on already"):
        hypothesis("H-PRM").apply(on)


def test_soft_sutures_change_the_box_as_the_skull_says_and_nothing_else(adult):
    soft = hypothesis("H-SUT").apply(adult)
    hard_plan, soft_plan = adult.blueprint(), soft.blueprint()
    ports = [float(skull_port(35.0, p.parameters).compliance) for p in (adult, soft)]
    assert box(soft_plan) / box(hard_plan) == pytest.approx(ports[1] / ports[0], rel=1e-12)
    changed = [key for key, value in soft_plan.fields().items() if value != hard_plan.fields()[key]]
    assert changed == ["cranium.skull"]


def test_adult_sutures_leave_a_newborn_as_it_is():
    newborn = Person.typical(age=0.0)
    soft = hypothesis("H-SUT").apply(newborn)
    assert box(soft.blueprint()) == pytest.approx(box(newborn.blueprint()), rel=1e-12)


def test_the_prm_drives_the_brain_and_the_pressurestat_the_source(adult):
    plan = apply_world(adult, "as-taught", "prm").blueprint()
    assert plan.part("cranium").sees["brain"] == "drive.prm"
    assert plan.part("production").sees == adult.blueprint().part("production").sees
    plan = apply_world(adult, "as-taught").blueprint()
    assert plan.part("production").sees["on"] == "state.pressurestat"
    assert plan.part("production").sees["factor"] == "drive.production.factor"
    assert plan.part("cranium").sees["brain"] == "drive.brain.volume"


def test_a_state_is_carried_by_name_and_nothing_is_lost(adult):
    plain, taught = adult.network(), apply_world(adult, "as-taught").network()
    state = np.arange(1.0, 1.0 + len(plain.layout.state_names))
    carried = carry_state(plain, taught, state)
    there = dict(zip(taught.layout.state_names, carried, strict=True))
    assert all(there[name] == value for name, value in zip(plain.layout.state_names, state, strict=True))
    assert there["state.pressurestat"] == 1.0
    with pytest.raises(CisternaError, match="no place"):
        carry_state(taught, plain, carried)


def test_what_is_quiet_has_no_rhythm_but_keeps_the_sutures(adult):
    quiet = without_rhythm(apply_world(adult, "as-taught"))
    assert switched_on(quiet) == ("H-SUT",)


def test_the_world_as_taught_says_what_it_does_not_carry():
    assert not set(NOT_BUILT) & set(hypotheses())
