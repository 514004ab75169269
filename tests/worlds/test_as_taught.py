"""What the world as taught must show with the switches it has, and the established world must not.

Each statement is seen to fail when its law is taken away: the same question is put to the world without it.
"""

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import from_internal
from cisterna.model.assemble import assemble
from cisterna.model.person import Person
from cisterna.model.simulate import simulate
from cisterna.model.solver.machine import enable_cache
from cisterna.physiology.skull import skull_port
from cisterna.worlds.hypothesis import switched_on
from cisterna.worlds.resting import STEP
from cisterna.worlds.rhythm import cycles, rate_of, rate_per_minute, read_rhythm
from cisterna.worlds.start import begin_in
from cisterna.worlds.world import apply_world

LOW, HIGH = 6.0, 12.0  # felt rate, per minute


@pytest.fixture(scope="module")
def begun():
    """Starts by world and flips, each found once; bodies of one box share their rest."""
    enable_cache()
    adult, found, rests = Person.typical(), {}, {}

    def start(world, *flips):
        if (world, flips) not in found:
            person = apply_world(adult, world, flips=flips)
            soft = "H-SUT" in switched_on(person)
            found[world, flips] = begin_in(person, rests.get(soft))
            rests[soft] = found[world, flips].rest
        return found[world, flips]

    return start


@pytest.fixture(scope="module")
def runs(begun):
    """One run in each world."""
    starts = {name: begun(name) for name in ("established", "as-taught")}
    return {name: simulate(s.net, s.schedule, 120.0, state=s.state, step=STEP) for name, s in starts.items()}


def motion_at_5_gf(person):
    port = skull_port(person.age, person.parameters)
    return from_internal(float(port.c("vault.R", "inward")) * person.parameters.value("touch_5g_force"), "um")


def own_line(run):
    """Largest amplitude of ICP between 6 and 12 per minute, mmHg, beside heart and breath."""
    keep = run.times > 30.0
    t, icp = run.times[keep], run.signal("icp")[keep]
    icp = icp - np.polyval(np.polyfit(t, icp, 2), t)
    window = np.hanning(t.size)
    tones = np.arange(LOW, HIGH + 0.01, 0.1) / 60.0
    waves = np.exp(-2j * np.pi * tones[:, None] * t)
    return float(2.0 * np.abs(waves @ (window * icp)).max() / window.sum())


def test_the_suture_yields_10_um_at_5_gf_only_as_taught():
    adult = Person.typical()
    assert motion_at_5_gf(apply_world(adult, "as-taught")) == pytest.approx(10.0, rel=0.05)
    without = [apply_world(adult, "established"), apply_world(adult, "as-taught", flips=["H-SUT"])]
    assert all(motion_at_5_gf(person) < 0.05 for person in without)


def test_the_rhythm_comes_at_6_to_12_a_minute_and_moves_pressure(begun, runs):
    reading = read_rhythm(begun("as-taught"))
    assert LOW <= reading.rate <= HIGH
    assert 0.5 < reading.swing < 0.9  # closed form kappa qbar T / (2 C) is 0.73 mmHg
    assert own_line(runs["as-taught"]) > 0.1


def test_the_established_world_has_no_such_line(begun, runs):
    assert own_line(runs["established"]) < 0.01
    with pytest.raises(CisternaError, match="no rhythm of its own"):
        read_rhythm(begun("established"))


def test_without_its_effect_on_production_the_relay_makes_no_rhythm(begun):
    start = begun("as-taught")
    net = start.net.set("production.kappa", 0.0)
    rate = rate_of(net, start.schedule, start.state, "pressurestat")
    assert not LOW <= rate <= HIGH


def test_read_literally_the_relay_follows_the_heart(begun):
    """Production on and off moves less than a hundredth of a heartbeat: the receptor sees the heart."""
    start = begun("established", "H-PRESSURESTAT")
    assert start.plan.periods["heart.phase"] == pytest.approx(66.0 / 60.0)
    assert "turns 66.0 times a minute" in start.notes[-1] and "6-12 is not reached" in start.notes[-1]


def test_what_starts_without_rest_says_so(begun):
    assert "starts from the rest of the body without it" in begun("as-taught").notes[0]
    assert begun("established").notes == ()


def test_the_period_of_the_relay_is_that_of_the_closed_form(begun):
    """T = 2 b / (S kappa qbar) in a body without heart and breath, when the source follows at once."""
    start = begun("as-taught")
    gap, kappa, q = (float(start.net.get(f)) for f in ("pressurestat.gap", "production.kappa", "production.rate"))
    band = 0.6 * float(start.net.get("pressurestat.band"))
    plan = start.plan.with_field("pressurestat.band", band).with_field("pressurestat.time", 0.02)
    still = start.schedule.copy()
    for control in ("heart.strength", "breath.depth"):
        still.ramp(control, 0.0, start=0.0)
    run = simulate(assemble(plan), still, 60.0, state=start.state, step=0.005)
    measured = 60.0 / rate_per_minute(cycles(run, "pressurestat", skip=10.0))
    assert measured == pytest.approx(2.0 * band * start.rest.compliance / (gap * kappa * q), rel=0.12)


def test_mean_production_and_pressure_stay(begun, runs):
    run = runs["as-taught"]
    late = run.times > 30.0
    assert run.signal("icp")[late].mean() == pytest.approx(begun("as-taught").rest.icp, abs=0.15)
    assert run.signal("pressurestat")[late].mean() == pytest.approx(0.5, abs=0.05)
