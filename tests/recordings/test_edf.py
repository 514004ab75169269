"""EDF, EDF+ and BDF: rates, scales, gaps, marks, and headers that are not to be trusted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from edf_samples import Edf, Sig, breath, pressure

from cisterna.ground.errors import CisternaError
from cisterna.recordings import Recording, load, stream, write

STEP = 400 / 4095


def _mmhg(codes: np.ndarray) -> np.ndarray:
    return -100 + (codes + 2048) * STEP


def test_each_signal_has_its_own_rate_and_scale(tmp_path: Path) -> None:
    rec = load(Edf([pressure(), breath()]).write(tmp_path / "a.edf"))
    assert rec.signals == ["abp", "resp"] and (rec.rate("abp"), rec.rate("resp")) == (125.0, 10.0)
    assert np.allclose(rec.values("abp"), _mmhg(pressure().codes), atol=1e-9)
    assert np.array_equal(rec.values("resp"), breath().codes)
    assert (rec.unit("abp"), rec.unit("resp")) == ("mmHg", "") and rec.start == "1994-08-15T17:27:45"
    assert rec["abp"].attrs["own_scale"] == "-2048..2047 is -100..300"


def test_no_field_that_names_a_person_is_kept(tmp_path: Path) -> None:
    rec = load(Edf([pressure()], "EDF+C").write(tmp_path / "a.edf"))
    told = str(rec.provenance) + str(rec.dataset.attrs) + str(rec.dataset)
    assert "Haagse" not in told and "1951" not in told and "0234567" not in told
    back = write(rec, tmp_path / "b.edf").read_bytes()
    assert back[8:88].strip() == b"X X X X" and b"a.edf" not in back


def test_a_record_need_not_last_a_second(tmp_path: Path) -> None:
    rec = load(Edf([pressure(), breath()], duration="0.4").write(tmp_path / "a.edf"))
    assert rec.rate("abp") == pytest.approx(312.5) and rec.duration == pytest.approx(1.6)


def test_inverted_limits_are_legal_and_turn_the_signal_over(tmp_path: Path) -> None:
    sig = pressure(physical=("300", "-100"))
    rec = load(Edf([sig]).write(tmp_path / "a.edf"))
    assert np.allclose(rec.values("abp"), 300 - (np.asarray(sig.codes) + 2048) * STEP, atol=1e-9)


def test_equal_limits_are_refused_unless_raw_numbers_are_asked_for(tmp_path: Path) -> None:
    file = Edf([pressure(physical=("0", "0")), breath()]).write(tmp_path / "a.edf")
    with pytest.raises(CisternaError, match="physical limits are equal") as caught:
        load(file)
    assert "'ABP'" in caught.value.where and "none" in caught.value.mend
    rec = load(file, units={"ABP": "none"})
    assert np.array_equal(rec.values("abp"), pressure().codes) and rec.unit("abp") == ""
    with pytest.raises(CisternaError, match="digital limits are equal"):
        load(Edf([pressure(digital=("5", "5"))]).write(tmp_path / "b.edf"))


def test_clipping_is_marked(tmp_path: Path) -> None:
    sig = pressure()
    codes = np.array(sig.codes)
    codes[10:30], codes[200:205] = 2047, -2048
    rec = load(Edf([Sig("ABP", codes, 125)]).write(tmp_path / "a.edf"))
    assert "25 samples at the digital limits (saturated)" in rec["abp"].attrs["quality"]
    assert "saturated" not in load(Edf([sig]).write(tmp_path / "b.edf"))["abp"].attrs["quality"]
    codes[50] = 2500
    rec = load(Edf([Sig("ABP", codes, 125)]).write(tmp_path / "c.edf"))
    assert "1 samples outside the digital limits" in rec["abp"].attrs["quality"]


def test_annotations_become_events(tmp_path: Path) -> None:
    notes = {0: [b"+1.5\x150.25\x14cough\x14\x00"], 2: ["-0.5\x14müde\x14<b>\x14\x00".encode()]}
    rec = load(Edf([pressure()], "EDF+C", notes=notes).write(tmp_path / "a.edf"))
    assert rec.events == [(-0.5, 0.0, "<b>"), (-0.5, 0.0, "müde"), (1.5, 0.25, "cough")]


def test_gaps_of_edf_plus_d_are_missing_samples(tmp_path: Path) -> None:
    notes = {2: [b"+11\x14here\x14\x00"]}
    file = Edf([pressure(), breath()], "EDF+D", onsets=[0.25, 1.25, 10.25, 11.25], notes=notes).write(
        tmp_path / "a.edf"
    )
    rec = load(file)
    abp, codes = rec.values("abp"), _mmhg(pressure().codes)
    assert abp.size == 12 * 125 and rec.time("abp")[0] == 0.0 and rec.start == "1994-08-15T17:27:45.250000"
    assert np.allclose(abp[:250], codes[:250]) and np.allclose(abp[1250:], codes[250:])
    assert np.isnan(abp[250:1250]).all() and np.isnan(rec.values("resp")).sum() == 80
    assert rec.events == [(10.75, 0.0, "here")]
    pieces = list(stream(file, seconds=2.5))
    assert np.array_equal(np.concatenate([p.values("abp") for p in pieces]), abp, equal_nan=True)
    assert [len(p.events) for p in pieces] == [0, 0, 0, 0, 1]


def test_records_that_overlap_or_have_no_time_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CisternaError, match="overlap") as caught:
        load(Edf([pressure()], "EDF+D", onsets=[0, 1, 1.5, 4]).write(tmp_path / "a.edf"))
    assert "record 3" in caught.value.found
    file = Edf([pressure()], "EDF+D").write(tmp_path / "b.edf")
    file.write_bytes(file.read_bytes().replace(b"+2\x14\x14\x00", b"+2\x14X\x14"))
    with pytest.raises(CisternaError, match="has no time"):
        load(file)
    with pytest.raises(CisternaError, match="not to be believed"):
        load(Edf([pressure()], "EDF+D", onsets=[0, 1, 2, 4e9]).write(tmp_path / "c.edf"))


def test_a_gap_that_the_header_denies_is_told(tmp_path: Path) -> None:
    rec = load(Edf([pressure()], "EDF+C", onsets=[0, 1, 5, 6]).write(tmp_path / "a.edf"))
    assert rec.values("abp").size == 500 and "record 3" in rec.provenance["warnings"][0]


def test_a_broken_recording_is_counted_from_its_size(tmp_path: Path) -> None:
    whole = Edf([pressure(), breath()], count="-1", tail=b"\x01" * 100).write(tmp_path / "a.edf")
    rec = load(whole)
    assert rec.values("abp").size == 500 and "4 counted" in rec.provenance["warnings"][0]
    assert "100 bytes" in rec.provenance["warnings"][0]
    with pytest.raises(CisternaError, match="cut short") as caught:
        load(Edf([pressure()], count="9").write(tmp_path / "b.edf"))
    assert caught.value.found == "4 of 9 records"
    long = load(Edf([pressure()], count="3").write(tmp_path / "c.edf"))
    assert long.values("abp").size == 375 and "left out" in long.provenance["warnings"][0]


@pytest.mark.parametrize(
    ("date", "recording", "start"),
    [
        ("01.02.84", "", "2084-02-01T17:27:45"),
        ("01.02.85", "", "1985-02-01T17:27:45"),
        ("01.02.yy", "Startdate 01-FEB-2101 X X X", ""),
        ("31.02.99", "", ""),
    ],
)
def test_years_of_two_digits(tmp_path: Path, date: str, recording: str, start: str) -> None:
    assert load(Edf([pressure()], date=date, recording=recording).write(tmp_path / "a.edf")).start == start


def test_the_full_date_of_edf_plus_wins(tmp_path: Path) -> None:
    full = Edf([pressure()], "EDF+C", date="01.02.99", recording="Startdate 01-FEB-2099 X X X")
    assert load(full.write(tmp_path / "a.edf")).start == "2099-02-01T17:27:45"


def test_bdf_has_24_bits_and_triggers(tmp_path: Path) -> None:
    codes = np.array([-8388608, -1, 0, 1, 70000, 8388607, -70000, 5])
    status = np.array([0, 0, 7, 7, 0, 65536 + 9, 9, 0])
    sigs = [
        Sig("A1", codes, 4, "uV", ("-262144", "262143"), ("-8388608", "8388607")),
        Sig("Status", status, 4, "Boolean", ("-8388608", "8388607"), ("-8388608", "8388607")),
    ]
    file = Edf(sigs, width=3).write(tmp_path / "a.bdf")
    rec = load(file)
    step = 524287 / 16777215
    assert rec.signals == ["A1"] and np.allclose(rec.values("A1"), -262144 + (codes + 8388608.0) * step, atol=1e-6)
    assert rec.events == [(0.5, 0.0, "trigger 7"), (1.25, 0.0, "trigger 9")]
    pieces = list(stream(file, seconds=0.75))
    assert [e.label for p in pieces for e in p.events] == ["trigger 7", "trigger 9"]


def _recording() -> Recording:
    rng = np.random.default_rng(5)
    abp = 90 + 20 * np.sin(np.arange(2501) / 16) + rng.normal(size=2501)
    abp[100:130] = np.nan
    rec = Recording().with_title("Smith", "2024-03-01T10:00:00.250000")
    rec = rec.with_signal("abp", abp, rate=125.0, unit="mmHg", level_ref="heart", origin="measured", own_name="ART")
    rec = rec.with_signal("resp", rng.normal(size=501) * 1e-3, rate=25.0, unit="", origin="measured")
    rec = rec.with_signal("zero", np.zeros(100), rate=5.0, unit="mL/s", origin="measured")
    return rec.with_events([(1.5, 0.25, "müde"), (19.9, 0.0, "end\x14")])


@pytest.mark.parametrize("ending", ["edf", "bdf"])
def test_round_trip_to_half_a_step(tmp_path: Path, ending: str) -> None:
    rec = _recording()
    back = load(write(rec, tmp_path / f"a.{ending}"))
    steps = 65532 if ending == "edf" else 2**24 - 4
    assert back.signals == rec.signals and back.start == rec.start
    assert back["abp"].attrs["own_name"] == "ART", "the file's own name is written where reading gives ours again"
    assert [e[:2] for e in back.events] == [(1.5, 0.25), (19.9, 0.0)] and back.events[0].label == "müde"
    for name in rec.signals:
        x, y = rec.values(name), back.values(name)[: rec.values(name).size]
        assert back.rate(name) == rec.rate(name) and back.unit(name) == rec.unit(name)
        assert np.array_equal(np.isnan(x), np.isnan(y))
        low, high = np.nanmin(x), np.nanmax(x)
        assert np.nanmax(np.abs(x - y)) <= 0.5 * (high - low or 2.0) / steps * 1.002
        assert "saturated" not in back[name].attrs["quality"]
    assert [back.values(n).size for n in back.signals] == [2501, 501, 100], (
        "what fills up the last record is not read as samples"
    )


@pytest.mark.parametrize("ending", ["edf", "bdf"])
def test_another_reader_finds_the_same(tmp_path: Path, ending: str) -> None:
    edfio = pytest.importorskip("edfio")
    rec = _recording()
    file = write(rec, tmp_path / f"a.{ending}")
    other = (edfio.read_edf if ending == "edf" else edfio.read_bdf)(file)
    assert [s.label for s in other.signals] == ["ART", "resp", "zero"]
    back = load(file)
    for signal, name in zip(other.signals, rec.signals, strict=True):
        mine = back.values(name)
        there = np.isfinite(mine)
        assert signal.sampling_frequency == rec.rate(name) and signal.physical_dimension == rec.unit(name)
        assert np.allclose(
            signal.data[: mine.size][there], mine[there], rtol=0, atol=1e-9 * np.ptp(mine[there]) + 1e-12
        )
    assert [(a.onset, a.duration) for a in other.annotations] == [(1.5, 0.25), (19.9, None)]
    assert other.annotations[0].text == "müde"


def test_a_file_of_another_writer_is_read_as_it_reads_it(tmp_path: Path) -> None:
    edfio = pytest.importorskip("edfio")
    rng = np.random.default_rng(6)
    signals = [
        edfio.EdfSignal(rng.normal(size=1000) * 50, 100, label="EEG Fpz-Cz", physical_dimension="uV"),
        edfio.EdfSignal(np.linspace(36, 38, 10), 1, label="Temp rectal", physical_dimension="degC"),
    ]
    edfio.Edf(signals, annotations=[edfio.EdfAnnotation(2.5, 1.0, "spindle")]).write(tmp_path / "a.edf")
    rec = load(tmp_path / "a.edf")
    assert rec.events == [(2.5, 1.0, "spindle")] and rec.unit("Temp_rectal") == "degC"
    for name, signal in zip(rec.signals, signals, strict=True):
        assert np.allclose(rec.values(name), signal.data, rtol=0, atol=1e-9)


def test_what_edf_cannot_hold_is_refused_with_a_mend(tmp_path: Path) -> None:
    def refused(words: str, **signals: dict) -> None:
        rec = Recording()
        for name, how in signals.items():
            rec = rec.with_signal(name, **({"values": [1.0, 2.0, 3.0], "unit": "mmHg"} | how))
        with pytest.raises(CisternaError, match=words) as caught:
            write(rec, tmp_path / "a.edf")
        assert caught.value.mend and str(tmp_path / "a.edf") in caught.value.where

    refused("irregular times", a={"time": [0.0, 1.0, 5.0]})
    refused("name does not fit", a_very_long_name_indeed={"rate": 1.0})
    refused("unit of 'a' does not fit", a={"rate": 1.0, "unit": "mmHg*min/mL"})
    refused("range of 'a' does not fit", a={"rate": 1.0, "values": [1e-9, 2e-9, 3e-9], "unit": "V"})
    refused("share no frame", a={"rate": 1.0}, b={"rate": np.pi})
    assert not list(tmp_path.iterdir()), "nothing half-written stays"


def test_public_sleep_record(shared_data: Path) -> None:
    file = shared_data / "edf" / "short_psg.edf"
    rec = load(file)
    assert [rec.rate(n) for n in rec.signals] == [100.0] * 3 + [1.0] * 4
    assert rec.duration == 300.0 and rec.start == "1989-04-24T16:13:00"
    assert rec.values("Temp_rectal").mean() == pytest.approx(37.2, abs=0.05) and rec.unit("Temp_rectal") == "degC"
    resp = rec.values("resp")
    assert np.diff(resp[210:]).std() < 0.1 * np.diff(resp[:200]).std(), "the sensor is off from 205 s"
    pieces = list(stream(file, seconds=41.0))
    for name in rec.signals:
        assert np.array_equal(np.concatenate([p.values(name) for p in pieces]), rec.values(name))
