"""A measured signal drives heart and breath: the body follows the recording, and the report says what was bridged."""

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.model.person import Person
from cisterna.model.simulate import simulate
from cisterna.model.start import begin
from cisterna.sessions.recorded import driven
from cisterna.sessions.session import SessionPlan, measured_drive
from cisterna.signals.beats import find_beats, per_minute


@pytest.fixture(scope="module")
def rest():
    person = Person.typical()
    return begin(person.blueprint(), person.network())


def _follow(drive, rest, seconds=30.0):
    person = driven(Person.typical(), drive)
    return person, simulate(person.network(), rest.schedule, seconds, state=rest.rest.state, step=0.01)


def test_pressure_drives_the_body(shared_data, rest):
    file = shared_data / "wfdb" / "mixedsignals.hea"
    drive = measured_drive(SessionPlan(person=Person.typical(), recording=f"{file}:ABP"))
    person, run = _follow(drive, rest)
    beats = find_beats(run.signal("icp"), 1.0 / np.median(np.diff(run.times)), "icp")
    assert per_minute(beats) == pytest.approx(104, rel=0.05)
    assert run.signal("abp").mean() == pytest.approx(109.7, rel=0.03)
    assert person.parameters.peek("map_supine").status == "set"


def test_dropouts_of_the_pressure_are_bridged_and_told(shared_data, rest):
    file = shared_data / "tcd" / "clintools_abp_mcav_hr_1000hz.h5"
    drive = measured_drive(SessionPlan(person=Person.typical(), recording=f"{file}:abp"))
    assert sum("bridged" in line and "dropout" in line for line in drive.report()) in (8, 9)
    _, run = _follow(drive, rest)
    assert run.signal("abp").min() > 40.0


def test_breath_drives_the_body(shared_data, rest):
    file = shared_data / "resp" / "physio_resp1_airflow_1000hz.npy"
    plan = SessionPlan(person=Person.typical(), recording=f"{file}:resp", units={"": "none"}, rate=1000.0)
    drive = measured_drive(plan)
    assert drive.breath_rate == pytest.approx(6.0, rel=0.05)
    _, run = _follow(drive, rest, 60.0)
    turns = np.diff(np.sign(run.signal("resp"))) > 0
    assert turns.sum() in (5, 6, 7)


def test_an_absurd_pressure_is_refused_with_the_mend(shared_data):
    file = shared_data / "wfdb" / "03700181.hea"
    with pytest.raises(CisternaError, match="plausible") as caught:
        measured_drive(SessionPlan(person=Person.typical(), recording=f"{file}:ABP"))
    assert "33" in str(caught.value) and "--units" in str(caught.value)


def test_a_wrong_channel_is_told(shared_data):
    file = shared_data / "wfdb" / "mixedsignals.hea"
    with pytest.raises(CisternaError, match="ABPP"):
        measured_drive(SessionPlan(person=Person.typical(), recording=f"{file}:ABPP"))


def test_a_made_pressure_comes_back_as_it_went_in(tmp_path, rest):
    """A known wave written to a file drives the body with itself."""
    t = np.arange(0, 40, 0.01)
    wave = 90 + 20 * np.exp(-(((t % 0.8) - 0.2) ** 2) / 0.01) - 4
    file = tmp_path / "made.csv"
    np.savetxt(file, np.column_stack([t, wave]), delimiter=",", header="t [s],ABP [mmHg]", comments="")
    drive = measured_drive(SessionPlan(person=Person.typical(), recording=f"{file}:ABP"))
    assert drive.heart_rate == pytest.approx(75, rel=0.01)
    _, run = _follow(drive, rest)
    assert np.ptp(run.signal("abp")) == pytest.approx(np.ptp(wave), rel=0.03)
