"""The ICM+ layout: every trap of it stands once in a file made here, whose truth is known."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import icmplus_sample as sample
import numpy as np
import pytest
from icmplus_sample import BLOCKS, RATE, icp, write_icmplus

from cisterna.ground.errors import CisternaError
from cisterna.recordings import Recording, load, stream
from cisterna.recordings.infusion import infusion_tests


def _labels(rec: Recording) -> list[str]:
    return [e.label for e in rec.events]


def test_blocks_lie_where_their_clock_says_and_are_never_joined(tmp_path: Path) -> None:
    rec = load(write_icmplus(tmp_path))
    assert rec.provenance["format"] == "icmplus" and rec.start == "2021-03-01T16:00:00.250000"
    values, at = rec.values("icp"), rec.time("icp")
    assert rec.rate("icp") == RATE and values.size == 7550 + 3000
    there = np.isfinite(values)
    assert np.abs(values[there] - icp(at[there])).max() < 2e-6 * 30  # float32 in the file
    assert not there[6000:7550].any(), "nothing was recorded in the gap"
    assert np.isnan(values[500:520]).all(), "-99999 is no pressure"
    assert there.sum() == 9000 - 20 - 200, "20 marked as no value, 2 s of no data by the monitor"
    assert values[there].max() < 25.0, "the 77 mmHg behind the last block belong to no time"
    told = rec.provenance["warnings"]
    assert any("7 samples of 'icp' lie in no block" in w for w in told) and any("rate of 0" in w for w in told)


def test_another_rate_stands_apart(tmp_path: Path) -> None:
    rec = load(write_icmplus(tmp_path))
    name = next(n for n in rec.signals if rec[n].attrs["own_name"].startswith("icp at 125"))
    start, count, rate = BLOCKS[2]
    assert rec.rate(name) == rate and rec.values(name).size == count
    assert rec.time(name)[0] == pytest.approx(start, abs=1e-9)
    assert np.allclose(rec.values(name), icp(start + np.arange(count) / rate), atol=1e-4)
    assert any("never joined" in w for w in rec.provenance["warnings"])


def test_the_index_may_be_an_attribute_and_its_absence_is_refused(tmp_path: Path) -> None:
    beside, inside = (load(write_icmplus(tmp_path, f"{k}.hdf5", index=k)) for k in ("sibling", "attribute"))
    for name in beside.signals:
        assert np.array_equal(beside.values(name), inside.values(name), equal_nan=True)
        assert np.array_equal(beside.time(name), inside.time(name))
    assert beside.events == inside.events
    with pytest.raises(CisternaError, match="has no index") as caught:
        load(write_icmplus(tmp_path, "none.hdf5", index=""), rate=100.0)
    assert "not guessed" in caught.value.mend


def test_every_signal_keeps_its_unit_and_its_start(tmp_path: Path) -> None:
    rec = load(write_icmplus(tmp_path))
    assert rec.unit("icp") == rec.unit("abp") == rec.unit("pto2") == "mmHg"
    assert rec.time("abp")[0] == pytest.approx(0.004, abs=1e-12) and rec.time("pto2")[0] == 2.0
    assert rec.rate("pto2") == 1.0 and rec["icp"].attrs["level_ref"] == "foramen_monro"


def test_the_local_clock_is_kept_raw(tmp_path: Path) -> None:
    rec = load(write_icmplus(tmp_path))
    assert rec.provenance["starttime_us"] == sample.ZERO and "as if UTC" in rec.provenance["clock"]
    bare = load(write_icmplus(tmp_path, "bare.hdf5", attributes=False))
    assert bare.start == rec.start and infusion_tests(bare)[0].phases == infusion_tests(rec)[0].phases


def test_the_zone_can_be_said_and_changes_no_time(tmp_path: Path) -> None:
    file = write_icmplus(tmp_path)
    rec, bare = load(file, utc_offset=1.0), load(file)
    assert rec.provenance["start_utc"] == "2021-03-01T15:00:00.250000" and rec.start == bare.start
    assert rec.events == bare.events and np.array_equal(rec.time("icp"), bare.time("icp"))
    assert next(iter(stream(file, utc_offset=1.0))).provenance["start_utc"] == rec.provenance["start_utc"]
    with pytest.raises(CisternaError, match="that far from UTC"):
        load(file, utc_offset=60.0)


@pytest.mark.parametrize("hours", [0, 1, -5])
def test_marks_are_moved_by_whole_hours_and_it_is_said(tmp_path: Path, hours: int) -> None:
    rec = load(write_icmplus(tmp_path, hours=hours))
    marks = {e.label: e for e in rec.events}
    cough = marks["Infusion Study.Movement: coughed"]
    assert (cough.time, cough.duration) == pytest.approx((49.75, 2.0))
    assert marks["note: zeroed again"].time == pytest.approx(90.0)
    entry = marks["Infusion Study.Infusion: Infusion Rate 1.5"]
    assert (entry.time, entry.duration) == pytest.approx((30.0, 70.0))
    said = [w for w in rec.provenance.get("warnings", []) if "clock of annotations" in w]
    assert bool(said) is bool(hours) and rec.provenance["clock_moved_h"] == ({"annotations": -hours} if hours else {})


def test_written_times_an_hour_off_follow_the_start_the_file_writes(tmp_path: Path) -> None:
    import h5py

    winter = sample.xml_of_tests().replace("16:0", "15:0")
    for written in (True, False):
        file = write_icmplus(tmp_path, f"{written}.hdf5", xml=winter, attributes=written)
        if written:
            with h5py.File(file, "r+") as out:
                out.attrs["dataStartTime"] = np.array(["2021/03/01 15.00.00"], dtype=object)
        rec = load(file)
        assert infusion_tests(rec)[0].phase("Infusion")[1:] == (29.75, 99.75)
        assert rec.provenance["clock_moved_h"]["icmtests"] == 1
        assert any("clock of the infusion tests is -1 h off" in w for w in rec.provenance["warnings"])


def test_a_mark_in_two_tables_is_one_and_one_before_the_start_stays_there(tmp_path: Path) -> None:
    rec = load(write_icmplus(tmp_path))
    assert sum("Movement" in label for label in _labels(rec)) == 1
    fail = next(e for e in rec.events if "CommFailure" in e.label)
    assert fail.time == pytest.approx(-1200.25) and "Device Monitor" in fail.label


def test_quality_marks_hold_until_the_next_row(tmp_path: Path) -> None:
    rec = load(write_icmplus(tmp_path))
    marks = {e.label: e for e in rec.events}
    gone, fine = marks["quality of icp: Data Unavailable"], marks["quality of icp: Validated Data"]
    assert (gone.time, gone.duration) == (20.0, 2.0) and (fine.time, fine.duration) == (22.0, 2.0)
    values = rec.values("icp")
    assert np.isnan(values[2000:2200]).all() and np.isfinite(values[2200:2400]).all()
    assert np.isfinite(values[1999]) and "see the events" in rec["icp"].attrs["quality"]


def test_summaries_are_ten_seconds_apart_on_a_spreadsheet_clock(tmp_path: Path) -> None:
    rec = load(write_icmplus(tmp_path))
    assert rec.rate("summary_ICP") == pytest.approx(0.1) and rec.time("summary_ICP")[0] == pytest.approx(9.0, abs=1e-3)
    assert rec.values("summary_ICP").tolist() == [8.0 + k for k in range(11)]
    assert np.isnan(rec.values("summary_AMP")[3]) and np.isnan(rec.values("summary_AMP")).sum() == 1
    assert rec.unit("summary_ICP") == "", "the file states no unit"


def test_the_infusion_test_is_found_by_its_tool_and_read_by_name(tmp_path: Path) -> None:
    tests = infusion_tests(load(write_icmplus(tmp_path)))
    assert len(tests) == 1
    test = tests[0]
    assert test.phase("baseline")[1:] == (4.75, 24.75) and test.phase("Infusion")[1:] == (29.75, 99.75)
    assert (test.rate.value, test.rate.unit) == (1.5, "mL/min") and test.one_needle is True and not test.shunted
    assert test.settings["Calculation mode"] == "dynamic"
    assert {k: (v.value, v.unit) for k, v in test.results.items()} == {
        "icp_baseline": (8.04, "mmHg"),
        "icp_plateau": (19.6, "mmHg"),
        "rout": (7.71, "mmHg min/mL"),
        "elastance": (0.21, "1/mL"),
        "pss": (4.1, "mmHg"),
        "csf_production": (0.51, "mL/min"),
        "needle_resistance": (0.9, "mmHg min/mL"),
    }
    assert test.results["elastance"].own == "Elasticity [1/ml]" and test.flags == ()


def test_phases_are_events_on_the_clock_of_the_samples(tmp_path: Path) -> None:
    rec = load(write_icmplus(tmp_path))
    event = next(e for e in rec.events if e.label == "infusion test: Baseline")
    part = rec.slice(event.time, event.time + event.duration)
    there = np.isfinite(part.values("icp"))
    assert part.values("icp").size == 2000 and there.sum() == 2000 - 20 - 200
    assert np.nanmean(part.values("icp")) == pytest.approx(icp(part.time("icp")[there]).mean(), abs=1e-5)


def test_several_tests_odd_phases_and_implausible_results_are_kept_and_flagged(tmp_path: Path) -> None:
    odd = '<Selection Name="Overdrainage"><TimePeriod StartTime="01/03/2021 16:01:50" EndTime="01/03/2021 16:01:45"/>'
    late = '<Selection Name="Baseline"><TimePeriod StartTime="01/03/2021 16:00:20" EndTime="01/03/2021 16:00:40"/>'
    more = """<SingleAnalysis ClassID="{BB}"><Selections/><Parameters>
      <Parameter Name="One needle only" Value="no"/></Parameters><Results>
      <Parameter Name="Elastance [1/ml]" Value="7.5"/><Parameter Name="Pss [mmHg]" Value="12"/>
      <Parameter Name="ICP baseline [mmHg]" Value="9"/><Parameter Name="CSF production rate []" Value="0.4"/>
      <Parameter Name="Shunt resist. [mmHg*min/ml]" Value="3.3"/><Parameter Name="Magic number" Value="1.#QNAN"/>
      </Results></SingleAnalysis>"""
    xml = sample.xml_of_tests(phases=f"{odd}</Selection>{late}</Selection>", extra=more)
    rec = load(write_icmplus(tmp_path, xml=xml))
    first, second = infusion_tests(rec)
    assert set(first.flags) == {"Overdrainage ends before it begins", "Baseline and Infusion overlap"}
    assert first.phase("Overdrainage") is None and [p.name for p in first.phases].count("Baseline") == 2
    assert second.shunted and second.one_needle is False and second.rate is None
    assert second.results["elastance"].value == 7.5, "flagged, not dropped"
    assert any("elastance 7.5" in f for f in second.flags) and any("pss 12" in f for f in second.flags)
    assert any("csf_production states no unit" in f for f in second.flags)
    assert any("magic_number is not a number" in f for f in second.flags)
    assert "infusion test 1: Overdrainage (ends early)" in _labels(rec)
    assert sum("infusion test 2: " in w for w in rec.provenance["warnings"]) == 4


def test_no_test_and_a_broken_one(tmp_path: Path) -> None:
    for k, text in enumerate(("<ICMAnalysis/>", "not xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "")):
        rec = load(write_icmplus(tmp_path, f"{k}.hdf5", xml=text))
        assert infusion_tests(rec) == [] and rec.values("icp").size == 10550
        assert any("infusion tests cannot be read" in w for w in rec.provenance["warnings"]) is (k > 0)


def test_tests_survive_saving(tmp_path: Path) -> None:
    rec = load(write_icmplus(tmp_path))
    assert infusion_tests(Recording.open(rec.save(tmp_path / "a.nc"))) == infusion_tests(rec)


def test_nothing_of_the_person_leaves_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        rec = load(write_icmplus(tmp_path))
        texts = [json.dumps(rec.provenance), repr(rec), str(rec.dataset.attrs), str(rec.events), caplog.text]
        rec.save(tmp_path / "a.nc")
        with pytest.raises(CisternaError) as caught:
            load(write_icmplus(tmp_path, "none.hdf5", index=""))
    texts += [str(caught.value), (tmp_path / "a.nc").read_bytes().decode("latin-1")]
    for secret in sample.SECRETS:
        assert not any(secret in text for text in texts), secret


def test_pieces_are_the_whole_and_hold_one_piece_of_memory(tmp_path: Path) -> None:
    file = write_icmplus(tmp_path)
    whole, parts = load(file), list(stream(file, seconds=17.0))
    for name in whole.signals:
        assert all(name in part for part in parts)
        values = np.concatenate([part.values(name) for part in parts])
        assert np.array_equal(values, whole.values(name), equal_nan=True)
        times = np.concatenate([part.time(name) for part in parts])
        assert np.allclose(times, whole.time(name), rtol=0, atol=1e-9)
    assert max(part.values("icp").size for part in parts) == 1700
    plateau = [e for part in parts for e in part.events if e.label == "infusion test: Infusion"]
    assert len(plateau) == 5 and len(set(plateau)) == 1, "a mark stands in every piece it overlaps"


def test_a_gap_of_a_year_is_refused_whole_and_read_in_pieces(tmp_path: Path) -> None:
    import h5py

    file = write_icmplus(tmp_path)
    with h5py.File(file, "r+") as out:
        table = out["waves/icp.index"][()]
        table["starttime"][-1] += 365 * 86400 * 10**6
        table["frequency"][-1] = RATE
        out["waves/icp.index"][...] = table
    with pytest.raises(CisternaError, match="with its gaps") as caught:
        load(file)
    assert "stream" in caught.value.mend
    first = next(iter(stream(file, seconds=30.0)))
    assert np.isfinite(first.values("icp")).sum() == 3000 - 20 - 200


def test_a_file_larger_than_memory_is_read_in_pieces(tmp_path: Path) -> None:
    """Six weeks of samples that were never written: 3 GiB unpacked in a file of a few kB."""
    import h5py

    file = write_icmplus(tmp_path)
    count = 42 * 86400 * 100
    with h5py.File(file, "r+") as out:
        del out["waves/icp"]
        out.create_dataset("waves/icp", shape=(count,), dtype="f4", chunks=(2**20,), fillvalue=11.0)
        out["waves/icp.index"][...] = np.array([(0, sample.ZERO, count, RATE)] * 4, sample.INDEX)
        out["waves/icp.index"][1:] = np.zeros(3, sample.INDEX)
    with pytest.raises(CisternaError, match="larger than 2 GiB") as caught:
        load(file)
    assert "stream" in caught.value.mend
    for k, part in zip(range(3), stream(file, seconds=600.0), strict=False):
        assert part.values("icp").size == 60000 and part.time("icp")[0] == pytest.approx(600.0 * k)
        assert np.nanmax(part.values("icp")) == np.nanmin(part.values("icp")) == 11.0


def test_an_index_that_lies_is_told_or_refused(tmp_path: Path) -> None:
    import h5py

    file = write_icmplus(tmp_path)
    with h5py.File(file, "r+") as out:
        table = out["waves/icp.index"][()]
        table["length"][-1] = 10**12
        out["waves/icp.index"][...] = table
    rec = load(file)
    assert any("samples that are not in the file" in w for w in rec.provenance["warnings"])
    with h5py.File(file, "r+") as out:
        del out["waves/icp.index"]
        out["waves/icp.index"] = np.arange(4.0)
    with pytest.raises(CisternaError, match="cannot be understood"):
        load(file)


def test_blocks_that_overlap_stand_apart(tmp_path: Path) -> None:
    import h5py

    file = write_icmplus(tmp_path)
    with h5py.File(file, "r+") as out:
        table = out["waves/icp.index"][()]
        table["starttime"][2] = sample.ZERO + 30_000_000  # a clock set back
        out["waves/icp.index"][...] = table
    rec = load(file)
    own = [rec[n].attrs["own_name"] for n in rec.signals if rec[n].attrs["own_name"].startswith("icp")]
    assert len(own) == 3 and rec.values("icp").size == 6000


def test_newer_group_names_are_recognised(tmp_path: Path) -> None:
    assert load(write_icmplus(tmp_path, libver="latest")).provenance["format"] == "icmplus"
    assert load(write_icmplus(tmp_path, "renamed.h5")).provenance["format"] == "icmplus"
