"""One way out into every file: round trips to half a step, whole or not at all, nobody's name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recording_samples import example_recording

import cisterna
from cisterna.ground.errors import CisternaError
from cisterna.recordings import Recording, load, write

#: Steps of the range of a signal that a format tells apart; 0: every digit is kept.
STEPS = {"hea": 65528, "edf": 65530, "bdf": 2**24 - 6, "nc": 0, "csv": 0, "tsv.gz": 0}


def _two_rates() -> Recording:
    rng = np.random.default_rng(8)
    abp = 90 + 20 * np.sin(np.arange(2500) / 16) + rng.normal(size=2500)
    abp[700:740] = np.nan
    rec = Recording().with_title("Smith, J.", "2024-03-01T10:00:00")
    rec = rec.with_signal("abp", abp, rate=125.0, unit="mmHg", level_ref="heart", origin="measured", own_name="ART")
    rec = rec.with_signal("temp", 37 + 1e-3 * rng.normal(size=20), rate=1.0, unit="degC", origin="measured")
    rec = rec.with_signal("ppg", rng.normal(size=500), rate=25.0, unit="", origin="measured", own_name="PLETH")
    rec = rec.with_events([(1.5, 0.25, "müde <b>"), (7.0, 0.0, "cough")])
    return rec.with_provenance(file="smith.hea", patient={"id": "MRN-4711"}, seed=4)


def _same(rec: Recording, back: Recording, steps: int) -> None:
    assert back.signals == rec.signals and back.start == rec.start
    assert [(round(t, 9), d, label) for t, d, label in back.events] == rec.events
    for name in rec.signals:
        x, y = rec.values(name), back.values(name)
        assert back.rate(name) == rec.rate(name) and back.unit(name) == rec.unit(name)
        assert np.allclose(back.time(name), rec.time(name), rtol=0, atol=1e-9)
        assert np.array_equal(np.isnan(x), np.isnan(y)), "missing samples stay missing, and no others"
        step = (np.nanmax(x) - np.nanmin(x)) / steps if steps else 0.0
        assert np.nanmax(np.abs(x - y)) <= 0.5 * step * (1 + 1e-6) + 1e-12
        assert back[name].attrs["own_name"] == rec[name].attrs["own_name"]


@pytest.mark.parametrize("ending", STEPS)
def test_round_trip(tmp_path: Path, ending: str) -> None:
    rec = _two_rates() if ending not in ("csv", "tsv.gz") else _two_rates().only("abp")
    file = write(rec, tmp_path / f"bed.{ending}")
    _same(rec, load(file), STEPS[ending])
    first = {f.name: f.read_bytes() for f in tmp_path.iterdir()}
    assert load(write(load(file), file)).signals == rec.signals, "a file may be written over"
    assert {f.name for f in tmp_path.iterdir()} == set(first), "nothing else is left"


@pytest.mark.parametrize("ending", STEPS)
def test_nobody_is_named(tmp_path: Path, ending: str) -> None:
    rec = _two_rates().only("abp")
    write(rec, tmp_path / f"bed.{ending}")
    for file in tmp_path.iterdir():
        data = file.read_bytes()
        assert b"smith" not in data.lower() and b"mrn-4711" not in data.lower()
    kept = load(write(rec, tmp_path / "own.nc", personal=True))
    assert kept.title == "Smith, J." and kept.provenance["patient"] == {"id": "MRN-4711"}


@pytest.mark.parametrize(
    ("name", "ending"), [("mixedsignals", "edf"), ("mixedsignals", "hea"), ("041s/041s", "hea"), ("03700181", "bdf")]
)
def test_public_records_survive(tmp_path: Path, shared_data: Path, name: str, ending: str) -> None:
    rec = load(shared_data / "wfdb" / name)
    back = load(write(rec, tmp_path / f"copy.{ending}"))
    assert back.signals == rec.signals and back.start == rec.start
    for signal in rec.signals:
        x, y = rec.values(signal), back.values(signal)
        step = np.ptp(x[np.isfinite(x)]) / STEPS[ending]
        assert back.rate(signal) == pytest.approx(rec.rate(signal), rel=1e-9)
        # The last samples of a signal that all of its rate lack are no samples.
        assert np.array_equal(np.isnan(x[: y.size]), np.isnan(y)) and np.isnan(x[y.size :]).all()
        assert np.nanmax(np.abs(x[: y.size] - y)) <= 0.5 * step * (1 + 1e-6)


def test_wfdb_reads_what_is_written(tmp_path: Path) -> None:
    import wfdb

    rec = _two_rates()
    file = write(rec, tmp_path / "bed.hea")
    other = wfdb.rdrecord(str(file.with_suffix("")), smooth_frames=False)
    assert other.sig_name == ["ART", "temp", "PLETH"] and other.units == ["mmHg", "degC", "NU"]
    for values, name in zip(other.e_p_signal, rec.signals, strict=True):
        assert np.allclose(values, load(file).values(name), rtol=0, atol=1e-9, equal_nan=True)
    assert other.base_datetime.isoformat() == rec.start
    marks = wfdb.rdann(str(file.with_suffix("")), "atr")
    assert (marks.sample / marks.fs).tolist() == [1.5, 7.0]


def test_a_part_keeps_its_place_in_time(tmp_path: Path) -> None:
    part = _two_rates().slice(5.0, 12.0)
    for ending in ("edf", "hea"):
        back = load(write(part, tmp_path / f"part.{ending}"))
        assert back.start == "2024-03-01T10:00:05" and back.time("abp")[0] == 0.0
        assert [round(t, 9) for t, _, _ in back.events] == [2.0]
    table = load(write(part.only("abp"), tmp_path / "p.csv"))
    assert table.start == "2024-03-01T10:00:05" and table.provenance["clock_offset_s"] == 5.0
    odd = _two_rates().only("abp", "ppg").slice(5.01, 12.0)
    back = load(write(odd, tmp_path / "odd.edf"))
    shift = 5.01 // 0.04 * 0.04
    assert np.allclose(back.time("abp")[np.isfinite(back.values("abp"))][0] + shift, odd.time("abp")[0])


def test_places_become_channels(tmp_path: Path) -> None:
    rec = example_recording().only("pressure_csf")
    for ending in ("edf", "hea", "csv"):
        back = load(write(rec, tmp_path / f"p{ending}.{ending}"))
        own = [back[n].attrs["own_name"] for n in back.signals]
        assert own == ["pressure_csf(FM)", "pressure_csf(C3)", "pressure_csf(S2)"]
        assert [back.unit(n) for n in back.signals] == ["mmHg"] * 3
        assert np.allclose(back.values(back.signals[2]), 14.0, atol=1e-3)


def test_irregular_times_go_into_a_table(tmp_path: Path) -> None:
    rec = example_recording().only("spo2")
    back = load(write(rec, tmp_path / "s.csv"))
    assert back.time("spo2").tolist() == [0.0, 1.1, 3.9] and back.values("spo2").tolist() == [97.0, 98.0, 96.5]


def test_what_a_format_cannot_hold_is_refused_with_a_mend(tmp_path: Path) -> None:
    rec = example_recording()
    cases = {
        ("a.csv", rec): "one clock",
        ("a.hea", rec): "irregular times",
        ("a b.hea", rec.only("abp")): "record cannot have this name",
        ("a.xyz", rec): "no format is written under this ending",
        ("a", rec): "no format is written under this ending",
        ("no/a.edf", rec): "cannot be written here",
        ("a.edf", Recording()): "no samples",
        ("b.hea", rec.only("abp").renamed({"abp": "x"}).merge(rec.only("ppg"))): "",
    }
    for (name, what), words in cases.items():
        if not words:
            write(what, tmp_path / name)
            continue
        with pytest.raises(CisternaError, match=words) as caught:
            write(what, tmp_path / name)
        assert caught.value.where or caught.value.found
    assert {f.name for f in tmp_path.iterdir()} == {"b.hea", "b.dat", "b.atr"}


def test_another_recordings_file_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "bed.dat").write_text("mine")
    with pytest.raises(CisternaError, match="there already"):
        write(_two_rates(), tmp_path / "bed.hea")
    assert [f.name for f in tmp_path.iterdir()] == ["bed.dat"] and (tmp_path / "bed.dat").read_text() == "mine"


@pytest.mark.parametrize("ending", ["edf", "hea", "csv"])
def test_old_files_stay_when_writing_fails(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    file = write(_two_rates().only("abp"), tmp_path / f"bed.{ending}")
    before = {f.name: f.read_bytes() for f in tmp_path.iterdir()}
    real, left = os.replace, [len(before) - 1]

    def full_disk(source: object, target: object) -> None:
        # The last file fails to take its place; what comes back afterwards may move.
        if left[0] == 0:
            left[0] = 99
            raise OSError(28, "No space left on device")
        left[0] -= 1
        real(source, target)  # type: ignore[arg-type]

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(CisternaError, match="cannot be written") as caught:
        write(_two_rates().only("ppg"), file)
    assert "No space" in caught.value.found
    assert {f.name: f.read_bytes() for f in tmp_path.iterdir()} == before


def test_public_names_at_the_top() -> None:
    assert cisterna.write is write and cisterna.stream.__name__ == "stream"
