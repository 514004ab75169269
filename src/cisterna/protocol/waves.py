"""Measures of a pulse on its way: peaks of the ICP pulse, shares between places, delays, wave speed."""

from __future__ import annotations

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import from_internal
from cisterna.protocol.measures import measure, stroke_volume
from cisterna.protocol.view import Array, View, beat_mean, mean_beat, other_signal

#: Share of the rise of a beat at which its foot is read: early enough to be the front, late enough to be clear.
FOOT = 0.2
#: A peak or a bend of a pulse counts when it stands this share of the pulse above its foot.
_STANDS = 0.3


def _other(v: View) -> View:
    time, values = other_signal(v)
    return View(time, values, v.window, v.clock, who=v.who)


@measure("stroke_share", unit="1", needs="against beat")
def stroke_share(v: View) -> float:
    """Stroke volume over the stroke volume of a second flow."""
    return stroke_volume(v) / stroke_volume(_other(v))


@measure("share", unit="1", needs="against")
def share(v: View) -> float:
    """Mean over the mean of a second signal."""
    return v.mean() / _other(v).mean()


@measure("excess", unit=lambda own: own.removesuffix("/s"), needs="beat")
def excess(v: View) -> float:
    """Volume a pulsatile flow brings above its mean in a beat: peak to peak of the integral of flow - mean."""
    period, flow = mean_beat(v, v.time, v.values)
    brought = np.cumsum(flow - flow.mean()) * period / flow.size
    return float(np.ptp(brought))


@measure("net_excess", unit=lambda own: own.removesuffix("/s"), needs="against beat")
def net_excess(v: View) -> float:
    """`excess` of the difference to a second flow: blood that stays in the head within a beat."""
    period, flow = mean_beat(v, v.time, v.values)
    _, other = mean_beat(v, *other_signal(v))
    net = flow - other
    return float(np.ptp(np.cumsum(net - net.mean())) * period / flow.size)


@measure("beat_max", needs="beat")
def beat_max(v: View) -> float:
    """Highest value of the averaged beat."""
    return float(mean_beat(v, v.time, v.values)[1].max())


@measure("beat_min", needs="beat")
def beat_min(v: View) -> float:
    """Lowest value of the averaged beat."""
    return float(mean_beat(v, v.time, v.values)[1].min())


@measure("beat_range", needs="beat")
def beat_range(v: View) -> float:
    """Highest minus lowest value of the averaged beat."""
    return float(np.ptp(mean_beat(v, v.time, v.values)[1]))


def pulse_peaks(beat: Array) -> list[tuple[float, float]]:
    """(share of the beat, height above the lowest value) of the peaks of a closed averaged beat, in order.

    Examples
    --------
    >>> at = np.arange(200) / 200
    >>> pulse_peaks(np.exp(-((at - 0.2) / 0.05) ** 2) + 0.7 * np.exp(-((at - 0.5) / 0.05) ** 2))
    [(0.2, 1.0), (0.5, 0.7)]
    """
    low, size = float(beat.min()), float(np.ptp(beat))
    start = int(np.argmin(beat))
    turned = np.roll(beat, -start)
    inner = np.flatnonzero((turned[1:-1] > turned[:-2]) & (turned[1:-1] >= turned[2:])) + 1
    found = [
        (float((k + start) % beat.size / beat.size), round(float(turned[k]) - low, 9))
        for k in inner
        if turned[k] - low > _STANDS * size
    ]
    return found


def _peak_height(number: int) -> None:
    name = f"peak{number}"

    def height(v: View) -> float:
        peaks = pulse_peaks(mean_beat(v, v.time, v.values)[1])
        return peaks[number - 1][1] if len(peaks) >= number else float("nan")

    height.__doc__ = f"Height of P{number} of the averaged pulse above its foot; none when the pulse has no such peak."
    measure(name, needs="beat")(height)


for _number in (1, 2, 3):
    _peak_height(_number)


@measure("falling_peaks", unit="1", needs="beat")
def falling_peaks(v: View) -> float:
    """1 when the averaged pulse has three peaks, each lower than the one before (P1 > P2 > P3), else 0."""
    heights = [height for _, height in pulse_peaks(mean_beat(v, v.time, v.values)[1])]
    return float(len(heights) == 3 and heights[0] > heights[1] > heights[2])


def foot(beat: Array) -> float:
    """Share of the beat at which a closed averaged beat has risen by `FOOT` towards its peak."""
    top = int(np.argmax(beat))
    low, high = float(beat.min()), float(beat.max())
    level = low + FOOT * (high - low)
    k = top
    while beat[k % beat.size] > level and top - k < beat.size:
        k -= 1
    a, b = beat[k % beat.size], beat[(k + 1) % beat.size]
    return float(((k + (level - a) / (b - a)) / beat.size) % 1.0)


@measure("wave_speed", unit="m/s", needs="against beat apart")
def wave_speed(v: View) -> float:
    """Speed of the front of the flow from this place to that of the second signal, from foot to foot."""
    if not v.apart:
        mend = 'give place and against_place, e.g. "C2" and "T1"'
        raise CisternaError(f"{v.who} needs two places apart", mend=mend)
    period, upper = mean_beat(v, v.time, v.values)
    _, lower = mean_beat(v, *other_signal(v))
    late = period * ((foot(lower) - foot(upper) + 0.5) % 1.0 - 0.5)
    return from_internal(v.apart / late, "m/s") if late > 0 else float("nan")


@measure("above", needs="against")
def above(v: View) -> float:
    """Mean minus the mean of a second signal."""
    return v.mean() - _other(v).mean()


@measure("pulsatility", unit="1", needs="beat")
def pulsatility(v: View) -> float:
    """Peak to peak of the averaged beat over its mean."""
    beat = mean_beat(v, v.time, v.values)[1]
    return float(np.ptp(beat) / beat.mean())


@measure("breath_volume", unit=lambda own: own.removesuffix("/s"), needs="breath")
def breath_volume(v: View) -> float:
    """Volume the beat mean of a flow moves to and fro in a breath: half of the integral of |flow - mean|."""
    found = []
    for breath in v.cycles("breath"):
        t, flow = beat_mean(v, breath)
        found.append(0.5 * float(np.trapezoid(np.abs(flow - flow.mean()), t)))
    return float(np.mean(found))


@measure("taken_share", unit="1", needs="baseline infused")
def taken_share(v: View) -> float:
    """Share of the volume put in since the baseline by which a volume has grown: the compliance it holds."""
    assert v.infused is not None and v.baseline is not None
    put = np.interp(v.window[0], *v.infused) - np.interp(v.baseline[1], *v.infused)
    return (v.mean() - v.base()) / float(put)
