"""What each step does to the inputs, exactly."""

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.model.schedule import Schedule
from cisterna.protocol.context import Context, no_touch, skull_touch
from cisterna.protocol.step import Number, Step, as_table, make, steps
from cisterna.protocol.steps.arterial_pressure import ArterialPressure
from cisterna.protocol.steps.bolus import Bolus
from cisterna.protocol.steps.breathing import Breathing
from cisterna.protocol.steps.infusion import Infusion
from cisterna.protocol.steps.rest import Rest
from cisterna.protocol.steps.seated import Seated
from cisterna.protocol.steps.supine import Supine
from cisterna.protocol.steps.tilt import Tilt
from cisterna.protocol.steps.touch import Touch
from cisterna.protocol.timeline import lay_out

REST = {
    "abp.shift": 0.0, "tilt": 0.0, "infusion": 0.0, "touch.volume": 0.0,
    "breath.phase": 0.0, "breath.depth": 1.0, "heart.phase": 0.0,
}  # fmt: skip
GF = 0.735559  # mmHg cm2, from 9.80665e-3 N and 13.3322 mN


def timeline(*made, rest=REST, touch=no_touch):
    schedule = Schedule(dict(rest))
    for name, rate in (("heart.phase", 1.1), ("breath.phase", 0.25)):
        if name in rest:
            schedule.run(name, rate, 0.0)
    return lay_out(made, schedule, Context(default_parameters(), 35.0, "axis", rest, touch))


def values(line, name, *times):
    return [line.schedule.value(name, t) for t in times]


def test_rest_moves_nothing():
    line = timeline(Rest(duration="1 min"))
    assert line.end == 60.0 and line.schedule.events(0.0, 60.0) == [0.0, 60.0]


def test_bolus_holds_its_volume_exactly():
    line = timeline(Rest(duration="10 s"), Bolus(volume="4 mL", over="3 s"), Rest(duration="10 s"))
    assert values(line, "infusion", 9.999, 10.0, 12.999, 13.0) == pytest.approx([0, 4 / 3, 4 / 3, 0])
    assert line.end == 23.0
    out = timeline(Bolus(volume="-4 mL", over="3 s"))
    assert values(out, "infusion", 1.0) == pytest.approx([-4 / 3])


def test_infusions_that_overlap_add_up():
    line = timeline(Infusion(rate="1.5 mL/min", duration="60 s"), Infusion(rate="6 mL/min", duration="20 s", at="30 s"))
    assert values(line, "infusion", 29.9, 30.0, 49.9, 50.0, 60.0) == pytest.approx([0.025, 0.125, 0.125, 0.025, 0])
    assert line.end == 60.0


def test_posture():
    line = timeline(Tilt(angle="30 deg", over="4 s", duration="10 s"), Seated(over="5 s"), Supine(over="10 s"))
    assert values(line, "tilt", 2.0, 4.0, 14.0) == pytest.approx([np.pi / 12, np.pi / 6, np.pi / 6])
    assert values(line, "tilt", 19.0, 24.0, 29.0) == pytest.approx([np.pi / 2, np.pi / 4, 0.0])
    assert line.end == 29.0


def test_posture_takes_the_time_of_the_table_when_none_is_given():
    assert Seated().over == default_parameters()["posture_change_time"].value
    assert as_table(Seated()) == {"do": "seated"}


def test_breathing_keeps_its_phase_and_changes_its_rate():
    line = timeline(Rest(duration="10 s"), Breathing(rate="6 1/min", depth=3, over="2 s", duration="20 s"))
    assert values(line, "breath.phase", 10.0, 20.0) == pytest.approx([2.5, 3.5])
    assert values(line, "breath.depth", 10.0, 11.0, 12.0, 40.0) == pytest.approx([1.0, 2.0, 3.0, 3.0])
    held = timeline(Breathing(depth=0, over="0 s", duration="10 s"))
    assert values(held, "breath.depth", 1.0) == [0.0] and values(held, "breath.phase", 4.0) == [1.0]


@pytest.mark.parametrize(("name", "rest"), [("abp.shift", 0.0), ("abp", 100.0)])
def test_arterial_pressure_is_against_rest_in_every_body(name, rest):
    made = (ArterialPressure(change="-20 mmHg", over="10 s", duration="5 s"), ArterialPressure(change="-5 mmHg"))
    line = timeline(*made, rest={name: rest})
    assert values(line, name, 5.0, 10.0, 15.0) == pytest.approx([rest - 10, rest - 20, rest - 5])


def test_touch_narrows_by_g_times_f_and_is_recorded():
    calls = []

    def hook(station, force, way):
        calls.append((station, round(force, 3), way))
        return 1e-4 * force

    made = Touch(station="frontal.R", force="5 gf", direction="posterior", hold="10 s", ramp="2 s")
    line = timeline(Rest(duration="3 s"), made, touch=hook)
    assert calls == [("frontal.R", 3.678, "posterior")]
    full = 1e-4 * 5 * GF
    assert values(line, "touch.volume", 3.0, 4.0, 5.0, 15.0, 16.0, 17.0) == pytest.approx(
        [0, full / 2, full, full, full / 2, 0], rel=1e-5, abs=1e-12
    )
    times, heights = zip(*line.context.forces["frontal.R"], strict=True)
    assert times == (3, 5, 15, 17) and heights == pytest.approx([0, 5 * GF, 5 * GF, 0], rel=1e-5)
    assert line.context.marks == [(3.0, 14.0, "force(frontal.R): 5 gf posterior")]


