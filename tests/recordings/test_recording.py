"""One type for simulated and measured signals: what it holds, cuts, joins and refuses."""

from __future__ import annotations

import numpy as np
import pytest
from recording_samples import ABP, RATE, example_recording

from cisterna.ground.errors import CisternaError
from cisterna.recordings import Recording


def test_signals_of_different_rates_live_side_by_side() -> None:
    rec = example_recording()
    assert rec.signals == ["abp", "icp", "ppg", "pressure_csf", "spo2"]
    assert [rec.time_dim(name) for name in rec.signals] == ["time", "time", "time_ppg", "time_ppg", "time_spo2"]
    assert [rec.rate(name) for name in rec.signals[:4]] == [125.0, 125.0, 25.0, 25.0]
    assert rec.values("abp").size == 5 * rec.values("ppg").size == 500
    assert rec.duration == pytest.approx(4.0)


def test_every_signal_states_unit_level_origin_and_own_name() -> None:
    for name in (rec := example_recording()).signals:
        assert set(rec[name].attrs) >= {"units", "level_ref", "origin", "own_name", "quality"}
    assert rec["abp"].attrs["own_name"] == "ART"
    assert rec["ppg"].attrs["quality"] == "uncalibrated"


def test_values_convert_at_the_border_and_only_within_a_dimension() -> None:
    rec = Recording().with_signal("icp", [13.5951], rate=1.0, unit="cmH2O")
    assert rec.values("icp", "mmHg")[0] == pytest.approx(10.0, rel=1e-4)
    with pytest.raises(CisternaError, match="not a unit of the same kind"):
        rec.values("icp", "mL")
    with pytest.raises(CisternaError, match="has no unit"):
        Recording().with_signal("abp", [1.0], rate=1.0, unit="").values("abp", "mmHg")


def test_unknown_signal_is_answered_with_the_nearest() -> None:
    with pytest.raises(CisternaError) as caught:
        example_recording()["icpp"]
    assert "'icp'" in caught.value.mend


def test_place_is_picked_by_its_name_in_brackets() -> None:
    rec = example_recording()
    assert rec.values("pressure_csf(C3)").tolist() == [10.0] * 100
    assert rec.rate("pressure_csf(C3)") == 25.0
    with pytest.raises(CisternaError, match="no place 'C9'"):
        rec["pressure_csf(C9)"]


def test_irregular_times_have_no_rate() -> None:
    with pytest.raises(CisternaError, match="not sampled uniformly"):
        example_recording().rate("spo2")


@pytest.mark.parametrize("times", [[0.0, 2.0, 1.0], [0.0, 0.0, 1.0], [0.0, np.nan, 1.0], [0.0, 1.0]])
def test_times_that_do_not_rise_are_refused(times: list[float]) -> None:
    with pytest.raises(CisternaError):
        Recording().with_signal("icp", [1.0, 2.0, 3.0], time=times, unit="mmHg")


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, np.inf])
def test_impossible_rates_are_refused(rate: float) -> None:
    with pytest.raises(CisternaError, match="impossible rate"):
        Recording().with_signal("icp", [1.0], rate=rate, unit="mmHg")


@pytest.mark.parametrize("name", ["time", "time_x", "a/b", "", "event_time", "1x"])
def test_names_that_would_break_a_file_are_refused(name: str) -> None:
    with pytest.raises(CisternaError, match="cannot name"):
        Recording().with_signal(name, [1.0], rate=1.0, unit="")


def test_unknown_level_is_refused() -> None:
    with pytest.raises(CisternaError, match="level_ref"):
        Recording().with_signal("icp", [1.0], rate=1.0, unit="mmHg", level_ref="knee")


def test_a_recording_is_never_changed() -> None:
    values = np.array([1.0, 2.0])
    rec = Recording().with_signal("icp", values, rate=1.0, unit="mmHg")
    more = rec.with_signal("abp", [3.0, 4.0], rate=1.0, unit="mmHg")
    values[0] = 99.0
    assert rec.signals == ["icp"] and more.signals == ["icp", "abp"]
    assert rec.values("icp")[0] == 1.0
    with pytest.raises(ValueError):
        rec.values("icp")[0] = 5.0


