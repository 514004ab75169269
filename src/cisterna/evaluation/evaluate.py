"""An evaluation: at each station what moves, by source, what a hand can feel of it, and what it would record.

Physics and answer are kept apart: `d_prime` and `p_yes` of every source say what can be felt, the `Sqar` is one
entry of one practitioner, drawn by the seed. The same inputs, hand and seed give the same evaluation, bit by bit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cisterna.evaluation.change import difference
from cisterna.evaluation.findings import Evaluation, Felt, StationFinding, largest
from cisterna.evaluation.hand import CAPS, Hand
from cisterna.evaluation.inputs import NUISANCE, SOURCES, Inputs
from cisterna.evaluation.sources import CRANIAL, SourceMotion, motion_at, motion_series, rng
from cisterna.evaluation.sqar import listen
from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters, default_parameters
from cisterna.physiology.stations import LISTENING, sides, station

__all__ = ["SEVEN", "difference", "evaluate_stations"]

#: The seven listening stations.
SEVEN = LISTENING
#: Samples a second under the hand: all harmonics of the recoil of a fast heart.
_RATE = 25.0


def evaluate_stations(
    inputs: Inputs,
    stations: Sequence[str] = SEVEN,
    hand: Hand | None = None,
    seed: int = 0,
    parameters: Parameters | None = None,
) -> Evaluation:
    """Listen at several stations.

    Parameters
    ----------
    inputs : Inputs
        The person; with series, the hand listens to their last `palp_listen_time` seconds.
    stations : sequence of str
        Places (``vault``: both sides) or single stations (``vault.R``).
    hand : Hand, optional
        `Hand.typical` when omitted.
    seed : int
        Of the answers and the inner noise of the hand.

    Examples
    --------
    >>> head = evaluate_stations(Inputs.adult(), ["vault"])["vault"]
    >>> head.dominant, head.d_cranial < 0.001, head.sqar.felt
    ('recoil', True, False)
    """
    p = parameters or default_parameters()
    observer = hand or Hand.typical(p)
    if isinstance(stations, str):
        stations = (stations,)
    if not stations or len(set(stations)) < len(stations):
        raise CisternaError("each station is listened to once", found=", ".join(stations) or "none")
    laws = tuple(observer.with_law(law, p) for law in CAPS)
    times = _times(inputs, p)
    findings = tuple(_one(name, inputs, times, observer, laws, seed, p) for name in stations)
    return Evaluation(findings, observer, seed, tuple(p.used))


def _times(inputs: Inputs, p: Parameters) -> np.ndarray:
    length = p.in_unit("palp_listen_time", "s")
    if inputs.times is None:
        return np.arange(round(length * _RATE)) / _RATE
    first, last = float(inputs.times[0]), float(inputs.times[-1])
    count = int((last - max(first, last - length)) * _RATE + 1e-6) + 1
    return last - np.arange(count)[::-1] / _RATE


def _one(
    name: str, inputs: Inputs, times: np.ndarray, hand: Hand, laws: Sequence[Hand], seed: int, p: Parameters
) -> StationFinding:
    places = [station(name)] if "." in name else list(sides(name))
    moved = _mean([motion_at(place.id, inputs, p) for place in places])
    sources = tuple(_felt(motion, hand) for motion in moved.values())
    cranial = [moved[key] for key in CRANIAL if key in moved]
    d_slow = {key: hand.d_prime(motion, slow_only=True) for key, motion in moved.items()}
    fast = hand.d_together(motion.within(hand.band[1], hand.reach[1]) for motion in moved.values())
    together = hand.d_together(moved.values(), slow_only=True)

    def hear() -> list[np.ndarray]:
        return [_heard(place.id, inputs, times, hand, p) for place in places]

    draw = rng(seed, name, "listen")
    sqar = listen(name, hear, times.size, 1.0 / _RATE, hand, together, fast > together, draw, p, float(times[0]))
    d_total, d_cranial = hand.d_together(moved.values()), hand.d_together(cranial)
    totals = [law.d_together(moved.values()) for law in laws]
    inside = [law.d_together(cranial) for law in laws]
    return StationFinding(
        station=name,
        motion={key: motion.pp for key, motion in moved.items()},
        sources=sources,
        dominant=largest({felt.source: felt.d_prime for felt in sources}),
        slow_source=largest(d_slow),
        d_total=d_total,
        d_slow=together,
        d_cranial=d_cranial,
        d_total_range=(totals[0], totals[1]),
        d_cranial_range=(inside[0], inside[1]),
        p_felt=hand.p_yes(d_total),
        p_rhythm=hand.p_yes(together),
        cranial_times=1.0 / d_cranial if d_cranial > 0.0 else None,
        sqar=sqar,
        confidence=sqar.confidence,
        parts=tuple(moved.values()),
    )


def _felt(motion: SourceMotion, hand: Hand) -> Felt:
    d = hand.d_prime(motion)
    return Felt(motion.name, motion.pp, d, hand.p_yes(d), d >= 1.0, motion.tag)


def _heard(name: str, inputs: Inputs, times: np.ndarray, hand: Hand, p: Parameters) -> np.ndarray:
    """All motion under a hand, um, what it rejects taken down."""
    series = motion_series(name, inputs, times, p)
    return sum((hand.attenuation(key) * series[key] for key in (*SOURCES, *NUISANCE) if key in series), 0.0 * times)


def _mean(moved: Sequence[dict[str, SourceMotion]]) -> dict[str, SourceMotion]:
    """Mean of the sides, source by source (they share their frequencies)."""
    out = {}
    for key, first in moved[0].items():
        motions = [side[key] for side in moved]
        amplitudes = tuple(float(a) for a in np.mean([m.amplitudes for m in motions], axis=0))
        pp = float(np.mean([m.pp for m in motions]))
        out[key] = SourceMotion(key, pp, first.frequencies, amplitudes, first.tag)
    return out
