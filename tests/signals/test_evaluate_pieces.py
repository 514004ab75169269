"""One evaluation however the recording comes: whole, in pieces of any size, from a file, with gaps, odd channels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from made_ward import HEART, RATE, ward

from cisterna.ground.errors import CisternaError
from cisterna.recordings import Recording, load, stream, write
from cisterna.signals.evaluate import Evaluator, RecordingEvaluation, Wanted, entries, evaluate, evaluate_file

SECONDS = 420.0


@pytest.fixture(scope="module")
def recording() -> Recording:
    """Seven minutes, more than one block, with noise, a dropout, a flat stretch and a mark."""
    rec = ward(SECONDS)
    rng = np.random.default_rng(3)
    for name in ("icp", "abp"):
        values = rec.values(name) + 0.05 * rng.standard_normal(rec.values(name).size)
        values[int(100 * RATE) : int(104 * RATE)] = np.nan
        values[int(290 * RATE) : int(297 * RATE)] = values[int(290 * RATE)]
        rec = rec.with_signal(
            name, values, rate=RATE, unit="mmHg", level_ref=rec[name].attrs["level_ref"], origin="measured",
            own_name=name.upper(),
        )  # fmt: skip
    return rec.with_events([(295.0, 20.0, "turned to the left")])


@pytest.fixture(scope="module")
def whole(recording: Recording) -> RecordingEvaluation:
    return evaluate(recording)


def numbers(evaluation: RecordingEvaluation) -> str:
    """All that is told of a recording; where it comes from aside."""
    plain = evaluation.as_dict()
    for key in ("title", "provenance", "start"):
        plain.pop(key)
    return json.dumps(plain, sort_keys=True)


def cut(rec: Recording, at: list[float]) -> list[Recording]:
    edges = [-1.0, *at, SECONDS + 1.0]
    return [rec.slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]


@pytest.mark.parametrize(
    "at", [[210.0], list(np.arange(7.3, SECONDS, 7.3)), [0.05, 299.97, 300.0, 419.9]], ids=["half", "short", "uneven"]
)
def test_pieces_of_any_size_give_exactly_what_the_whole_gives(
    recording: Recording, whole: RecordingEvaluation, at: list[float]
) -> None:
    pieces = evaluate(cut(recording, at))
    assert numbers(pieces) == numbers(whole)
    for name, passed in whole.channels.items():
        np.testing.assert_array_equal(pieces.channels[name].beats, passed.beats)
        np.testing.assert_array_equal(pieces.channels[name].excerpt, passed.excerpt)
    for key, series in whole.series.items():
        np.testing.assert_array_equal(pieces.series[key].value, series.value)


@pytest.mark.parametrize("ending", [".hea", ".edf", ".nc", ".csv"])
def test_a_file_streamed_gives_what_it_gives_loaded(recording: Recording, tmp_path: Path, ending: str) -> None:
    part = recording.slice(230.0, 350.0)
    if ending == ".csv":
        part = part.only("icp", "abp")  # one rate a table
    file = write(part, tmp_path / f"bed{ending}")
    at_once = evaluate(load(file))
    assert numbers(evaluate(stream(file, 37.0))) == numbers(at_once)
    assert numbers(evaluate_file(file)) == numbers(at_once)


def test_results_of_a_file_stay_near_those_of_what_was_written(
    recording: Recording, whole: RecordingEvaluation, tmp_path: Path
) -> None:
    read = evaluate_file(write(recording, tmp_path / "bed.edf"))
    for id, channel in (("mean", "icp"), ("mean", "abp"), ("prx", ""), ("rap", ""), ("heart_rate", "icp")):
        mine, written = read.result(id, channel), whole.result(id, channel)
        assert mine.value == pytest.approx(written.value, abs=2e-3, rel=1e-4), id
        assert written.low <= written.value <= written.high


def test_the_order_of_pieces_is_kept(recording: Recording) -> None:
    live = Evaluator()
    live.add(recording.slice(0.0, 60.0))
    with pytest.raises(CisternaError, match="does not follow"):
        live.add(recording.slice(50.0, 70.0))


def test_a_gap_between_pieces_is_missing_and_not_closed(recording: Recording) -> None:
    live = Evaluator()
    for a, b in ((0.0, 150.0), (170.0, 280.0)):
        live.add(recording.slice(a, b))
    told = live.finish()
    icp = told.channels["icp"]
    assert icp.samples == int(280 * RATE)
    assert icp.missing == int((20 + 4) * RATE)
    gap = [f for f in told.as_dict()["quality"][0]["intervals"] if f["kind"] == "gap" and f["start_s"] > 140]
    assert [(round(f["start_s"], 2), round(f["stop_s"], 2)) for f in gap] == [(150.0, 170.0)]
    assert not np.any((icp.beats > 150.1) & (icp.beats < 169.9))
    assert np.isnan(icp.excerpt[int(150 * RATE) : int(170 * RATE)]).all()
    assert told.result("heart_rate", "icp").value == pytest.approx(HEART, abs=0.2)


def test_channels_of_other_rates_and_starts_keep_their_own_clock() -> None:
    rec = ward(240.0)
    t = np.arange(12.0, 240.0, 1 / 125.0)
    late = np.sin(2 * np.pi * HEART / 60 * t)
    rec = rec.with_signal("ppg", late, rate=125.0, start=12.0, unit="", origin="measured")
    rec = rec.with_signal("temperature", 37 + 0 * np.arange(4.0), rate=1 / 60, unit="degC", origin="measured")
    told = evaluate(rec)
    plain = {c["name"]: c for c in told.as_dict()["channels"]}
    assert (plain["icp"]["rate_hz"], plain["resp"]["rate_hz"], plain["ppg"]["rate_hz"]) == (RATE, RATE / 2, 125.0)
    assert plain["ppg"]["start_s"] == 12.0 and told.channels["ppg"].beats[0] >= 12.0
    assert told.channels["temperature"].epochs is None
    feet = told.channels["ppg"].beats, told.channels["abp"].beats
    assert np.median(np.min(np.abs(feet[0][2:-2, None] - feet[1]), axis=1)) < 0.02
    assert told.result("heart_rate", "ppg").value == pytest.approx(HEART, abs=0.05)


def test_what_cannot_be_evaluated_is_left_out_with_its_reason() -> None:
    rec = ward(60.0).only("icp")
    rec = rec.with_signal("flow_csf", np.zeros((600, 3)), rate=10.0, unit="mL/s", dims=("place",))
    rec = rec.with_signal("marks", np.arange(5.0), time=[0.0, 1.0, 3.0, 7.0, 30.0], unit="1", origin="measured")
    told = evaluate(rec)
    assert list(told.channels) == ["icp"]
    assert "take one out of it" in told.left_out["flow_csf"] and "equal distances" in told.left_out["marks"]
    left = [c for c in told.as_dict()["channels"] if "left_out" in c]
    assert {c["name"] for c in left} == {"flow_csf", "marks"}


@pytest.mark.parametrize(
    ("rec", "words"),
    [
        (Recording(), "no signal"),
        (
            Recording().with_signal("icp", np.zeros((50, 2)), rate=10.0, unit="mmHg", dims=("place",)),
            "take one out of it",
        ),
        (
            Recording().with_signal("icp", [1.0, 2.0, 3.0], time=[0.0, 1.0, 5.0], unit="mmHg", origin="measured"),
            "equal distances",
        ),
    ],
    ids=["empty", "places", "irregular"],
)
def test_a_recording_without_anything_to_evaluate_is_refused(rec: Recording, words: str) -> None:
    with pytest.raises(CisternaError) as told:
        evaluate(rec)
    assert words in str(told.value)


def test_no_piece_at_all_is_refused() -> None:
    with pytest.raises(CisternaError, match="no signal"):
        evaluate([])
    with pytest.raises(CisternaError):
        evaluate_file("no such file.edf")


@pytest.mark.parametrize("values", [np.full(3000, np.nan), np.full(3000, 12.0), np.zeros(1), np.full(3, np.inf)])
def test_a_channel_that_tells_nothing_tells_no_number(values: np.ndarray) -> None:
    rec = Recording().with_signal("icp", values, rate=50.0, unit="mmHg", level_ref="foramen_monro", origin="measured")
    told = evaluate(rec)
    some = {r.id for r in told.results if np.isfinite(r.value) and not r.id.startswith("quality")}
    assert some <= {"plateau_waves"}, some
    json.dumps(told.as_dict(), allow_nan=False)


def test_a_pressure_without_unit_is_evaluated_as_such() -> None:
    rec = ward(120.0).only("icp")
    bare = Recording().with_signal("icp", rec.values("icp"), rate=RATE, unit="", origin="measured")
    told = evaluate(bare)
    assert told.result("mean", "icp").unit == "" and told.infusion is None
    assert told.as_dict()["channels"][0]["unit"] is None


def test_a_number_that_is_not_there_is_answered_with_the_nearest(whole: RecordingEvaluation) -> None:
    with pytest.raises(CisternaError, match="prx"):
        whole.result("prz")
    with pytest.raises(CisternaError, match="of which channel"):
        whole.result("mean")
    assert whole.result("mean", "abp").channel == "abp"


def test_the_plain_form_is_json_with_every_number_and_its_interval(whole: RecordingEvaluation) -> None:
    plain = json.loads(json.dumps(whole.as_dict(), allow_nan=False))
    assert {"channels", "quality", "results"} <= set(plain)
    for result in plain["results"]:
        assert {"id", "channel", "value", "unit", "low", "high", "n", "note"} <= set(result), result["id"]
        assert result["value"] is None or result["low"] is None or result["low"] <= result["value"] <= result["high"]
        assert result["note"], f"{result['id']} has no definition"
        known = entries()[result["id"]]
        assert known.unit in (result["unit"], "of the signal") or result["unit"].startswith("mmHg"), result["id"]
    assert len({(r["id"], r["channel"]) for r in plain["results"]}) == len(plain["results"])
    for channel in plain["channels"]:
        assert {"name", "own_name", "unit", "rate_hz", "start_s", "samples", "missing"} <= set(channel)
    by_name = {q["channel"]: q for q in plain["quality"]}
    for name in ("icp", "abp"):
        kinds = [(i["kind"], round(i["start_s"]), round(i["stop_s"])) for i in by_name[name]["intervals"]]
        # A pulse that stands still is charged as a flat stretch or as a dropout, by how it looks.
        assert ("gap", 100, 104) in kinds and {("flat", 290, 297), ("dropout", 290, 297)} & set(kinds)
        assert by_name[name]["share"] == pytest.approx(1 - 11 / SECONDS, abs=0.004)
    assert whole.methods and whole.sources


def test_a_window_of_ones_own_reaches_the_correlations(recording: Recording) -> None:
    told = evaluate(recording, Wanted(window=150.0))
    assert told.window == 150.0 and told.series["prx", "icp:abp"].window == 150.0
    assert told.result("prx").extra["window_s"] == 150.0
