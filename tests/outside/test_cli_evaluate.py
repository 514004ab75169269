"""The command `evaluate`: a recording in, a report and tables out; every mistake told with exit code 2."""

import csv
import hashlib
import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from cisterna.outside.cli import run
from cisterna.recordings.recording import Recording
from cisterna.signals.infusion.marmarou import Marmarou, Pump, simulate

FILES = ["evaluation.html", "evaluation.json", "faults.csv", "results.csv", "series.csv"]
RATE = 50.0
TRUE = {"rout": 10.0, "elastance": 0.2}


def beat(t, per_minute=72.0):
    """A pulse with P1 > P2 > P3, 1 high."""
    phase = (t * per_minute / 60.0) % 1.0
    humps = ((1.0, 0.13, 0.075), (0.78, 0.27, 0.1), (0.5, 0.45, 0.13), (0.16, 0.7, 0.2))
    return sum(h * np.exp(-(((phase - c) / w) ** 2)) for h, c, w in humps)


def made_recording(seconds=900.0):
    """ICP that follows a slow wave of ABP, with a gap of 60 s."""
    t = np.arange(0, seconds, 1 / RATE)
    rng = np.random.default_rng(1)
    wave = np.sin(2 * np.pi * t / 75) + 0.5 * np.sin(2 * np.pi * t / 47)
    abp = 85 + 5 * wave + 38 * beat(t) + rng.normal(0, 0.3, t.size)
    icp = 11 + wave + 5 * beat(t) + 0.4 * np.sin(2 * np.pi * 0.25 * t) + rng.normal(0, 0.05, t.size)
    icp[int(400 * RATE) : int(460 * RATE)] = np.nan
    rec = Recording().with_title("made").with_signal("abp", abp, rate=RATE, unit="mmHg", level_ref="heart",
                                                      origin="measured", own_name="ART")  # fmt: skip
    return rec.with_signal("icp", icp, rate=RATE, unit="mmHg", level_ref="foramen_monro", origin="measured",
                           own_name="P1")  # fmt: skip


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("rec") / "made.nc"
    made_recording().save(path)
    return path


@pytest.fixture(scope="module")
def infusion(tmp_path_factory):
    """A simulated infusion test with its pump in the events."""
    space = Marmarou(TRUE["rout"], TRUE["elastance"], 2.0, 9.0)
    p = simulate(space, [Pump(300, 1500, 1.5)], 1800.0, RATE, white=0.05, wave=0.4, seed=3)
    t = np.arange(p.size) / RATE
    rec = (
        Recording()
        .with_title("test")
        .with_signal(
            "icp", p + 0.2 * p * (beat(t) - 0.5), rate=RATE, unit="mmHg", level_ref="foramen_monro", origin="simulated"
        )
    )
    path = tmp_path_factory.mktemp("inf") / "infusion.nc"
    rec.with_events([(300.0, 1200.0, "infusion 1.5 mL/min")]).save(path)
    return path


