"""Detectors scored on real recordings: one channel against another of the same heart, by another method.

The R wave is electrical and found by power, feet are mechanical and found by slope: they share no error. A beat of
one channel matches one of the other when they differ by at most 0.15 s after the usual delay is taken off.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cisterna.recordings import load
from cisterna.signals import find_beats

COLUMNS = ["RESP", "PLETH", "ECG II", "ECG V", "ECG AVR", "ABP", "ICP"]
MIMIC = "3029993 3083337 3094054 3262086 3269261 3367596 3379471 3463681 3600995 3645431".split()


def score(found: np.ndarray, reference: np.ndarray, within: float = 0.15) -> tuple[float, float, float]:
    """Sensitivity, positive predictive value, and spread of the delay (s), both channels over their common span."""
    first, last = max(found[0], reference[0]) - within, min(found[-1], reference[-1]) + within
    near = found[np.argmin(np.abs(found[:, None] - reference), axis=0)] - reference
    delay = float(np.median(near))
    period = float(np.median(np.diff(reference)))
    shifted = found - delay
    ref = reference[(reference > first + period) & (reference < last - period)]
    hit = np.min(np.abs(shifted[:, None] - ref), axis=0) <= within
    mine = shifted[(shifted > first + period) & (shifted < last - period)]
    good = np.min(np.abs(mine[:, None] - reference), axis=1) <= within
    left = np.abs(near - delay)
    return float(hit.mean()), float(good.mean()), float(1.4826 * np.median(left))


PAIRS = [
    # Early beats that move no blood: see the next test.
    ("wfdb/mixedsignals", "abp", "ecg_ii", 0.97, 0.99),
    ("wfdb/mixedsignals", "ppg", "ecg_ii", 0.97, 0.99),
    ("wfdb/041s/041s", "abp", "ecg_v", 0.99, 0.99),
    ("wfdb/041s/041s", "ppg", "ecg_v", 0.99, 0.99),
    ("wfdb/041s/041s", "pap", "ecg_v", 0.99, 0.99),
    ("wfdb/03700181", "abp", "ecg", 0.98, 0.98),
    ("tcd/clintools_abp_mcav_hr_1000hz.h5", "abp", "velocity_mca", 0.95, 0.98),
]


@pytest.mark.parametrize(("file", "signal", "reference", "sensitivity", "predictive"), PAIRS)
def test_feet_agree_with_another_channel(
    shared_data: Path, file: str, signal: str, reference: str, sensitivity: float, predictive: float
) -> None:
    rec = load(shared_data / file)
    kinds = {"pap": "abp", "velocity_mca": "velocity"}
    beats = [
        find_beats(rec.values(n), rec.rate(n), "ecg" if n.startswith("ecg") else kinds.get(n, n))
        + float(rec.time(n)[0])
        for n in (signal, reference)
    ]
    se, ppv, spread = score(*beats)
    print(f"{file} {signal} against {reference}: sensitivity {se:.3f}, predictive value {ppv:.3f}, sd {spread:.3f} s")
    assert se >= sensitivity and ppv >= predictive and spread < 0.03


def test_r_waves_without_a_pulse_lack_it_in_both_pulses(shared_data: Path) -> None:
    rec = load(shared_data / "wfdb" / "mixedsignals")
    ecg, abp, ppg = (
        find_beats(rec.values(n), rec.rate(n), k) for n, k in (("ecg_ii", "ecg"), ("abp", "abp"), ("ppg", "ppg"))
    )
    ecg = ecg[(ecg > 8.0) & (ecg < 229.0)]
    lost = []
    for found in (abp, ppg):
        # The pulse of an R wave is the first foot after it: in the finger it may come later than half a beat.
        delay = found[np.searchsorted(found, ecg + 0.05)] - ecg
        lost.append(np.abs(delay - np.median(delay)) > 0.15)
    print(
        f"R waves {ecg.size}, without pulse: abp {lost[0].sum()}, ppg {lost[1].sum()}, both {np.sum(lost[0] & lost[1])}"
    )
    assert np.sum(lost[0] & lost[1]) >= 0.8 * max(lost[0].sum(), lost[1].sum())


def test_three_pulses_of_ten_people_agree_at_25_samples_a_second(shared_data: Path) -> None:
    every = []
    for record in MIMIC:
        rec = load(shared_data / "icp_mimic" / f"mimic_{record}_25hz_zscored.csv", rate=25.0, columns=COLUMNS)
        abp, icp, ppg = (find_beats(rec.values(n), 25.0, n) for n in ("abp", "icp", "ppg"))
        for name, found in (("icp", icp), ("ppg", ppg)):
            se, ppv, spread = score(found, abp)
            every.append((se, ppv))
            print(f"{record} {name} against abp: sensitivity {se:.3f}, predictive value {ppv:.3f}, sd {spread:.3f} s")
            assert se >= 0.95 and ppv >= 0.95, record
    assert np.mean(every, axis=0).min() >= 0.99


@pytest.mark.parametrize("rate", [25.0, 40.0, 100.0, 250.0])
def test_a_pressure_sampled_more_slowly_keeps_its_beats(shared_data: Path, rate: float) -> None:
    from scipy.signal import resample_poly

    rec = load(shared_data / "tcd" / "clintools_abp_mcav_hr_1000hz.h5")
    values = rec.values("velocity_mca")[:100_000]
    slow = resample_poly(values, 1, int(1000 / rate), padtype="line")
    se, ppv, spread = score(find_beats(slow, rate, "velocity"), find_beats(values, 1000.0, "velocity"), 0.05)
    assert se >= 0.99 and ppv >= 0.99 and spread < 0.01
