"""What is computed in blocks depends on the samples, not on how they came."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_signals import beat_times, pressure

from cisterna.ground.errors import CisternaError
from cisterna.recordings import load
from cisterna.signals import assess, beats_in_blocks, breaths_in_blocks, find_beats, find_breaths, in_blocks


def _pieces(values: np.ndarray, size: int):
    return (values[k : k + size] for k in range(0, values.size, size))


def _as_bytes(blocks) -> list:
    return [(b.values.tobytes(), b.first, b.start, b.stop, b.last) for b in blocks]


@pytest.mark.parametrize("size", [0, 1, 5, 39, 40, 41, 47, 48, 49, 100, 1003])
def test_blocks_cover_a_signal_once_and_the_same_in_pieces(size: int) -> None:
    values = np.random.default_rng(0).standard_normal(size)
    whole = _as_bytes(in_blocks(values, 4.0, block=10.0, margin=2.0))
    assert sum(stop - start for _, _, start, stop, _ in whole) == size
    assert [b[4] for b in whole] == [False] * (len(whole) - 1) + [True] * bool(whole)
    for piece in (1, 3, 17, 40, 84, 500):  # 84: two blocks, the second with half its margin
        assert _as_bytes(in_blocks(_pieces(values, piece), 4.0, block=10.0, margin=2.0)) == whole, piece


def test_no_more_than_a_block_with_margins_is_awaited() -> None:
    taken = 0

    def source():
        nonlocal taken
        for _ in range(100):
            taken += 10
            yield np.zeros(10)

    first = next(in_blocks(source(), 1.0, block=50.0, margin=20.0))
    assert first.stop == 50 and taken <= 50 + 20 + 10


def test_bad_blocks_are_refused() -> None:
    for block, margin, rate in ((0.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, 0.0)):
        with pytest.raises(CisternaError):
            list(in_blocks(np.zeros(9), rate, block, margin))
    with pytest.raises(CisternaError, match="one axis"):
        list(in_blocks(np.zeros((9, 2)), 1.0))


@pytest.mark.parametrize(("jitter", "start"), [(0.03, 0.5), (0.0, 0.8), (0.0, 0.76), (0.0, 0.84)])
def test_no_beat_is_lost_or_doubled_at_the_border_of_two_blocks(jitter: float, start: float) -> None:
    """Without jitter a foot falls on each border of 300 s, or just beside it."""
    beats = beat_times(1500, 0.8, jitter=jitter, seed=3, start=start)
    found = find_beats(pressure(beats, 50.0), 50.0)
    truth = beats[1:-2]
    near = found[np.argmin(np.abs(found[:, None] - truth), axis=0)]
    assert np.abs(near - truth).max() < 0.06 and abs(found.size - beats.size) <= 2
    assert np.diff(found).min() > 0.5


@pytest.mark.parametrize(("signal", "kind"), [("abp", "abp"), ("ecg", "ecg")])
@pytest.mark.parametrize("piece", [7_001, 40_000])
def test_a_recording_in_pieces_gives_the_same_beats(shared_data: Path, signal: str, kind: str, piece: int) -> None:
    rec = load(shared_data / "wfdb" / "03700181")
    values, rate = rec.values(signal), rec.rate(signal)
    live = np.concatenate(list(beats_in_blocks(_pieces(values, piece), rate, kind)))
    assert np.array_equal(live, find_beats(values, rate, kind))


def test_breaths_and_quality_are_the_same_in_pieces(shared_data: Path) -> None:
    rec = load(shared_data / "wfdb" / "03700181")
    resp, abp = np.tile(rec.values("resp")[:-8], 3), rec.values("abp")
    live = np.concatenate(list(breaths_in_blocks(_pieces(resp, 9_999), 125.0)))
    assert np.array_equal(live, find_breaths(resp, 125.0))
    whole = assess(abp, 125.0, channel="abp", unit="mmHg")
    parts = assess(_pieces(abp, 4_321), 125.0, channel="abp", unit="mmHg")
    assert parts.intervals == whole.intervals and np.array_equal(parts.index.value, whole.index.value)
    assert np.array_equal(parts.beats, find_beats(abp, 125.0)), "the survey finds the beats find_beats finds"


def test_a_block_without_rhythm_has_no_beat_and_the_others_keep_theirs() -> None:
    values = pressure(beat_times(1200, 0.8, seed=1), 50.0)
    values[300 * 50 : 650 * 50] = np.nan
    found = find_beats(values, 50.0)
    assert not np.any((found > 300.1) & (found < 649.9))
    assert np.sum(found < 300) == pytest.approx(375, abs=2) and np.sum(found > 650) == pytest.approx(387, abs=3)
