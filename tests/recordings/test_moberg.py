"""Moberg archives: samples, scales, gaps and marks of a made one found again; what cannot be is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import test_damage_layouts as layouts
from moberg_sample import (
    BEFORE,
    COUNT,
    EEG_RATE,
    GAP,
    RATE,
    SECRETS,
    ZERO,
    abp,
    index_bytes,
    write_moberg,
    write_segmented,
)

from cisterna.ground.errors import CisternaError
from cisterna.recordings import load, stream


def test_samples_scales_and_gaps_are_those_written(tmp_path: Path) -> None:
    icp = write_moberg(tmp_path)
    rec = load(tmp_path)
    assert rec.provenance["layout"].startswith("Moberg archive (per published") and rec.start.startswith(
        "2022-05-04T10"
    )
    assert rec.rate("abp") == pytest.approx(RATE) and rec.unit("abp") == "mmHg"
    at, values = rec.time("abp"), rec.values("abp")
    lost = round(GAP * RATE)
    assert values.size == COUNT + lost and np.isnan(values[BEFORE : BEFORE + lost]).all()
    held = np.isfinite(values)
    # Half a step of the integers: 0.125 mmHg. The trembling stamps move no sample.
    assert held.sum() == COUNT and np.abs(values - abp(at))[held].max() <= 0.125 + 1e-9
    assert rec["abp"].attrs["quality"] == "gaps between runs: 1"
    assert rec.time("icp")[0] == pytest.approx(2.0) and rec.values("icp").mean() == pytest.approx(10.0, abs=0.01)
    eeg = [n for n in rec.signals if "Fp" in n or "fp" in n]
    assert len(eeg) == 2 and all(rec.rate(n) == EEG_RATE and rec.unit(n) == "uV" for n in eeg)
    # Three bytes with a sign, a hundredth of a microvolt a step.
    assert rec.values(eeg[0]) == pytest.approx(np.arange(-600, 600) / 100.0)
    assert rec.values(eeg[1]) == pytest.approx(np.arange(600, -600, -1) / 20.0)
    heart = next(n for n in rec.signals if rec[n].attrs["own_name"] == "HR")
    assert rec.values(heart).tolist()[:2] == [70, 71] and np.isnan(rec.values(heart)[2]) and rec.unit(heart) == ""
    assert load(icp).signals == rec.signals and load(tmp_path / "patient.info").signals == rec.signals
    assert load(f"{tmp_path}:ICP").signals == ["icp"]


def test_what_has_no_scale_has_no_unit_and_what_is_no_sample_is_left_out(tmp_path: Path) -> None:
    write_moberg(tmp_path)
    rec = load(tmp_path)
    assert rec.unit("co2") == "" and "uncalibrated" in rec["co2"].attrs["quality"]
    notes = " ".join(rec.provenance["warnings"])
    assert "states no scale" in notes and "'WaveQuality Integer' are left out" in notes


def test_marks_are_moved_by_whole_hours_and_no_person_is_told(tmp_path: Path) -> None:
    write_moberg(tmp_path)
    rec = load(tmp_path)
    assert [(e.label, e.time, e.duration) for e in rec.events] == [("Turned", 10.0, 2.0), ("Suction", 21.0, 0.0)]
    assert rec.provenance["clock_moved_h"] == {"Events.xml": -2}
    told = json.dumps(rec.provenance, default=str) + str(rec.dataset.attrs) + str(rec.events)
    assert not [word for word in SECRETS if word in told]


def test_segments_make_one_recording_and_pieces_are_the_whole(tmp_path: Path) -> None:
    rec = load(write_segmented(tmp_path / "stay"))
    values = rec.values("icp")
    assert values.size == 30 * 125 + 500 and np.isfinite(values).sum() == 1000
    assert values[0] == 10.0 and values[-1] == 11.0
    write_moberg(tmp_path / "one")
    whole, parts = load(tmp_path / "one"), list(stream(tmp_path / "one", seconds=3.7))
    for name in whole.signals:
        joined = np.concatenate([p.values(name) for p in parts])
        assert np.array_equal(joined, whole.values(name), equal_nan=True), name


@pytest.mark.parametrize("drift", [-2e-4, 2e-4])
def test_a_clock_that_drifts_makes_one_run_and_the_drift_is_told(tmp_path: Path, drift: float) -> None:
    icp = write_moberg(tmp_path)
    size = 250_000
    icp.write_bytes(np.zeros(size, "<f4").tobytes())
    rows = [(first, ZERO + round(first / RATE * (1 + drift) * 1e6), 8000.0, 0x86) for first in range(0, size, 250)]
    Path(str(icp).replace(",data", ",index")).write_bytes(index_bytes(rows))
    rec = load(tmp_path)
    assert rec.values("icp").size == size and np.isfinite(rec.values("icp")).all()
    assert any("apart from its samples" in w and f"{drift * size / RATE:+.2g}" in w for w in rec.provenance["warnings"])


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("ICP,na,SampleSeries,Float,Licox,index", b"", "index is not whole"),
        ("ICP,na,SampleSeries,Float,Licox,index", b"x" * 29, "index is not whole"),
        ("ICP,na,SampleSeries,Float,Licox,index", index_bytes([(0, ZERO, 0.0, 0)]), "does not rise"),
        ("ABP,na,SampleSeries,Integer,IntelliVue,settings",
         b"<S><SampleConversion>5,5,0,1</SampleConversion></S>", "scale of the samples"),
        ("ABP,na,SampleSeries,Integer,IntelliVue,settings", b"<!DOCTYPE x><S/>", "entities of its own"),
        ("EEG,Composite,SampleSeries,Composite,Amp,settings", b"<S/>", "do not name the columns"),
        ("EEG,Composite,SampleSeries,Composite,Amp,index", index_bytes([(0, ZERO, 4e3, 0x99)]), "unknown kind"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_told(tmp_path: Path, file: str, content: bytes, words: str) -> None:
    write_moberg(tmp_path)
    (tmp_path / file).write_bytes(content)
    with pytest.raises(CisternaError, match=words) as told:
        load(tmp_path)
    assert told.value.where


def test_a_folder_of_something_else_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "patient.info").write_text("<x/>")
    with pytest.raises(CisternaError, match="not a file"):
        load(tmp_path)


def test_two_hundred_damaged_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(layouts.WRITERS, "moberg", [write_moberg])
    layouts.test_damaged_layouts_are_refused_or_valid("moberg", tmp_path)
