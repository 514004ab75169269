"""Where the numbers under the hand come from: a run with its schedule, a recording, a condensed skull."""

from types import SimpleNamespace

import numpy as np
import pytest

from cisterna.evaluation import Inputs, Rhythm, evaluate_stations, motion_series, skull_motions
from cisterna.evaluation.series import phase_of, pulse_height
from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.model.schedule import Schedule
from cisterna.physiology.skull import skull_port
from cisterna.recordings.recording import Recording

T = np.arange(10.0, 160.0, 0.04)
HEART = 1.0 * T + 0.25 * np.maximum(T - 80.0, 0.0)  # faster from 80 s on
BREATH = -np.cos(2 * np.pi * 0.2 * T)
ICP = 12.0 + 1.5 * np.cos(2 * np.pi * HEART) - 0.5 * BREATH


@pytest.fixture
def schedule():
    plan = Schedule({"heart.phase": 0.0, "breath.phase": 0.0})
    plan.run("heart.phase", 1.0, 0.0)
    plan.run("breath.phase", 0.2, 0.0)
    plan.run("heart.phase", 1.25, 80.0)
    return plan


def as_run(icp=ICP):
    return SimpleNamespace(times=T, signal=lambda name: {"icp": icp, "resp": BREATH}[name])


def test_the_phase_of_a_schedule(schedule):
    assert np.allclose(phase_of(schedule.track("heart.phase"), T), HEART)
    assert phase_of(schedule.track("heart.phase"), [3.0])[0] == schedule.value("heart.phase", 3.0)


def test_a_run_gives_its_own_clock_and_swings(schedule):
    person = Inputs.of_run(as_run(), schedule, skull=0.02)
    assert person.heart_rate == pytest.approx(60 * (HEART[-1] - HEART[0]) / (T[-1] - T[0]))
    assert person.breath_rate == pytest.approx(12.0) and person.breath_depth == pytest.approx(1.0, rel=1e-3)
    assert person.icp_pulse == pytest.approx(3.0, rel=0.05) and person.icp_breath == pytest.approx(1.0, rel=0.02)
    series = motion_series("vault.L", person, T[100:-100])
    assert np.allclose(series["breath"], 100.0 * BREATH[100:-100], rtol=2e-3)
    assert np.ptp(series["csf"]) == pytest.approx(0.02 * np.ptp(ICP[100:-100]), rel=1e-3)
    assert evaluate_stations(person, ["ribs"], seed=1)["ribs"].sqar.rate == pytest.approx(12.0, rel=0.02)


def test_a_rhythm_driven_in_the_model_is_measured_off_its_icp(schedule):
    icp = ICP + 0.75 * np.sin(2 * np.pi * 8 / 60 * T)
    person = Inputs.of_run(as_run(icp), schedule, rhythm=Rhythm(8.0, in_icp=True))
    assert person.rhythm.icp_swing == pytest.approx(1.5, rel=0.02)


def test_several_bodies_at_once_are_refused(schedule):
    with pytest.raises(CisternaError, match="one body is needed"):
        Inputs.of_run(as_run(np.stack([ICP, ICP])), schedule)


def test_a_recording_gives_the_same():
    abp = 90 + 20 * np.exp(-(((HEART % 1.0) - 0.3) ** 2) / 0.01)
    rec = Recording().with_signal("abp", abp, rate=25.0, start=10.0, unit="mmHg", level_ref="heart", origin="measured")
    rec = rec.with_signal("icp", ICP, rate=25.0, start=10.0, unit="mmHg", origin="measured")
    rec = rec.with_signal("resp", 40.0 + 7.0 * BREATH, rate=25.0, start=10.0, unit="", origin="measured")
    person = Inputs.of_recording(rec)
    assert person.heart_rate == pytest.approx(60 * (HEART[-1] - HEART[0]) / (T[-1] - T[0]), rel=0.01)
    assert person.breath_rate == pytest.approx(12.0, rel=0.02)
    assert person.breath_depth == pytest.approx(1.0, rel=0.05)  # no scale is in a belt
    assert person.icp_pulse == pytest.approx(3.0, rel=0.1) and person.icp_breath == pytest.approx(1.0, rel=0.1)
    assert evaluate_stations(person, ["ribs"], seed=1)["ribs"].sqar.rate == pytest.approx(12.0, rel=0.03)
    with pytest.raises(CisternaError, match="no signal shows the heartbeat"):
        Inputs.of_recording(rec.only("resp"))


def test_pulse_height_ignores_a_slow_swell():
    assert pulse_height(np.sin(2 * np.pi * T) + 0.8 * T, T) == pytest.approx(2.0, rel=0.03)


def test_the_condensed_adult_skull_is_the_published_shell():
    port = skull_port(35.0, default_parameters())
    moved = skull_motions(port)
    assert moved["vault.L"] == moved["vault.R"] and 0.015 < moved["vault.L"] < 0.024  # thin shell 0.02 um/mmHg
    assert "fontanelle" not in moved and all(0.0 <= value < 0.05 for value in moved.values())
    person = Inputs.adult(skull=moved)
    found = evaluate_stations(person, ["vault", "occiput", "heel"])
    assert 0.0002 < found["vault"].d_cranial < 0.001
    assert found["occiput"].motion["csf"] == pytest.approx(moved["occiput"] * 4.5)
    assert found["heel"].d_cranial == 0.0


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"heart_rate": 0.0}, "must be positive"),
        ({"breath_depth": -1.0}, "must not be negative"),
        ({"rhythm": Rhythm(-8.0, 1.0)}, "a rhythm needs"),
        ({"icp": np.ones(3)}, "a series needs its times"),
        ({"times": np.arange(4.0), "icp": np.ones(3)}, "does not fit the times"),
        ({"times": np.arange(3.0), "icp": [1.0, np.nan, 1.0]}, "not one clean series"),
        ({"times": [0.0, 2.0, 1.0]}, "times must rise"),
        ({"reach": {"hell": 0.1}}, "no station 'hell'"),
    ],
)
def test_mistakes_are_told(changes, what):
    with pytest.raises(CisternaError, match=what):
        Inputs.adult(**changes)
