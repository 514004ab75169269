"""Recordings that cannot be believed are refused with the way to mend them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recording_samples import ABP, RATE, example_recording

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.recordings import Recording, check, check_drive, check_signal, load
from cisterna.recordings.check import plausible


def _abp(values: object, unit: str = "mmHg") -> Recording:
    return Recording().with_signal("abp", values, rate=RATE, unit=unit, origin="measured", own_name="ART")


def test_a_good_recording_has_no_findings() -> None:
    assert check(_abp(ABP)) == [] and check_drive(_abp(ABP), "abp") == []


def test_a_pressure_no_adult_has_is_refused_with_the_mend() -> None:
    with pytest.raises(CisternaError, match="not plausible for an adult") as caught:
        check_drive(_abp(ABP - 60.0), "abp")
    assert 'units "ART=mmHg*k"' in caught.value.mend and "30" in caught.value.found
    check_drive(_abp(ABP - 60.0), "abp", person="infant")


def test_bounds_hold_in_any_unit() -> None:
    check_drive(_abp(ABP / 7.50062, "kPa"), "abp")
    with pytest.raises(CisternaError, match="not plausible"):
        check_drive(_abp(ABP, "kPa"), "abp")


@pytest.mark.parametrize(
    ("values", "unit", "words"),
    [
        (np.full(500, np.nan), "mmHg", "every sample"),
        (np.empty(0), "mmHg", "no samples"),
        (ABP, "", "has no unit"),
        (ABP, "mV", "is not a unit"),
        (ABP, "NUX", "is not a unit"),
        (np.full(500, 90.0), "mmHg", "constant"),
        (np.full(500, 1e308), "mmHg", "not plausible"),
        (np.where(np.arange(500) % 2, ABP, np.nan), "mmHg", "too much"),
    ],
)
def test_each_fault_is_refused(values: np.ndarray, unit: str, words: str) -> None:
    with pytest.raises(CisternaError, match=words):
        check_drive(_abp(values, unit), "abp")


def test_the_timing_of_a_plethysmogram_needs_no_unit() -> None:
    rec = Recording().with_signal("ppg", ABP, rate=RATE, unit="", origin="measured")
    assert check_drive(rec, "ppg") == []


def test_small_findings_are_told_and_do_not_refuse() -> None:
    rec = example_recording()
    found = {f.signal: f.what for f in check(rec)}
    assert "missing" in found["icp"] and "uniformly" in found["spo2"]
    assert not any(f.grave for f in check_signal(rec, "icp"))


def test_a_signal_with_places_cannot_drive() -> None:
    with pytest.raises(CisternaError, match="places"):
        check_drive(example_recording(), "pressure_csf")


def test_an_empty_recording_and_an_unknown_person() -> None:
    assert check(Recording())[0].grave
    with pytest.raises(CisternaError, match="unknown person"):
        check(_abp(ABP), person="horse")


def test_every_bound_is_a_row_that_says_it_is_assumed() -> None:
    rows = default_parameters().select("plausible_*")
    assert len(rows) > 10
    for row in rows.values():
        assert row.status == "assumed" and row.source.startswith("assumed:") and row.low < row.high
    assert plausible("velocity_mca_l").id == "plausible_velocity_mca_mean_adult"


def test_the_record_with_a_right_header_and_an_absurd_pressure(shared_data: Path) -> None:
    rec = load(shared_data / "wfdb" / "03700181")
    with pytest.raises(CisternaError, match="not plausible") as caught:
        check_drive(rec, "abp")
    assert "33.4" in caught.value.found and "ABP=mmHg*k" in caught.value.mend
    mended = load(shared_data / "wfdb" / "03700181", units={"ABP": "mmHg*2.5"})
    check_drive(mended, "abp")
