"""BIDS physiological recordings: no head line, a JSON that must be there, the trigger as marks."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.recordings import Recording, load, write

SAID = {
    "SamplingFrequency": 50.0,
    "StartTime": -22.345,
    "Columns": ["cardiac", "respiratory", "trigger"],
    "cardiac": {"Units": "mV"},
}


def _file(folder: Path, said: dict | None = None, head: str = "") -> Path:
    file = folder / "sub-01_task-rest_physio.tsv.gz"
    rows = [f"{np.sin(k / 8):.4f}\t{'n/a' if k == 7 else k}\t{5 * (100 <= k < 110)}" for k in range(300)]
    with gzip.open(file, "wt") as out:
        out.write(head + "\n".join(rows) + "\n")
    if said is not None:
        (folder / "sub-01_task-rest_physio.json").write_text(json.dumps(said))
    return file


def test_columns_rate_and_offset_come_from_the_json(tmp_path: Path) -> None:
    rec = load(_file(tmp_path, SAID))
    assert rec.provenance["format"] == "bids" and rec.signals == ["ppg", "resp"] and rec.rate("ppg") == 50.0
    assert (rec.unit("ppg"), rec.unit("resp")) == ("mV", "") and rec["ppg"].attrs["own_name"] == "cardiac"
    assert rec.time("ppg")[0] == 0.0 and rec.provenance["clock_offset_s"] == -22.345
    assert np.flatnonzero(np.isnan(rec.values("resp"))).tolist() == [7]
    assert rec.events == [(2.0, 0.2, "trigger")]


@pytest.mark.parametrize("key", ["Columns", "SamplingFrequency", "StartTime"])
def test_what_bids_requires_is_required(tmp_path: Path, key: str) -> None:
    file = _file(tmp_path, {k: v for k, v in SAID.items() if k != key})
    with pytest.raises(CisternaError, match=key) as caught:
        load(file)
    assert key in caught.value.mend


def test_without_its_json_the_call_must_say_it(tmp_path: Path) -> None:
    file = _file(tmp_path)
    with pytest.raises(CisternaError, match="Columns"):
        load(file)
    assert load(file, rate=50.0, columns=["abp", "icp", "trigger"]).signals == ["abp", "icp"]


def test_a_table_of_that_name_with_a_head_is_a_table(tmp_path: Path) -> None:
    rec = load(_file(tmp_path, head="ABP [mmHg]\tRESP\tcount\n"), rate=50.0)
    assert rec.provenance["format"] == "table" and rec.unit("abp") == "mmHg"
    told = load(_file(tmp_path, SAID, head="cardiac\trespiratory\ttrigger\n"))
    assert told.provenance["format"] == "bids" and "BIDS has not" in told.provenance["warnings"][0]
    assert told["ppg"].size == 300


def test_too_many_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CisternaError, match="names do not fit"):
        load(_file(tmp_path, SAID | {"Columns": ["a", "b", "c", "d"]}))


def test_events_of_the_task_are_on_the_clock_of_the_recording(tmp_path: Path) -> None:
    file = _file(tmp_path, SAID)
    events = tmp_path / "sub-01_task-rest_events.tsv"
    events.write_text("onset\tduration\ttrial_type\n-20.345\t1.5\tcough\n0\tn/a\tn/a\n")
    rec = load(file)
    assert [(round(t, 9), d, label) for t, d, label in rec.events] == [
        (2.0, 0.2, "trigger"),
        (2.0, 1.5, "cough"),
        (22.345, 0.0, "event"),
    ]
    events.write_text("onset\tduration\nsoon\t1\n")
    with pytest.raises(CisternaError, match="no onset") as caught:
        load(file)
    assert "line 2" in caught.value.where


def test_round_trip_one_file_a_rate(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    ppg, icp = rng.normal(size=200), rng.normal(size=100)
    icp[5:9] = np.nan
    rec = Recording().with_signal("ppg", ppg, rate=100.0, unit="", origin="measured", own_name="PLETH")
    rec = rec.with_signal("icp", icp, rate=50.0, unit="mmHg", origin="measured", own_name="ICP")
    rec = rec.with_events([(0.5, 0.25, "hand\ton")]).with_provenance(clock_offset_s=-3.0)
    file = write(rec, tmp_path / "sub-02_task-rest_physio.tsv.gz")
    other = tmp_path / "sub-02_task-rest_recording-ICP_physio.tsv.gz"
    assert {f.name for f in tmp_path.iterdir() if f.suffix == ".gz"} == {file.name, other.name}
    said = json.loads((tmp_path / "sub-02_task-rest_physio.json").read_text())
    assert said == {"SamplingFrequency": 100.0, "StartTime": -3.0, "Columns": ["cardiac"]}
    assert gzip.decompress(file.read_bytes()).decode().splitlines()[0] == repr(float(ppg[0]))
    back = load(file).merge(load(other))
    assert np.array_equal(back.values("ppg"), ppg) and np.array_equal(back.values("icp"), icp, equal_nan=True)
    assert (back.rate("ppg"), back.rate("icp"), back.unit("icp")) == (100.0, 50.0, "mmHg")
    assert load(file).events == [(0.5, 0.25, "hand?on")] and load(other).provenance["clock_offset_s"] == -3.0


def test_windows_of_a_recording_join_to_the_whole(tmp_path: Path) -> None:
    """Columns, marks of the trigger and events piece by piece, on one clock, are those of the file read at once."""
    from cisterna.recordings import stream

    rate, count = 50.0, 1000
    at = np.arange(count) / rate
    trigger = ((at % 4.0) < 0.5).astype(float)
    rows = "\n".join(f"{np.sin(a):.6f}\t{np.cos(a):.6f}\t{b:g}" for a, b in zip(at, trigger, strict=True))
    path = tmp_path / "sub-01_task-rest_physio.tsv.gz"
    with gzip.open(path, "wt") as out:
        out.write(rows + "\n")
    car = {"SamplingFrequency": rate, "StartTime": -2.0, "Columns": ["cardiac", "respiratory", "trigger"]}
    car |= {name: {"Units": "V"} for name in ("cardiac", "respiratory")}
    (tmp_path / "sub-01_task-rest_physio.json").write_text(json.dumps(car))
    whole = load(path)
    pieces = list(stream(path, seconds=6.0))
    assert len(pieces) == 4
    for name in whole.signals:
        joined = np.concatenate([piece.values(name) for piece in pieces])
        times = np.concatenate([piece.time(name) for piece in pieces])
        assert np.array_equal(joined, whole.values(name)) and np.allclose(times, whole.time(name), atol=1e-9)
    assert len(whole.events) == 5 and {event for piece in pieces for event in piece.events} == set(whole.events)
