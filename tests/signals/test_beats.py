"""Beats and breaths: against known times, against noise, and against the figures of public recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_signals import beat_times, electrocardiogram, pressure

from cisterna.ground.errors import CisternaError
from cisterna.recordings import load
from cisterna.signals import find_beats, find_breaths, per_minute


def _matched(found: np.ndarray, true: np.ndarray, within: float) -> tuple[int, int, np.ndarray]:
    """True beats missed, found beats that are none, and the offsets of the others."""
    near = np.array([np.min(np.abs(found - t)) for t in true])
    false = sum(np.min(np.abs(true - t)) > within for t in found)
    offset = np.array([found[np.argmin(np.abs(found - t))] - t for t in true])[near <= within]
    return int(np.sum(near > within)), int(false), offset


@pytest.mark.parametrize("rate", [25.0, 62.4725, 125.0, 1000.0])
@pytest.mark.parametrize("period", [0.45, 0.8, 1.4])
def test_feet_of_pulses_at_any_rate(rate: float, period: float) -> None:
    beats = beat_times(30, period, jitter=0.03)
    found = find_beats(pressure(beats, rate), rate, "abp")
    missed, false, offset = _matched(found, beats[1:-2], 0.06 * max(period, 0.8))
    assert missed == 0
    assert np.sum((found > beats[1] - 0.1) & (found < beats[-2])) - len(beats[1:-2]) <= 1
    assert np.std(offset) < 0.012, "the foot wanders against the beat"


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.2])
def test_beats_are_found_under_noise(noise: float) -> None:
    beats = beat_times(60, 0.75, jitter=0.05, seed=2)
    values = pressure(beats, 125.0)
    values += 40.0 * noise * np.random.default_rng(1).standard_normal(values.size)
    missed, false, _ = _matched(find_beats(values, 125.0), beats[1:-2], 0.1)
    assert missed == 0 and false <= 3


def test_r_waves_are_found_and_t_waves_are_not() -> None:
    beats = beat_times(50, 0.8, jitter=0.08, seed=3)
    values = (
        electrocardiogram(beats, 250.0)
        + 0.05
        * np.random.default_rng(4).standard_normal(int(250 * (beats[-1] + 1)) + 1)[
            : electrocardiogram(beats, 250.0).size
        ]
    )
    found = find_beats(values, 250.0, "ecg")
    missed, false, offset = _matched(found, beats[1:-1], 0.03)
    assert missed == 0 and false <= 2 and np.abs(offset).max() < 0.009


@pytest.mark.parametrize(("period", "tall", "late"), [(0.8, 1.5, 0.25), (0.8, 1.0, 0.3), (0.6, 1.2, 0.25)])
def test_a_t_wave_taller_than_the_r_wave_is_no_beat(period: float, tall: float, late: float) -> None:
    """Steep enough to be seen, under half as steep as the R wave: without the rule each of these T waves counts."""
    beats = beat_times(60, period, jitter=0.05, seed=1)
    at = np.arange(0, beats[-1] + 1, 1 / 250)
    values = 0.01 * np.random.default_rng(0).standard_normal(at.size)
    for beat in beats:
        values += np.exp(-((at - beat) ** 2) / (2 * 0.01**2)) + tall * np.exp(
            -((at - beat - late) ** 2) / (2 * 0.03**2)
        )
    missed, false, _ = _matched(find_beats(values, 250.0, "ecg"), beats[1:-1], 0.03)
    assert missed == 0 and false <= 2  # the beats at the ends


@pytest.mark.parametrize("period", [0.33, 0.28])
def test_a_heart_so_fast_that_all_beats_are_close_loses_none(period: float) -> None:
    beats = beat_times(80, period, jitter=0.03, seed=5)
    at = np.arange(0, beats[-1] + 1, 1 / 250)
    values = 0.1 * np.random.default_rng(6).standard_normal(at.size)
    for beat in beats:
        values += np.exp(-((at - beat) ** 2) / (2 * 0.008**2))
    missed, false, _ = _matched(find_beats(values, 250.0, "ecg"), beats[1:-1], 0.03)
    assert missed == 0 and false <= 2


#: Width of P1 and P2 (s) and their heights: P2 rises as steeply, twice as steeply, and three times.
STIFF = [(0.035, 0.035, 5.0, 6.0), (0.05, 0.035, 2.5, 5.0), (0.05, 0.03, 4.0, 8.0), (0.035, 0.03, 2.0, 6.0)]


def stiff(beats: np.ndarray, rate: float, shape: tuple, noise: float, wave: float = 0.0) -> np.ndarray:
    """Pulses with P1 at 0.09 s, a high and narrow P2 at 0.21 s and P3 at 0.38 s, on a breath."""
    t = np.arange(0, beats[-1] + 0.8, 1 / rate)
    out = 12 + np.sin(2 * np.pi * t / 4.1) + noise * np.random.default_rng(0).standard_normal(t.size)
    bells = ((0.09, shape[0], shape[2]), (0.21, shape[1], shape[3]), (0.38, 0.05, 2.5), (-0.09, 0.035, wave))
    for beat in beats:
        a, b = int((beat - 0.3) * rate), int((beat + 0.7) * rate)
        out[a:b] += sum(h * np.exp(-(((t[a:b] - beat - c) / w) ** 2)) for c, w, h in bells)
    return out


@pytest.mark.parametrize("shape", STIFF)
@pytest.mark.parametrize(("rate", "noise"), [(100.0, 0.2), (100.0, 0.5), (50.0, 0.2), (250.0, 0.5)])
def test_feet_lie_before_p1_where_p2_rises_more_steeply(shape: tuple, rate: float, noise: float) -> None:
    """No foot at the upstroke of P2: with P2 the steepest rise that is where tangents of each beat alone begin."""
    beats = beat_times(150, 0.8, jitter=0.03, seed=7)
    found = find_beats(stiff(beats, rate, shape, noise), rate, "icp")
    missed, false, offset = _matched(found, beats[1:-1], 0.08)
    print(f"{shape} at {rate:g} Hz: {missed} missed, feet {offset.mean():.3f} +- {offset.std():.3f} s after the onset")
    assert missed == 0 and false <= 2 and np.std(offset) < 0.02


def test_a_small_wave_before_the_pulse_is_no_upstroke() -> None:
    """A fifth of the pulse, as before the pulses of fast hearts: the feet stay where they are without it."""
    beats = beat_times(100, 0.8, jitter=0.03, seed=7)
    shape = (0.035, 0.05, 5.0, 3.0)
    without, found = (find_beats(stiff(beats, 100.0, shape, 0.1, wave), 100.0, "icp") for wave in (0.0, 1.0))
    assert found.size == without.size and np.abs(found - without).max() < 0.03


def test_a_stiff_pulse_that_arrives_in_pieces_has_the_same_feet() -> None:
    from cisterna.signals.beats import beats_in_blocks

    values = stiff(beat_times(900, 0.8, jitter=0.03, seed=7), 50.0, STIFF[2], 0.3)
    pieces = (values[k : k + 3333] for k in range(0, values.size, 3333))
    assert np.array_equal(np.concatenate(list(beats_in_blocks(pieces, 50.0, "icp"))), find_beats(values, 50.0, "icp"))


def test_a_missed_beat_leaves_a_pause_and_a_gap_holds_no_beat() -> None:
    beats = np.delete(beat_times(40, 0.8), 20)
    values = pressure(beats, 125.0)
    steps = np.diff(find_beats(values, 125.0))
    assert steps.max() == pytest.approx(1.6, abs=0.05) and per_minute(find_beats(values, 125.0)) == pytest.approx(
        75, rel=0.01
    )
    values[1000:1500] = np.nan
    found = find_beats(values, 125.0)
    assert not np.any((found > 8.02) & (found < 11.98))


def test_a_pulse_cannot_be_told_from_beat_averages_or_from_nothing() -> None:
    with pytest.raises(CisternaError, match="sampled this slowly"):
        find_beats(pressure(beat_times(60, 0.8), 10.0), 10.0)
    with pytest.raises(CisternaError, match="sampled this slowly"):
        find_beats(np.arange(1000.0), 25.0, "ecg")
    for values in (np.full(2000, 90.0), np.full(2000, np.nan), np.arange(2000.0)):
        with pytest.raises(CisternaError):
            find_beats(values, 100.0)
    with pytest.raises(CisternaError, match="too short"):
        find_beats(np.zeros(20), 100.0)
    with pytest.raises(CisternaError, match="unknown kind"):
        find_beats(np.zeros(2000), 100.0, "eeg")


@pytest.mark.parametrize("rate_per_minute", [4.0, 15.0, 40.0])
def test_breaths_of_a_belt_with_the_heart_on_it(rate_per_minute: float) -> None:
    t = np.arange(0, 120, 0.02)
    belt = -np.cos(2 * np.pi * rate_per_minute / 60 * t) + 0.1 * np.sin(2 * np.pi * 1.6 * t)
    found = find_breaths(belt, 50.0)
    assert per_minute(found) == pytest.approx(rate_per_minute, rel=0.02)
    assert abs(found.size - 2 * rate_per_minute) <= 1


def test_inspiration_begins_where_each_kind_of_signal_says() -> None:
    t = np.arange(0, 60, 0.02)
    phase = (t / 4.0) % 1.0
    truth = np.arange(4.0, 56.0, 4.0)
    volume = np.where(phase < 0.4, 0.5 - 0.5 * np.cos(np.pi * phase / 0.4), np.exp(-(phase - 0.4) * 8))
    flow = np.where(phase < 0.4, np.sin(np.pi * phase / 0.4), -0.6 * np.sin(np.pi * (phase - 0.4) / 0.6))
    co2 = np.where(phase < 0.4, 0.0, 38.0)
    for kind, values, late in (("volume", volume, 0.6), ("flow", flow, 0.2), ("co2", co2, 0.2)):
        found = find_breaths(values, 50.0, kind)
        missed, false, offset = _matched(found, truth, late)
        assert missed == 0 and np.std(offset) < 0.05, kind


def test_two_breaths_close_together_stay_two() -> None:
    t = np.arange(0, 84, 0.04)
    starts = np.sort(np.concatenate([np.arange(1, 80, 7.0), np.arange(3.8, 80, 7.0)]))
    belt = sum(np.exp(-((t - s - 0.9) ** 2) / 0.3) for s in starts)
    assert find_breaths(belt, 25.0).size == starts.size


def test_no_breathing_in_a_constant() -> None:
    with pytest.raises(CisternaError):
        find_breaths(np.full(3000, 2.0), 50.0)


BEATS = [
    ("wfdb/mixedsignals", "abp", "abp", 104),
    ("wfdb/mixedsignals", "ppg", "ppg", 104),
    ("wfdb/mixedsignals", "ecg_ii", "ecg", 104),
    ("wfdb/041s/041s", "abp", "abp", 96),
    ("wfdb/041s/041s", "ppg", "ppg", 96),
    ("wfdb/041s/041s", "ecg_v", "ecg", 96),
    ("wfdb/041s/041s", "ecg_iii", "ecg", 96),
    ("wfdb/03700181", "abp", "abp", 122),
    ("wfdb/03700181", "ecg", "ecg", 122),
    ("wfdb/a103l", "ppg", "ppg", 127),
    ("wfdb/a103l", "ecg_ii", "ecg", 127),
    ("ppg_bcg/biosppy_ppg_1000hz.txt", "ppg", "ppg", 94),
    ("tcd/clintools_abp_mcav_hr_1000hz.h5", "abp", "abp", 118),
    ("tcd/clintools_abp_mcav_hr_1000hz.h5", "velocity_mca", "abp", 118),
]


@pytest.mark.parametrize(("file", "signal", "kind", "expected"), BEATS)
def test_heart_rate_of_public_recordings(shared_data: Path, file: str, signal: str, kind: str, expected: float) -> None:
    rec = load(shared_data / file)
    beats = find_beats(rec.values(signal), rec.rate(signal), kind)
    assert per_minute(beats) == pytest.approx(expected, rel=0.02)


def test_a_lead_under_artefacts_of_the_electrode(shared_data: Path) -> None:
    """Lead I of 041s: for half of the 16 s, spikes larger than its R waves. Lead III, clean, tells where the beats are.

    Where lead I is quiet (four stretches, by eye) it has the beats of lead III and no other; in the whole record the
    spikes still hide beats and stand for some, so only the rate and the count are held.
    """
    rec = load(shared_data / "wfdb" / "041s" / "041s")
    rate = rec.rate("ecg_i")
    found, true = (find_beats(rec.values(name), rate, "ecg") for name in ("ecg_i", "ecg_iii"))
    assert true.size == 25 and abs(found.size - true.size) <= 3
    assert per_minute(found) == pytest.approx(96, rel=0.02)
    quiet = [(2.0, 3.1), (6.5, 7.5), (9.6, 11.75), (14.6, 15.9)]
    lead, other = (np.concatenate([x[(x > a) & (x < b)] for a, b in quiet]) for x in (found, true))
    assert lead.size == other.size >= 9 and np.abs(lead - other).max() < 0.02


def test_an_ecg_under_breathing_in_an_array_of_its_own(shared_data: Path) -> None:
    file = shared_data / "resp" / "physio_ecg1_1000hz.npy"
    rec = load(file, rate=1000.0, units="V", columns=["ecg"])
    assert per_minute(find_beats(rec.values("ecg"), 1000.0, "ecg")) == pytest.approx(88, rel=0.02)


COLUMNS = ["RESP", "PLETH", "ECG II", "ECG V", "ECG AVR", "ABP", "ICP"]
#: Record: heart rate and breathing rate (1/min) of its table.
MIMIC = {
    "3029993": (76, 14),
    "3083337": (50, 17),
    "3094054": (76, 16),
    "3262086": (66, 15),
    "3269261": (72, 16),
    "3367596": (99, 22),
    "3379471": (56, 11),
    "3463681": (80, 26),
    "3600995": (56, 15),
    "3645431": (126, 20),
}


@pytest.mark.parametrize("record", MIMIC)
def test_ten_people_at_25_samples_a_second(shared_data: Path, record: str) -> None:
    rec = load(shared_data / "icp_mimic" / f"mimic_{record}_25hz_zscored.csv", rate=25.0, columns=COLUMNS)
    heart, breath = MIMIC[record]
    counts = []
    for name in ("abp", "icp", "ppg"):
        beats = find_beats(rec.values(name), 25.0, name)
        assert per_minute(beats) == pytest.approx(heart, rel=0.02), name
        counts.append(beats.size)
    assert max(counts) - min(counts) <= 2, "the three pulses disagree about the number of beats"
    breaths = find_breaths(rec.values("resp"), 25.0)
    # The table rounds to whole breaths; irregular breathing moves the median against the mean.
    assert 60 / np.mean(np.diff(breaths)) == pytest.approx(breath, rel=0.09)


def test_breathing_rate_of_public_recordings(shared_data: Path) -> None:
    wfdb = shared_data / "wfdb"
    for file, expected in (("03700181", 18.0), ("041s/041s", 14.0)):
        rec = load(wfdb / file)
        assert per_minute(find_breaths(rec.values("resp"), rec.rate("resp"))) == pytest.approx(expected, rel=0.05)
    resp = shared_data / "resp"
    flow = load(resp / "physio_resp1_airflow_1000hz.npy", rate=1000.0, units="none", columns=["airflow"])
    assert per_minute(find_breaths(flow.values("resp"), 1000.0, "flow")) == pytest.approx(6.0, rel=0.05)
    co2 = load(resp / "physio_resp4_co2_60hz.npy", rate=60.0, units="mmHg", columns=["co2"])
    assert per_minute(find_breaths(co2.values("co2"), 60.0, "co2")) == pytest.approx(15.2, rel=0.05)


def test_mixedsignals_breathes_at_half_the_rate_of_its_table(shared_data: Path) -> None:
    """The impedance has 23 whole cycles in 230.5 s, counted by eye, and so have pulse size and systolic pressure.

    The 12.5/min of the data table is the second harmonic: each cycle has a small hump before the clipped crest.
    """
    rec = load(shared_data / "wfdb" / "mixedsignals")
    resp, rate = rec.values("resp"), rec.rate("resp")
    breaths = find_breaths(resp, rate)
    assert abs(breaths.size - 23) <= 1 and per_minute(breaths) == pytest.approx(12.5 / 2, rel=0.05)
    spectrum = np.abs(np.fft.rfft((resp - resp.mean()) * np.hanning(resp.size)))
    frequency = np.fft.rfftfreq(resp.size, 1 / rate) * 60
    assert frequency[np.argmax(spectrum)] == pytest.approx(6.2, abs=0.4)