def call(capsys, *words):
    code = run(["evaluate", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def by_id(told):
    return {(r["id"], r["channel"]): r for r in told["results"]}


def test_files_terminal_and_json_say_the_same(recording, tmp_path, capsys):
    code, out, err = call(capsys, recording, "--out", tmp_path / "out")
    assert code == 0 and sorted(p.name for p in (tmp_path / "out").iterdir()) == FILES
    for word in ("Mean ICP", "PRx", "95 %", "usable", "gap", "slow rhythm in icp", "infusion", "not medical advice"):
        assert word in out, word
    assert out.count(str(tmp_path / "out")) == 5 and "evaluation" in err and "done" in err
    code, again, err = call(capsys, recording, "--out", tmp_path / "json", "--json")
    told = json.loads(again)
    assert told["provenance"]["sha256"] == hashlib.sha256(recording.read_bytes()).hexdigest()
    assert code == 0 and err == "" and told == json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert {"channels", "quality", "results"} <= set(told)
    assert [c["name"] for c in told["channels"]] == ["abp", "icp"] == [q["channel"] for q in told["quality"]]
    assert all({"id", "channel", "value", "unit", "low", "high", "n"} <= set(r) for r in told["results"])
    rows = list(csv.DictReader((tmp_path / "out" / "results.csv").read_text().splitlines()))
    assert len(rows) == len(told["results"])
    for row, result in zip(rows, told["results"], strict=True):
        assert row["id"] == result["id"] and row["unit"] == result["unit"]
        value = float(row["value"]) if row["value"] else None
        assert value == (None if result["value"] is None else pytest.approx(result["value"], rel=1e-7))


def test_numbers_are_those_of_the_recording(recording, tmp_path, capsys):
    _, out, _ = call(capsys, recording, "--out", tmp_path, "--json")
    told = by_id(json.loads(out))
    rec = made_recording()
    truth = float(np.nanmean(rec.values("icp")))
    assert told["mean", "icp"]["value"] == pytest.approx(truth, abs=0.1)
    assert told["mean", "icp"]["low"] < truth < told["mean", "icp"]["high"]
    assert told["heart_rate", "icp"]["value"] == pytest.approx(72.0, abs=0.2)
    assert told["prx", "icp:abp"]["value"] > 0.9  # ICP follows ABP by construction
    assert told["quality_gap", "icp"]["value"] == pytest.approx(60 / 900, abs=0.002)
    faults = list(csv.DictReader((tmp_path / "faults.csv").read_text().splitlines()))
    gap = next(f for f in faults if f["kind"] == "gap" and f["channel"] == "icp")
    assert (float(gap["start_s"]), float(gap["stop_s"])) == pytest.approx((400.0, 460.0), abs=0.05)


def test_an_infusion_test_is_found_fitted_and_its_truth_recovered(infusion, tmp_path, capsys):
    code, out, _ = call(capsys, infusion, "--out", tmp_path, "--json")
    told = json.loads(out)
    assert code == 0 and told["infusion"]["found"] and told["infusion"]["pump_s"] == [300.0, 1500.0]
    for name, truth in TRUE.items():
        r = by_id(told)[name, "icp"]
        print(name, r["value"], r["low"], r["high"])
        assert r["low"] < truth < r["high"]
    assert by_id(told)["rout", "icp"]["value"] == pytest.approx(TRUE["rout"], rel=0.1)
    page = (tmp_path / "evaluation.html").read_text()
    assert "Outflow resistance" in page and "Simulated recording" in page and "infusion 1.5 mL/min" in page


def test_channels_units_rate_window_and_seed_are_taken(tmp_path, capsys):
    rec = made_recording(420.0)
    table = np.column_stack([rec.values("abp"), rec.values("icp") / 0.7355591])[: int(390 * RATE)]
    file = tmp_path / "bare.csv"
    np.savetxt(file, table, delimiter=",", fmt="%.4f")
    words = (file, "--columns", "ART,P1", "--rate", RATE, "--units", "ART=mmHg,P1=cmH2O", "--window", "3min")
    named = (*words, "--channels", "icp=P1,abp=ART", "--seed", "7", "--json")
    code, out, _ = call(capsys, *named, "--out", tmp_path / "a")
    told = json.loads(out)
    assert code == 0 and told["window_s"] == 180.0 and told["provenance"]["seed"] == 7
    icp = by_id(told)["mean", "icp"]
    assert icp["unit"] == "mmHg" and by_id(told)["cpp", "abp:icp"]["value"] > 0  # converted: laws are in mmHg
    assert icp["value"] == pytest.approx(float(np.mean(rec.values("icp")[: int(390 * RATE)])), abs=0.1)
    assert call(capsys, *named, "--out", tmp_path / "b")[1] == out
    bare = (file, "--columns", "ART,P1", "--rate", RATE, "--units", "ART=mmHg", "--channels", "ART")
    only = json.loads(call(capsys, *bare, "--json", "--out", tmp_path / "c")[1])
    assert [c["name"] for c in only["channels"]] == ["abp"]


def test_an_implausible_level_is_the_finding_and_says_how_to_mend(shared_data, tmp_path, capsys):
    code, out, _ = call(capsys, shared_data / "wfdb" / "03700181.hea", "--out", tmp_path, "--quiet")
    assert code == 0 and "Mean of ABP is not plausible for an adult: mean 33.4 mmHg" in out
    page = (tmp_path / "evaluation.html").read_text()
    assert "<h1>Mean of ABP is not plausible" in page and "ABP=mmHg*k" in page


def test_no_level_of_a_pressure_without_unit(shared_data, tmp_path, capsys):
    file = shared_data / "icp_mimic" / "mimic_3029993_25hz_zscored.csv"
    names = "resp,ppg,ecg_ii,ecg_v,ecg_avf,abp,icp"
    code, out, _ = call(capsys, file, "--columns", names, "--rate", 25, "--out", tmp_path, "--json")
    told = by_id(json.loads(out))
    assert code == 0
    assert all(told[i, "icp"]["value"] is None for i in ("dose_20", "time_above_22", "plateau_waves", "b_waves"))
    assert told["heart_rate", "icp"]["value"] == pytest.approx(75.7, abs=1.0)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--window", "0 s"), "the window"),
        (("--window", "5 mL"), "--window"),
        (("--person", "dog"), "person"),
        (("--infusion", "1500-300"), "starts before"),
        (("--infusion", "300"), "START-STOP"),
        (("--infusion-rate", "fast"), "--infusion-rate"),
        (("--channels", "icp=P1,ABP"), "some channels"),
        (("--channels", "icp=nothing"), "nothing"),
        (("--units", "icp"), "icp"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_written(recording, tmp_path, capsys, words, what):
    code, out, err = call(capsys, recording, *words, "--out", tmp_path / "out")
    assert code == 2 and what in err and "nothing was written" in err and "Traceback" not in err
    assert not (tmp_path / "out").exists() and out == ""


def test_one_world_of_a_simulated_session(tmp_path, capsys):
    icp = made_recording(120.0).values("icp")
    both = np.stack([icp, icp + 1.0], axis=1)
    rec = Recording().with_title("session").with_signal(
        "icp", both, rate=RATE, unit="mmHg", level_ref="foramen_monro", origin="simulated", dims=("world",),
        coords={"world": ["established", "as-taught"]},
    )  # fmt: skip
    rec.save(tmp_path / "session.nc")
    code, out, _ = call(capsys, tmp_path / "session.nc", "--json", "--out", tmp_path / "a")
    told = json.loads(out)
    assert code == 0 and told["provenance"]["world"] == "established"
    code, _, err = call(capsys, tmp_path / "session.nc", "--world", "as-tought", "--out", tmp_path / "a")
    assert code == 2 and "as-taught" in err
    means = []
    for world in ("established", "as-taught"):
        words = (tmp_path / "session.nc", "--world", world, "--json", "--out", tmp_path / "a")
        means.append(by_id(json.loads(call(capsys, *words)[1]))["mean", "icp"]["value"])
    assert means[1] - means[0] == pytest.approx(1.0) and by_id(told)["mean", "icp"]["value"] == means[0]


def test_uneven_steps_of_a_solver_are_bridged_and_those_of_a_measurement_are_not(tmp_path, capsys):
    rng = np.random.default_rng(0)
    t = np.cumsum(rng.choice([0.02, 0.03, 0.04], 6000, p=[0.05, 0.05, 0.9]))
    icp = 10 + 2 * np.sin(2 * np.pi * 1.1 * t)
    for origin in ("simulated", "measured"):
        rec = Recording().with_signal("icp", icp, time=t, unit="mmHg", level_ref="foramen_monro", origin=origin)
        rec.save(tmp_path / f"{origin}.nc")
    code, out, _ = call(capsys, tmp_path / "simulated.nc", "--json", "--out", tmp_path / "a")
    told = json.loads(out)
    assert code == 0 and told["channels"][0]["rate_hz"] == 25.0 and "straight lines" in told["channels"][0]["note"]
    assert by_id(told)["heart_rate", "icp"]["value"] == pytest.approx(66.0, abs=0.2)
    assert by_id(told)["pulse_amplitude_f1", "icp"]["value"] == pytest.approx(2.0, rel=0.01)
    code, _, err = call(capsys, tmp_path / "measured.nc", "--out", tmp_path / "b")
    assert code == 2 and "not at equal distances" in err


def test_a_folder_that_cannot_be_is_told_before_the_work(recording, tmp_path, capsys, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("cisterna.signals.evaluate.evaluate_file", lambda *a, **k: pytest.fail("it ran"))
    code, _, err = call(capsys, recording, "--out", tmp_path / "file" / "out")
    assert code == 2 and "folder cannot be made" in err


def test_a_fault_while_the_report_is_made_leaves_nothing(recording, tmp_path, capsys, monkeypatch):
    def broken(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("cisterna.outside.evaluation_tables.faults_csv", broken)
    code, _, err = call(capsys, recording, "--out", tmp_path / "out")
    assert code == 130 and "nothing was written" in err and not (tmp_path / "out").exists()


def test_it_runs_without_jax(infusion, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(f"""
            import sys

            class NoJax:
                def find_spec(self, name, path=None, target=None):
                    if name.split(".")[0] in ("jax", "jaxlib", "equinox", "diffrax"):
                        raise ModuleNotFoundError(name, name=name)

            sys.meta_path.insert(0, NoJax())
            from cisterna.outside.cli import run
            raise SystemExit(run(["evaluate", {str(infusion)!r}, "--out", {str(tmp_path)!r}, "--quiet"]))
        """)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "evaluation.html").exists() and "Outflow resistance" in done.stdout
