"""Values set on the command line: outside their range they are allowed and told; what a body does not read is not."""

import json
from dataclasses import replace

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.model.person import Person, keep_given
from cisterna.model.posture import Posture
from cisterna.outside import terminal
from cisterna.outside.cli import run
from cisterna.outside.commands._values import READ_LATER, near, require_read, used_by
from cisterna.outside.simulation import SimulationPlan, run_simulation
from cisterna.outside.simulation_numbers import observed
from cisterna.outside.simulation_report import simulation_page
from cisterna.recordings.load import load
from cisterna.recordings.recording import Recording

#: Areas of cord and sac that the picture of the body is drawn with; no number of the run comes from them.
DRAWN = ("cord_", "sac_")


def call(capsys, *words):
    code = run(["simulate", "--body", "axis", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, " ".join(said.err.split())


def test_outside_its_range_a_value_runs_and_is_told(tmp_path, capsys):
    code, out, err = call(capsys, "--set", "csf_production=1 mL/min", "--for", "4s", "--out", tmp_path, "--json")
    provenance = json.loads(out)["provenance"]
    (row,) = provenance["changed"]
    assert code == 0 and row["outside"] == "0.2 to 0.7 mL/min"
    assert "warning csf_production 1 mL/min is outside 0.2 to 0.7 mL/min" in err
    assert provenance["warnings"] == ["csf_production 1 mL/min is outside 0.2 to 0.7 mL/min"]
    assert load(tmp_path / "simulation.nc").provenance["hash"] == provenance["hash"]


def test_a_usual_value_is_not_warned_of(capsys, tmp_path):
    code, out, err = call(capsys, "--person", "85", "--set", "hr_rest=70 1/min", "--for", "4s", "--out", tmp_path)
    assert code == 0 and "warning" not in err and "outside" not in out
    assert "85 y is computed as any adult" in " ".join(out.split())


def test_of_a_child_rows_are_scaled_and_not_changed(capsys, tmp_path):
    code, out, _ = call(capsys, "--person", "6", "--for", "4s", "--out", tmp_path)
    assert code == 0 and "scaled for age  hr_rest" in out and "changed" not in out and "any adult" not in out


def test_no_resting_state_names_what_was_set(monkeypatch):
    from cisterna.outside import simulation

    def restless(*_):
        raise CisternaError("no periodic resting state was found")

    monkeypatch.setattr(simulation, "at_rest", restless)
    person = Person.typical(body="axis").with_values({"csf_production": "0 mL/min"})
    with pytest.raises(CisternaError, match="no periodic resting state") as caught:
        run_simulation(SimulationPlan(person, duration=10.0))
    assert "csf_production=0 mL/min (stated 0.2 to 0.7 mL/min)" in caught.value.mend


def test_a_body_that_cannot_be_built_is_told_and_not_a_fault():
    person = Person.typical(body="axis").with_values({"breath_inspiration": 0.0, "hr_rest": "0 1/min"})
    with pytest.raises(CisternaError):
        run_simulation(SimulationPlan(person, duration=10.0))


def test_what_a_simulation_reads_is_read_by_its_body_or_listed():
    """READ_LATER is whole: a run, its numbers and its page read no other row of the person."""
    person = Person.typical(body="axis").with_(Posture.named("supine"))
    used = set(used_by(person))
    assert not person.parameters.used  # looking leaves no trace
    done = run_simulation(SimulationPlan(person, duration=10.0))
    simulation_page(done, observed(done), seconds=1.0, date="1 Jan 2026")
    later = set(done.person.parameters.used) - used
    assert {name for name in later if not name.startswith(DRAWN)} <= set(READ_LATER)
    high = replace(done.run, samples=np.where(np.array(done.names) == "icp", 150.0, done.run.samples))
    assert not done.lifeless() and "nobody lives so" in replace(done, run=high).lifeless()[0]


def test_what_the_body_reads_and_what_the_run_reads_may_be_set():
    person = Person.typical(body="axis")
    require_read(person, ["csf_production", "hr_rest", "simulate_measured"])
    with pytest.raises(CisternaError, match="'axis' does not use paco2"):
        require_read(person, ["paco2"])


def test_near_names_are_those_the_body_has():
    rows = used_by(Person.typical(body="whole"))
    for name in ("csf_outflow_resistance", "csf_outflow"):
        said = near(name, rows)
        assert "whole_rout_granulations" in said and "circ_" not in said


def measured(path):
    t = np.arange(0, 20, 0.01)
    wave = 80 + 40 * np.exp(-(((t % 0.8) - 0.2) ** 2) / 0.01)
    rec = Recording().with_signal("abp", wave, rate=100.0, unit="mmHg", level_ref="heart", origin="measured")
    rec.save(path)
    return path


def test_a_value_and_a_measurement_of_it_exclude_each_other(tmp_path, capsys):
    file = measured(tmp_path / "abp.nc")
    words = ("--abp", file, "--set", "map_supine=100 mmHg", "--set", "hr_rest=70 1/min")
    code, _, err = call(capsys, *words, "--out", tmp_path / "out")
    assert code == 2 and "map_supine, hr_rest cannot be set: the recording abp.nc gives them" in err
    assert "hr_rest 70 set, 75 1/min measured" in err and not list((tmp_path / "out").iterdir())


def test_an_inflow_brings_its_own_rate(tmp_path, capsys):
    at = np.arange(24) / 24 * 0.9
    file = tmp_path / "inflow.csv"
    rows = "\n".join(f"{t:.6f},{3000 * np.sin(2 * np.pi * t / 0.9):.3f}" for t in at)
    file.write_text(f"# time [s], flow in mm^3/s\n{rows}\n")
    file.with_suffix(".json").write_text('{"kind": "flow curve", "cycle": 0.9}')
    code, _, err = call(capsys, "--inflow", file, "--set", "hr_rest=70 1/min", "--out", tmp_path / "out")
    assert code == 2 and "hr_rest cannot be set: the inflow inflow.csv gives it" in err


def test_values_that_were_kept_are_no_clash():
    asked = Person.typical(body="axis").with_values({"csf_production": "0.5 mL/min"})
    keep_given(asked, asked.with_values({"hr_rest": "75 1/min"}), "the recording")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_stopped_at_the_report_the_run_is_kept(stop, tmp_path, capsys, monkeypatch):
    from cisterna.outside import simulation_report

    def stopped(*_, **__):
        raise stop("now")

    monkeypatch.delenv("CISTERNA_DEBUG", raising=False)
    monkeypatch.setattr(simulation_report, "simulation_page", stopped)
    code, _, err = call(capsys, "--for", "4s", "--out", tmp_path)
    assert code == (130 if stop is KeyboardInterrupt else 1)
    assert "written" in err and "simulation.nc" in err and terminal.written == [tmp_path / "simulation.nc"]
    assert load(tmp_path / "simulation.nc").duration == pytest.approx(4.0, abs=0.1)
