"""`cisterna simulate`: a run with report, recording and JSON; drives; every mistake told with exit code 2."""

import json
import re

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.model.person import Person
from cisterna.model.posture import Posture
from cisterna.outside.cli import run
from cisterna.outside.simulation import SimulationPlan, run_simulation
from cisterna.outside.simulation_numbers import (
    LABELS,
    ROWS,
    at_levels,
    lower_face,
    observed,
    strokes,
    wave_front,
)
from cisterna.outside.simulation_pictures import pressures
from cisterna.outside.simulation_report import simulation_page
from cisterna.protocol.read import load_protocol
from cisterna.recordings.load import load
from cisterna.recordings.recording import Recording

RATE = 100.0


def call(capsys, *words):
    code = run(["simulate", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture(scope="module")
def lying():
    return run_simulation(SimulationPlan(Person.typical(body="axis"), duration=20.0))


@pytest.fixture(scope="module")
def inflow_file(tmp_path_factory):
    at = np.arange(24) / 24 * 0.9
    path = tmp_path_factory.mktemp("flow") / "inflow.csv"
    rows = "\n".join(f"{t:.6f},{3000 * np.sin(2 * np.pi * t / 0.9):.3f}" for t in at)
    path.write_text(f"# time [s], flow in mm^3/s\n{rows}\n")
    path.with_suffix(".json").write_text('{"kind": "flow curve", "cycle": 0.9}')
    return path


@pytest.fixture(scope="module")
def pressure_file(tmp_path_factory):
    """A pulse of 75/min about 88 mmHg."""
    t = np.arange(0, 30, 1 / RATE)
    wave = 80 + 40 * np.exp(-(((t % 0.8) - 0.2) ** 2) / 0.01)
    path = tmp_path_factory.mktemp("abp") / "abp.nc"
    rec = Recording().with_signal("abp", wave, rate=RATE, unit="mmHg", level_ref="heart", origin="measured")
    rec.save(path)
    return path


def test_files_terminal_and_json_say_the_same(tmp_path, capsys):
    words = ["--body", "axis", "--for", "20s", "--out"]
    code, out, err = call(capsys, *words, tmp_path / "a")
    assert code == 0 and sorted(p.name for p in (tmp_path / "a").iterdir()) == ["simulation.html", "simulation.nc"]
    assert "values lie inside their range" in out and out.count(str(tmp_path / "a")) == 2
    assert "simulation" in err and "report" in err and "done" in err
    code, again, err = call(capsys, *words, tmp_path / "b", "--json")
    told = json.loads(again)
    assert code == 0 and err == ""
    keys = ["id", "value", "unit", "low", "high", "inside", "source", "range", "role", "status", "group", "basis"]
    assert all(list(r) == keys for r in told["observed"])
    rows = {r["id"]: r for r in told["observed"]}
    assert rows["rest_icp"]["value"] == pytest.approx(9.7, abs=0.2) and rows["rest_icp"]["inside"] is True
    assert f"{rows['rest_icp']['value']:.1f}" in out
    assert {"cisterna", "body", "world", "posture", "changed", "inputs", "seed", "hash"} <= set(told["provenance"])
    kept = load(tmp_path / "b" / "simulation.nc")
    assert kept.provenance["hash"] == told["provenance"]["hash"]
    assert kept.values("icp").mean() == pytest.approx(rows["rest_icp"]["value"], abs=0.1)


def test_the_page_is_whole_and_stands_alone(lying):
    page = simulation_page(lying, observed(lying), seconds=1.0, date="1 Jan 2026")
    for part in ('id="body"', 'id="flowmap"', 'id="flowmap-profile"', 'id="flowmap-front"', 'id="courses"',
                 'id="ranges"', 'id="body-arrow-C2"', 'id="body-arrow-L4"'):  # fmt: skip
        assert page.count(part) == 1, part
    assert "<script" not in page and not re.search(r"(src|href)=\"(?!#)", page) and not re.search(r"\bnan\b", page)
    assert lying.provenance()["hash"] in page and "computed, not measured" in page
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_values_lie_inside_their_published_ranges(lying):
    rows = observed(lying)
    assert len({r["id"] for r in rows}) == len(rows) >= 10
    assert [r["id"] for r in rows if r["inside"] is False] == []


def test_no_value_is_told_twice(lying):
    """What the experiment at rest observes already is not measured again under another name."""
    known = [(r["source"], r["low"], r["high"]) for r in observed(lying) if r["source"] and r["low"] is not None]
    assert len(known) == len(set(known))
    rest = {seen.id for seen in load_protocol("rest").observe} | {s.id for s in load_protocol("whole_rest").observe}
    assert {row.rest for row in ROWS if row.rest} <= rest and rest <= set(LABELS)


def test_the_front_goes_down_at_the_speed_of_a_known_wave(lying):
    """A pulse that travels at 4 m/s without change of shape: the front finds the speed in it."""
    from dataclasses import replace

    done, names = lying, lying.run.names
    beat = 1.0 / done.body.plan.periods["heart.phase"]
    samples = done.run.samples.copy()
    for level, name in done.places("flow_csf").items():
        phase = (done.run.times - lower_face(done, level) / 400.0) / beat
        samples[:, names.index(name)] = np.exp(12 * (np.cos(2 * np.pi * (phase - 0.3)) - 1))
    front = wave_front(replace(done, run=replace(done.run, samples=samples)))
    assert front.speed == pytest.approx(400.0, rel=0.02)
    assert (front.first, front.last) == ("FM", "L3")


def test_strokes_fall_to_zero_at_the_closed_end(lying):
    volumes = strokes(lying)
    middles = at_levels(lying, volumes, ["C2", "T6", "L4", "S2"])
    assert list(volumes.values()) == sorted(volumes.values(), reverse=True)
    assert list(middles.values()) == sorted(middles.values(), reverse=True) and 0 < middles["S2"] < 0.02


def test_seated_the_pressure_grows_down_the_canal_and_other_ranges_apply():
    done = run_simulation(
        SimulationPlan(Person.typical(body="axis"), posture=Posture.named("seated"), duration=20.0)
    )  # fmt: skip
    along = pressures(done)
    canal = [v for lv, v in along.items() if lv not in ("cranial", "lateral", "third")]
    assert canal == sorted(canal) and along["S2"] - along["C1"] > 35.0
    rows = {r["id"]: r for r in observed(done)}
    assert rows["icp"]["low"] == -5.9 and rows["icp"]["inside"]
    assert rows["stroke_c2"]["low"] is None and rows["stroke_c2"]["inside"] is None
    assert "rest_icp" not in rows


def test_a_child_is_not_held_against_adults():
    done = run_simulation(SimulationPlan(Person.typical(age=8, body="axis"), duration=10.0))
    assert all(row["inside"] is None for row in observed(done))


def test_a_measured_pressure_drives(pressure_file, tmp_path, capsys):
    code, out, _ = call(capsys, "--body", "axis", "--abp", pressure_file, "--for", "40s", "--out", tmp_path, "--json")
    told = json.loads(out)
    changed = {row["id"]: row for row in told["provenance"]["changed"]}
    assert code == 0 and changed["hr_rest"]["value"] == pytest.approx(75, abs=0.5)
    assert changed["hr_rest"]["status"] == "measured" and "abp.nc" in changed["hr_rest"]["source"]
    assert "map" not in {r["id"] for r in told["observed"]}
    assert any("loop" in line for line in told["provenance"]["drive"])
    assert len(told["provenance"]["inputs"]["abp.nc"]) == 64
    kept = load(tmp_path / "simulation.nc").values("abp")
    assert kept.max() == pytest.approx(120.0, abs=1.0) and kept.min() == pytest.approx(80.0, abs=1.0)


def test_a_measured_inflow_drives(inflow_file, tmp_path, capsys):
    code, out, _ = call(capsys, "--body", "axis", "--inflow", inflow_file, "--for", "20s", "--out", tmp_path, "--json")
    told = json.loads(out)
    assert code == 0 and "swings by 0.859 mL" in " ".join(told["provenance"]["drive"])  # 3 x 0.9 / pi
    kept = load(tmp_path / "simulation.nc")
    assert np.ptp(kept.values("volume_blood")) == pytest.approx(3 * 0.9 / np.pi, abs=2e-3)
    assert {"flow_inflow", "icp", "flow_csf.C2"} <= set(kept.signals)
    assert "Net inflow, measured" in (tmp_path / "simulation.html").read_text(encoding="utf-8")


def test_real_recordings_drive(shared_data):
    """Measured pressure of a ward and of a laboratory, measured inflow of a person: rates and swings are theirs."""
    wanted = (
        ({"abp": f"{shared_data}/wfdb/mixedsignals.hea"}, 103.9),
        ({"abp": f"{shared_data}/tcd/clintools_abp_mcav_hr_1000hz.h5:abp"}, 118.0),
        ({"inflow": f"{shared_data}/flow/net_intracranial_inflow_baledent.csv"}, 60.0),
    )
    for given, rate in wanted:
        done = run_simulation(SimulationPlan(Person.typical(body="axis"), duration=12.0, **given))
        beats = done.clock.beats.starts(0.0, done.end)
        assert 60.0 * (beats.size - 1) / (beats[-1] - beats[0]) == pytest.approx(rate, rel=0.05)
        assert np.isfinite(done.run.samples).all() and 5.0 < done.run.signal("icp").mean() < 15.0


def test_stopped_early_it_keeps_what_is_done(tmp_path, capsys, monkeypatch):
    from cisterna.outside import terminal

    plain = terminal.Progress.__call__

    def stopped(self, share, now=""):
        plain(self, share, now)
        if share > 0.4:
            raise KeyboardInterrupt

    monkeypatch.setattr(terminal.Progress, "__call__", stopped)
    code, out, err = call(capsys, "--body", "axis", "--for", "20s", "--out", tmp_path)
    assert code == 130 and "interrupted; written" in err and "simulation.nc" in err
    kept = load(tmp_path / "simulation.nc")
    assert 8.0 <= kept.time("icp")[-1] < 10.0 and kept.provenance["seconds_asked"] == 20.0
    assert "Stopped after" in (tmp_path / "simulation.html").read_text(encoding="utf-8")


def test_what_was_kept_is_the_run_as_far_as_it_went(lying):
    def stop(share, now):
        if share > 0.4:
            raise KeyboardInterrupt

    part = run_simulation(SimulationPlan(Person.typical(body="axis"), duration=20.0), stop)
    assert part.interrupted and part.end < 10.0
    size = part.run.times.size
    assert part.run.times == pytest.approx(lying.run.times[:size])
    assert part.run.signal("icp") == pytest.approx(lying.run.signal("icp")[:size], abs=1e-12)
    assert part.provenance()["largest_step_error"] is None


def test_of_a_long_run_the_last_minutes_are_measured(lying):
    """Values before the stretch that is measured do not count."""
    from dataclasses import replace

    rows = lying.person.parameters.override({"simulate_measured": "8 s"})
    run = replace(lying.run, samples=np.where(lying.run.times[:, None] < 11.9, 1e6, lying.run.samples))
    done = replace(lying, run=run, person=replace(lying.person, parameters=rows))
    assert done.measured == (pytest.approx(12.0), 20.0)
    found = {row["id"]: row["value"] for row in observed(done)}
    assert found["rest_icp"] == pytest.approx(9.7, abs=0.3) and found["cbf"] == pytest.approx(746, rel=0.02)


def test_equal_runs_have_equal_hashes(lying):
    again = run_simulation(SimulationPlan(Person.typical(body="axis"), duration=20.0))
    other = run_simulation(
        SimulationPlan(Person.typical(body="axis").with_values({"csf_production": "0.36 mL/min"}), duration=20.0)
    )  # fmt: skip
    hashes = [done.provenance()["hash"] for done in (lying, again, other)]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize("body", ["one", "cranial"])
def test_smaller_bodies_show_what_they_have(body, tmp_path, capsys):
    code, out, _ = call(capsys, "--body", body, "--for", "20s", "--out", tmp_path)
    page = (tmp_path / "simulation.html").read_text(encoding="utf-8")
    assert code == 0 and "rest_icp" in out and 'id="courses"' in page and 'id="flowmap"' not in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--posture", "sidewards"], "no posture 'sidewards'"),
        (["--posture", "120"], "beyond upright"),
        (["--for", "60"], "with its unit"),
        (["--for", "0s"], "a time it can run for"),
        (["--for", "1s"], "too short to measure a beat"),
        (["--person", "300"], "impossible age"),
        (["--person", "Ann"], "neither an age nor a file"),
        (["--body", "wole"], "no body 'wole'"),
        (["--set", "foo=3"], "no parameter 'foo'"),
        (["--condition", "chiary"], "chiari"),
        (["--abp", "a.hea", "--inflow", "b.csv"], "cannot both drive"),
        (["--abp", "none.hea"], "no such file"),
        (["--inflow", "none.csv"], "no such file"),
        (["--body", "one", "--posture", "seated"], "no posture"),
    ],
)
def test_every_mistake_is_told_and_nothing_is_written(words, said, tmp_path, capsys):
    body = [] if "--body" in words else ["--body", "axis"]
    code, out, err = call(capsys, *body, *words, "--out", tmp_path / "out", "--quiet")
    assert code == 2 and said in err and "Traceback" not in err and out == ""
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_file_that_cannot_drive_is_told(pressure_file, inflow_file, tmp_path, capsys):
    for words, said in (
        (["--inflow", pressure_file], "no flow is in the file"),
        (["--abp", inflow_file], "no channel is known to be an arterial pressure"),
        (["--abp", f"{inflow_file}:flow"], "drives nothing"),
        (["--inflow", inflow_file, "--units", "flow=mL/s"], "no such swing"),
        (["--body", "one", "--inflow", inflow_file], "cannot drive this body"),
        (["--body", "one", "--abp", pressure_file], "cannot drive the body"),
    ):
        body = [] if "--body" in words else ["--body", "axis"]
        code, _, err = call(capsys, *body, *words, "--out", tmp_path, "--quiet")
        assert code == 2 and said in " ".join(err.split()), err


def test_a_client_gives_the_age(tmp_path, capsys):
    file = tmp_path / "client.json"
    file.write_text('{"id": "a", "age_years": 62}')
    code, out, _ = call(capsys, "--person", file, "--body", "axis", "--for", "5s", "--out", tmp_path, "--json")
    assert code == 0 and json.loads(out)["provenance"]["age_years"] == 62
    file.write_text('{"id": "a"}')
    code, _, err = call(capsys, "--person", file, "--body", "axis", "--out", tmp_path)
    assert code == 2 and "age is not told" in err


def test_a_plan_that_cannot_be_is_refused():
    with pytest.raises(CisternaError, match="time it can run for"):
        SimulationPlan(Person.typical(), duration=float("nan"))