def test_slice_is_half_open_and_keeps_the_clock() -> None:
    part = example_recording().slice(1.0, 2.0)
    assert part.values("abp").size == 125 and part.values("ppg").size == 25
    assert part.time("abp")[0] == 1.0 and part.time("abp")[-1] < 2.0
    assert part.span == (1.0, 2.0)
    assert [event.label for event in part.events] == ["cough"]
    with pytest.raises(CisternaError, match="nothing is recorded"):
        example_recording().slice(50.0, 60.0)


def test_slices_join_to_the_whole_without_a_seam() -> None:
    rec = example_recording().only("abp", "ppg")
    whole = rec.slice(0, 2).join(rec.slice(2, 4), at=0.0)
    for name in rec.signals:
        assert np.array_equal(whole.values(name), rec.values(name))
        assert whole.rate(name) == rec.rate(name)


def test_a_gap_is_filled_with_nan_and_marked() -> None:
    rec = Recording().with_signal("abp", ABP, rate=RATE, unit="mmHg")
    whole = rec.join(rec, at=6.0)
    assert whole.values("abp").size == 1250
    assert np.isnan(whole.values("abp")[500:750]).all() and np.isfinite(whole.values("abp")[750:]).all()
    assert [tuple(e) for e in whole.events] == [(4.0, 2.0, "gap")]


def test_clock_times_decide_where_the_second_part_goes() -> None:
    rec = Recording().with_signal("abp", ABP, rate=RATE, unit="mmHg")
    whole = rec.with_title("a", "2024-01-01T10:00:00").join(rec.with_title("b", "2024-01-01T10:00:05"))
    assert whole.events[0].duration == pytest.approx(1.0)


def test_parts_that_overlap_or_differ_are_not_joined() -> None:
    rec = Recording().with_signal("abp", ABP, rate=RATE, unit="mmHg")
    with pytest.raises(CisternaError, match="overlap"):
        rec.join(rec, at=3.0)
    other = Recording().with_signal("abp", ABP, rate=RATE, unit="kPa")
    with pytest.raises(CisternaError, match="differs in units"):
        rec.join(other)
    faster = Recording().with_signal("abp", ABP, rate=2 * RATE, unit="mmHg")
    with pytest.raises(CisternaError, match="two rates"):
        rec.join(faster)


def test_a_signal_of_one_part_only_is_missing_in_the_other() -> None:
    first = Recording().with_signal("abp", [1.0, 2.0], rate=1.0, unit="mmHg")
    second = first.with_signal("icp", [5.0, 6.0], rate=1.0, unit="mmHg")
    whole = first.join(second)
    assert whole.values("abp").tolist() == [1.0, 2.0, 1.0, 2.0]
    assert whole.time("icp").tolist() == [2.0, 3.0]


def test_merge_puts_signals_side_by_side_and_refuses_twins() -> None:
    rec = example_recording()
    both = rec.only("abp").merge(rec.only("ppg"))
    assert both.signals == ["abp", "ppg"]
    with pytest.raises(CisternaError, match="stands in both"):
        both.merge(rec.only("ppg"))


def test_renaming_keeps_order_time_and_own_name() -> None:
    rec = example_recording().renamed({"ppg": "pleth"})
    assert rec.signals[2] == "pleth" and rec["pleth"].attrs["own_name"] == "ppg"
    with pytest.raises(CisternaError, match="two signals"):
        rec.renamed({"abp": "icp"})


def test_many_signals_on_one_clock_at_once() -> None:
    at = np.arange(0, 1, 0.01)
    rec = Recording.from_arrays(at, {f"x{k}": (at * k, "mmHg", "local") for k in range(300)}, provenance={"seed": 3})
    assert len(rec.signals) == 300 and rec.rate("x7") == 100.0 and rec.provenance == {"seed": 3}
    with pytest.raises(CisternaError, match="does not fit the times"):
        Recording.from_arrays(at, {"x": (at[:-1], "mmHg", "local")})


def test_html_escapes_what_a_file_says() -> None:
    rec = Recording().with_title("<script>").with_signal("x", [1.0], rate=1.0, unit="", own_name="<b>&")
    text = rec._repr_html_()
    assert "<script>" not in text and "&lt;b&gt;&amp;" in text
    assert "uncalibrated" in repr(rec)
