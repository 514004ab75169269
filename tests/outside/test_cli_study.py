"""The command `study`: a whole study by commands, and every mistake told with exit code 2."""

import csv
import json

import numpy as np
import pytest
import wfdb

from cisterna.outside.cli import run
from cisterna.recordings.recording import Recording

RATE = 100.0


def call(capsys, *words):
    code = run(["study", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def study(tmp_path, capsys):
    folder = tmp_path / "s"
    words = ("new", folder, "--subjects", "4", "--seconds", "60", "--repeats", "2", "--seed", "5", "--json")
    assert call(capsys, *words)[0] == 0
    return folder


def rows_of(path, separator=","):
    return list(csv.DictReader(path.read_text().splitlines(), delimiter=separator))


def presses(folder, file, rates, clock=0.0):
    """Key presses for all holds of an examiner: rates by position, sync events at uneven times."""
    holds = rows_of(folder / "holds.csv")
    events = [(clock + at, "f") for at in (0.2, 7.0, 30.0, 66.0, 200.0, 390.0, 500.0)]
    for k, _ in enumerate(holds):
        begin = clock + 1.0 + 65.0 * k
        events.append((begin, "enter"))
        events += [(float(at), "space") for at in np.arange(begin + 2.0, begin + 60.0, 60.0 / rates[k])]
        events += [(begin + 61.0, "y"), (begin + 62.0, "n")]
    lines = [f"{at:.4f},{key}" for at, key in sorted(events)]
    file.write_text("time_s,key\n" + "\n".join(lines) + "\n")
    return len(holds)


def test_a_whole_study_by_commands(study, tmp_path, capsys):
    rng = np.random.default_rng(0)
    for examiner in "AB":
        count = presses(study / examiner, tmp_path / "keys.csv", 8.0 + rng.normal(size=16))
        code, out, _ = call(capsys, "mark", study / examiner, "--input", tmp_path / "keys.csv", "--json")
        told = json.loads(out)
        assert code == 0 and told["open"] == 0 and told["holds"] == count == 16
    code, out, _ = call(capsys, "analyse", study, "--json", "--out", tmp_path / "out")
    results = {(r["id"], r["channel"]): r for r in json.loads(out)["results"]}
    assert code == 0 and results["inter_icc", "head:A:B"]["n"] == 4
    assert {"intra_icc", "inter_upper", "kappa_felt", "sites_icc", "rate"} <= {name for name, _ in results}
    rows = rows_of(tmp_path / "out" / "holds.csv")
    assert len(rows) == 32 and all(row["made"] == "yes" and row["felt"] == "yes" for row in rows)
    assert json.loads((tmp_path / "out" / "agreement.json").read_text())["notes"]
    assert not (tmp_path / "out" / "events.tsv").exists()
    code, out, _ = call(capsys, "analyse", study)
    assert code == 0 and "inter_icc" in out and "32 of 32 holds" in out


def test_marks_on_the_clock_of_a_recording_as_bids_and_wfdb(study, tmp_path, capsys):
    late, fast = 12.5, 1 + 60e-6
    t = np.arange(0, 1200, 1 / RATE)
    sync = np.zeros(t.size)
    for at in (0.2, 7.0, 30.0, 66.0, 200.0, 390.0, 500.0):
        sync[(t >= late + fast * at) & (t < late + fast * at + 0.05)] = 5.0
    rec = Recording().with_signal("sync", sync, rate=RATE, unit="V")
    rec = rec.with_signal("resp", np.sin(2 * np.pi * 0.23 * t), rate=RATE, unit="1")
    rec.save(tmp_path / "rec.nc")
    for examiner in "AB":
        presses(study / examiner, tmp_path / "keys.csv", np.full(16, 9.0))
        assert call(capsys, "mark", study / examiner, "--input", tmp_path / "keys.csv")[0] == 0
    words = ("--recording", tmp_path / "rec.nc", "--sync", "sync", "--against", "resp=breath")
    code, out, err = call(capsys, "analyse", study, *words, "--out", tmp_path / "out", "--json")
    assert code == 0, err
    results = {(r["id"], r["channel"]): r for r in json.loads(out)["results"]}
    assert results["sync_error", "marks"]["value"] < 20.0
    assert results["rate_ratio", "A:resp:breath"]["value"] == pytest.approx(9.0 / 13.8, rel=0.01)
    events = rows_of(tmp_path / "out" / "events.tsv", "\t")
    assert float(events[0]["onset"]) == pytest.approx(late + fast * 3.0, abs=0.02)
    notes = wfdb.rdann(str(tmp_path / "out" / "marks"), "mks")
    assert len(notes.sample) == len(events) and notes.fs == 1000
    assert notes.sample[0] / 1000 == pytest.approx(float(events[0]["onset"]), abs=1e-3)
    assert notes.aux_note[0].split()[0] in "AB"


def test_half_a_study_is_analysed_as_half(study, tmp_path, capsys):
    presses(study / "A", tmp_path / "keys.csv", np.full(16, 9.0))
    lines = (tmp_path / "keys.csv").read_text().splitlines(keepends=True)
    (tmp_path / "keys.csv").write_text("".join(lines[:40]))
    assert call(capsys, "mark", study / "A", "--input", tmp_path / "keys.csv")[0] == 0
    code, out, _ = call(capsys, "analyse", study, "--json")
    told = json.loads(out)
    assert code == 0 and all(r["value"] is None for r in told["results"] if r["id"].startswith("inter"))
    assert "of 32 holds" in told["notes"][0]


def test_size_answers_and_json_is_plain(capsys):
    code, out, _ = call(capsys, "size", "--icc", "0.8", "--null", "0.6", "--width", "0.2", "--json")
    told = json.loads(out)
    assert code == 0 and told["subjects_power"] == 39 and told["subjects_width"] == 55
    assert call(capsys, "size")[0] == 0


def test_every_mistake_is_told_with_exit_2(study, tmp_path, capsys):
    (tmp_path / "bad.csv").write_text("time_s,key\n0,jump\n")
    wrong = [
        ("new", study, "--subjects", "4"),
        ("new", tmp_path / "x", "--subjects", "1"),
        ("new", tmp_path / "x", "--subjects", "4", "--examiners", "A"),
        ("new", tmp_path / "none" / "x", "--subjects", "4"),
        ("new", tmp_path / "x"),
        ("mark", tmp_path),
        ("mark", study / "C"),
        ("mark", study / "A", "--input", tmp_path / "bad.csv"),
        ("mark", study / "A", "--input", tmp_path / "missing.csv"),
        ("analyse", tmp_path),
        ("analyse", study),
        ("analyse", study, "--recording", "x.nc"),
        ("analyse", study, "--against", "resp"),
        ("size", "--icc", "0.2", "--null", "0.5"),
        ("size", "--width", "nan"),
        ("size", "--limits", "0"),
    ]
    for words in wrong:
        code, _, err = call(capsys, *words)
        assert code == 2, words
        assert "[error]" in err and "Traceback" not in err, words
    # Nothing was left behind by the refused presses.
    assert [t.name for t in (study / "A" / "marks").iterdir()] == []


def test_marking_without_a_keyboard_says_so(study, capsys):
    code, _, err = call(capsys, "mark", study / "A")
    assert code == 2 and "--input" in err