def test_two_hands_at_once_add_up():
    hand = {"force": "5 gf", "direction": "medial", "hold": "10 s", "ramp": "2 s"}
    line = timeline(
        Touch(station="parietal.L", **hand), Touch(station="parietal.R", with_previous=True, **hand),
        Touch(station="parietal.R", at="12 s", **hand), touch=lambda station, force, way: force,
    )  # fmt: skip
    one = 5 * GF
    assert values(line, "touch.volume", 5.0, 12.0, 13.0, 14.0, 20.0) == pytest.approx(
        [2 * one, 2 * one, 1.5 * one, one, one], rel=1e-5
    )
    times, heights = zip(*line.context.forces["parietal.R"], strict=True)
    assert np.interp([5.0, 13.0, 20.0, 26.0], times, heights) == pytest.approx([one, one, one, 0.0], rel=1e-5)


def test_a_press_narrows_the_skull_and_a_pull_widens_it():
    touch = skull_touch(35.0, default_parameters())
    squeeze = touch("parietal.R", 5 * GF, "medial")
    assert 0.0 < squeeze < 1e-3  # mL: microlitres at most
    assert touch("parietal.R", 5 * GF, "lateral") == pytest.approx(-squeeze)
    assert touch("parietal.R", 50 * GF, "medial") == pytest.approx(10 * squeeze)
    assert touch("sacrum", 5 * GF, "inward") == 0.0


def test_no_hand_may_load_a_fontanelle():
    with pytest.raises(CisternaError, match="must not be loaded"):
        Touch(station="fontanelle", force="1 gf", hold="1 s")


def test_place_in_time():
    line = timeline(
        Rest(duration="10 s"), Infusion(rate="1 mL/min", duration="30 s"), Tilt(angle="10 deg", over="1 s", at="20 s"),
        Rest(duration="5 s", with_previous=True), Rest(duration="5 s"),
    )  # fmt: skip
    assert [(p.label, p.start, p.end) for p in line.placed] == [
        ("rest", 0, 10), ("infusion", 10, 40), ("tilt", 20, 21), ("rest 2", 20, 25), ("rest 3", 40, 45),
    ]  # fmt: skip


def test_labels_are_unique():
    line = timeline(Rest(duration="1 s"), Rest(duration="1 s", label="rest 2"), Rest(duration="1 s"))
    assert [p.label for p in line.placed] == ["rest", "rest 2", "rest 3"]
    with pytest.raises(CisternaError, match="two steps are called 'a'"):
        timeline(Rest(duration="1 s", label="a"), Rest(duration="1 s", label="a"))


def test_two_steps_may_not_move_one_input_against_each_other():
    with pytest.raises(CisternaError, match="'tilt' and 'seated' move 'tilt' at the same time"):
        timeline(Seated(at="100 s", over="5 s"), Tilt(angle="20 deg", over="1 s", at="10 s"))


def test_a_body_without_the_input_says_so():
    with pytest.raises(CisternaError, match="has no input 'tilt'"):
        timeline(Seated(), rest={"infusion": 0.0})


def test_empty_timelines():
    with pytest.raises(CisternaError, match="timeline is empty"):
        timeline()
    with pytest.raises(CisternaError, match="takes no time"):
        timeline(ArterialPressure(change="3 mmHg"))
    with pytest.raises(CisternaError, match="too long"):
        timeline(Rest(duration="13 h"))


EXAMPLES = {
    "rest": {"for": "30 s"},
    "supine": {"over": "10 s", "for": "60 s"},
    "seated": {"for": "60 s", "label": "up"},
    "tilt": {"angle": "30 deg", "over": "10 s"},
    "breathing": {"rate": "6 1/min", "depth": 2.0},
    "arterial_pressure": {"change": "-20 mmHg", "over": "10 s", "at": "5 s"},
    "carbon_dioxide": {"pressure": "50 mmHg", "over": "20 s", "for": "60 s"},
    "infusion": {"rate": "1.5 mL/min", "for": "600 s"},
    "bolus": {"volume": "-4 mL", "over": "3 s"},
    "touch": {"station": "frontal.R", "force": "5 gf", "direction": [0, -1, 0.5], "hold": "60 s"},
}


def test_every_step_has_an_example_here():
    assert set(EXAMPLES) == set(steps())


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_step_written_out_reads_back_the_same(kind):
    made = make(kind, EXAMPLES[kind], steps())
    table = as_table(made)
    assert table.pop("do") == kind and make(kind, table, steps()) == made
    assert made.words() and steps()[kind].summary


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_quantity_of_a_step_refuses_the_wrong_kind_and_silence(kind):
    for key, text in EXAMPLES[kind].items():
        if not isinstance(text, str) or not text[-1].isalnum() or key in ("label", "station"):
            continue
        for wrong, told in ((text.split()[0] + " kg", "wrong kind of unit"), (float(text.split()[0]), "needs a unit")):
            with pytest.raises(CisternaError, match=told):
                make(kind, EXAMPLES[kind] | {key: wrong}, steps())


@pytest.mark.parametrize(
    ("kind", "key", "text"),
    [("touch", "force", "-5 gf"), ("tilt", "over", "-1 s"), ("breathing", "depth", "-1"), ("rest", "for", "-1 s")],
)
def test_what_cannot_be_negative(kind, key, text):
    with pytest.raises(CisternaError, match=f"{key} is negative"):
        make(kind, EXAMPLES[kind] | {key: text}, steps())


def test_internal_numbers_pass_when_said_to_be():
    assert Rest(duration=Number(3.0)) == Rest(duration="3 s")
    assert issubclass(Rest, Step)
