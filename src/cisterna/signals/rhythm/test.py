"""Is there a slow rhythm that breath, heart and pressure waves do not explain?

One place: the spectrum of what is left after the sources are removed, over its own smooth background; the largest
ratio in the band is held against noise of that background that went through the same steps. Two places: the partial
coherence of the two, the sources removed from both; the largest in the band is held against surrogates of the second
place. Either way the search over the band is part of the test. The measured false-positive rate stands in the
documentation and in `cisterna.signals.rhythm.trials`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.grid import Samples
from cisterna.signals.result import Result
from cisterna.signals.rhythm.background import background
from cisterna.signals.rhythm.multitaper import Complex, Removal, coherence, removal, taper_count, transform
from cisterna.signals.rhythm.peak import Peak, peak_of, residual_series, results_of
from cisterna.signals.rhythm.power import coherence_found, record_needed
from cisterna.signals.rhythm.references import Pieces, Slow, pieces, slow_clock
from cisterna.signals.rhythm.surrogates import KINDS, coloured, level_ends, surrogate

SOURCES = ("breath", "heart", "abp")
#: Level of the test.
ALPHA = 0.05
#: Coefficients that must be left at a frequency after the removal; fewer tell no peak from chance.
_ROWS = 8
#: Surrogates, and fewer for records of which one takes long (samples on the slow clock).
_SURROGATES, _FEWER, _LONG = 199, 99, 40_000
#: The spectrum reaches beyond the band, so that the background rests on both sides.
_BELOW, _ABOVE = 0.4, 1.5
#: The background follows what reaches over this share of the band, but is no narrower than so many half widths: a line
#: fills a quarter of that window, a rhythm that wanders up to a half. A peak must rise over each side, taken as wide as
#: the second share: wider ones found a rhythm in 9 % of records averaged over 4 s, and 20 % cost 7 % of the power.
_REACH, _SIDE, _LEAST_REACH = 0.3, 0.25, 4.0
#: Complex numbers held at once while surrogates are made (16 MiB).
_ROOM = 1_000_000
_MAY_BE = {"breath": "breathing", "heart": "variation of the heart rate", "abp": "Mayer or Traube-Hering waves"}


@dataclass(frozen=True)
class RhythmTest:
    """The answer, with what is needed to draw it.

    Attributes
    ----------
    verdict : str
        ``rhythm``, ``no rhythm`` or ``undecided``.
    why : str
        The reason in words.
    p : float
        Share of surrogates (and the record itself) that reach the statistic; NaN for a record too short.
    statistic : float
        Largest ratio of residual power to background, or largest partial coherence^2 of two places.
    places : int
        1 or 2.
    rate, amplitude : Result
        ``rhythm_rate`` (1/min) and ``rhythm_amplitude`` (half of peak to peak) of the largest peak, found or not.
    shares : dict of Result
        Source -> share of the power in the band that it explains after those before it, and ``residual``.
    results : tuple of Result
        All of the above and symmetry, regularity, phase, presence: what a report lists.
    removed, missing : tuple of str
        Sources that were removed, and those that were not recorded.
    seconds, needed : float
        Length of record that was used, and the length that would show the coherence asked (rows `rhythm_*`), s.
    smallest : float
        Smallest squared coherence that this record finds four times in five; NaN where none.
    frequency, observed, limit : array (frequency,)
        Hz, the statistic, and its 95 % point over the surrogates at each frequency alone.
    surrogates : array (surrogate,)
        Largest statistic of each surrogate.
    power, residual, background : array (frequency,)
        Power densities: of the signal, after removal, and the smooth background of that.
    time, series : array (time,)
        The residual itself on the slow clock, s from the first sample; NaN where it is not known.
    half_width : float
        The spectra are averaged over +- this, Hz.
    """

    verdict: str
    why: str
    p: float
    statistic: float
    places: int
    rate: Result
    amplitude: Result
    shares: Mapping[str, Result]
    results: tuple[Result, ...]
    removed: tuple[str, ...]
    missing: tuple[str, ...]
    seconds: float
    needed: float
    smallest: float
    frequency: Samples
    observed: Samples
    limit: Samples
    surrogates: Samples
    power: Samples
    residual: Samples
    background: Samples
    time: Samples
    series: Samples
    half_width: float


@dataclass(frozen=True)
class _Layout:
    pieces: Pieces
    half_width: float
    rows: int


def rhythm(
    values: ArrayLike,
    rate: float,
    *,
    breath: ArrayLike | None = None,
    heart: ArrayLike | None = None,
    beats: ArrayLike | None = None,
    abp: ArrayLike | None = None,
    other_site: ArrayLike | None = None,
    band: tuple[float, float] | None = None,
    unit: str = "1",
    channel: str = "",
    surrogates: int | None = None,
    kind: str = "phase",
    seed: int = 0,
) -> RhythmTest:
    """Look for a slow rhythm beyond breath, heart and pressure waves.

    Parameters
    ----------
    values : array (time,)
        The signal asked about (force or displacement at a hand, ICP, PPG ...); NaN are missing. Gaps up to the row
        `rhythm_gap_longest` are bridged by a straight line and counted; longer ones split the record.
    rate : float
        Samples a second, of all channels.
    breath, abp : array (time,), optional
        Breathing (belt, flow, volume) and arterial pressure, on the same clock.
    heart : array (time,), optional
        A pulse wave in which heartbeats are found; or give `beats`.
    beats : array (beat,), optional
        Times of heartbeats, s from the first sample.
    other_site : array (time,), optional
        The same rhythm at a second place; then the question is whether the two share one.
    band : (float, float), optional
        Hz; row `rhythm_band` by default.
    unit, channel : str
        For the results.
    surrogates : int, optional
        How many; 199, for very long records 99.
    kind : {"phase", "iaaft", "shift"}
        Surrogates of the second place.
    seed : int
        The same seed gives the same answer.

    Returns
    -------
    RhythmTest

    Raises
    ------
    CisternaError
        Channels that do not fit together, a rate that cannot hold the band, a signal that does not vary.

    Examples
    --------
    >>> t = np.arange(0, 900, 0.5)
    >>> rng = np.random.default_rng(0)
    >>> breath = np.sin(2 * np.pi * 0.25 * t) + 0.1 * rng.normal(size=t.size)
    >>> site = breath + 0.6 * np.sin(2 * np.pi * 0.12 * t) + rng.normal(size=t.size)
    >>> found = rhythm(site, 2.0, breath=breath)
    >>> found.verdict, found.p, found.missing
    ('undecided', 0.005, ('heart', 'abp'))
    >>> round(found.rate.value, 1), round(found.amplitude.value, 1)
    (7.2, 0.6)
    """
    rows = default_parameters()
    limits = (rows["rhythm_band"].low, rows["rhythm_band"].high) if band is None else band
    if kind not in KINDS:
        raise CisternaError(f"unknown kind of surrogate '{kind}'", mend=f"one of {', '.join(KINDS)}")
    slow = slow_clock(
        values, rate, breath=breath, heart=heart, beats=beats, abp=abp, other_site=other_site, band=limits
    )
    lay = _layout(slow)
    if lay is None:
        return _too_short(slow, limits, unit, channel)
    return _tested(slow, lay, limits, unit, channel, surrogates, kind, np.random.default_rng(seed))


def _layout(slow: Slow) -> _Layout | None:
    """Segments, and bands as wide as the record asks for; None when even the widest leave too little."""
    rows = default_parameters()
    width = rows["rhythm_resolution"]
    removed = sum(len(x) for x in slow.removed.values())
    # The shortest piece has two tapers in the widest band.
    cut = pieces(slow.good, slow.rate, rows["rhythm_segment_longest"].value, 3.0 / width.high)
    if cut is None:
        return None
    seconds = cut.size / slow.rate
    asked = int(np.ceil((_ROWS + removed) / len(cut.starts)))
    half = max(width.value / 2, (asked + 1) / (2.0 * seconds))
    if half > width.high / 2 * (1 + 1e-9):
        return None
    return _Layout(cut, half, len(cut.starts) * taper_count(seconds, half))


def _tested(
    slow: Slow, lay: _Layout, band: tuple[float, float], unit: str, channel: str, count: int | None, kind: str,
    rng: np.random.Generator,
) -> RhythmTest:  # fmt: skip
    low, high = _BELOW * band[0], min(_ABOVE * band[1], 0.45 * slow.rate)
    segments = lay.pieces.cut(slow.site)
    if not np.ptp(segments) > 0.0:
        raise CisternaError("the signal does not vary", where=channel)

    def coefficients(array: Samples) -> Complex:
        return transform(array, slow.rate, lay.half_width, low, high).value

    site = transform(segments, slow.rate, lay.half_width, low, high)
    f = site.frequency
    whole = (f >= band[0] - 1e-9) & (f <= band[1] + 1e-9)
    series = {name: [coefficients(lay.pieces.cut(x)) for x in own] for name, own in slow.removed.items()}
    every = [x for own in series.values() for x in own]
    without = removal(every)
    left = without.residual(site.value)
    free = lay.rows - without.count
    residual = np.sum(np.abs(left) ** 2, axis=1) / free
    other = None if slow.other is None else coefficients(lay.pieces.cut(slow.other))
    there = without if other is None else removal([coefficients(lay.pieces.cut(x)) for x in _flat(slow.beside)])
    second = None if other is None else there.residual(other)
    open_to = _seen(site.value, left, free)
    inside = whole & open_to & (True if other is None else _seen(other, second, free))
    if not inside.any():
        why = "breath, heart and pressure explain all of the band: nothing is left in which a rhythm could be seen"
        return _untested(slow, band, why, unit, channel)
    reach, side = (max(share * (band[1] - band[0]), _LEAST_REACH * lay.half_width) for share in (_REACH, _SIDE))
    smooth = background(f, residual, open_to, reach)
    floor = background(f, residual, open_to, side, flanks=True)
    observed = residual / floor if second is None else coherence(left, second)
    n = count if count is not None else (_FEWER if segments.size > _LONG else _SURROGATES)
    make = _noise_like(f, floor, segments.shape, slow.rate, rng)
    if slow.other is not None:
        beside = level_ends(lay.pieces.cut(slow.other))
        make = lambda many: np.stack([surrogate(beside, rng, kind) for _ in range(many)])  # noqa: E731
    chance = _chance(n, make, coefficients, there, None if second is None else left, f, free, open_to, side)
    largest = chance[:, inside].max(axis=1)
    statistic = float(observed[inside].max())
    p = float((1 + np.sum(largest >= statistic)) / (n + 1))
    peak = peak_of(
        f, left, second, smooth, observed, inside, lay.pieces.size, slow.rate, lay.half_width, (low, high), free
    )
    nested = _nested(site.value, series)
    time, wave = residual_series(slow, lay.pieces, without, site.value, every, f)
    seconds = lay.pieces.size * len(lay.pieces.starts) / slow.rate
    note = (
        f"{len(lay.pieces.starts)} x {lay.pieces.size / slow.rate:.0f} s, bands of {2 * lay.half_width:.3g} Hz, "
        f"{band[0]:g} to {band[1]:g} Hz, {100 * inside.sum() / whole.sum():.0f} % of it looked at; "
        f"removed: {', '.join(slow.removed) or 'nothing'}"
        + (f"; {100 * slow.bridged:.2g} % bridged" if slow.bridged > 0 else "")
    )
    found = results_of(peak, nested, whole, lay, slow, wave, p, n, statistic, note, unit, channel, rng)
    shares = {r.id.removeprefix("rhythm_share_"): r for r in found if r.id.startswith("rhythm_share_")}
    missing = tuple(s for s in SOURCES if s not in slow.removed)
    bands = max(int(round((band[1] - band[0]) / (2 * lay.half_width))), 1)
    asked = default_parameters()["rhythm_coherence_asked"].value
    needed = record_needed(asked, bands, ALPHA, removed=without.count, resolution=2 * lay.half_width)
    verdict, why = _verdict(p, slow.other is not None, missing, peak, shares["residual"], seconds, needed)
    return RhythmTest(
        verdict=verdict, why=why, p=p, statistic=statistic, places=1 if second is None else 2,
        rate=found[0], amplitude=found[1], shares=shares, results=tuple(found),
        removed=tuple(slow.removed), missing=missing, seconds=seconds, needed=needed,
        smallest=coherence_found(seconds, bands, ALPHA, removed=without.count, resolution=2 * lay.half_width),
        frequency=f[inside], observed=observed[inside], limit=np.quantile(chance[:, inside], 1 - ALPHA, axis=0),
        surrogates=largest, power=site.power[inside], residual=residual[inside], background=floor[inside],
        time=time, series=wave, half_width=lay.half_width,
    )  # fmt: skip


def _flat(series: Mapping[str, list[Samples]]) -> list[Samples]:
    return [x for own in series.values() for x in own]


def _seen(value: Complex, left: Complex | None, free: int) -> NDArray[np.bool_]:
    """Frequencies at which the sources leave enough to be more than what the removal cannot reach."""
    assert left is not None
    power, rest = (np.sum(np.abs(x) ** 2, axis=1) / n for x, n in ((value, value.shape[1]), (left, free)))
    return np.asarray(rest > (1.0 - default_parameters()["rhythm_explained_most"].value) * power)


def _noise_like(
    f: Samples, floor: Samples, shape: tuple[int, ...], rate: float, rng: np.random.Generator
) -> Callable[[int], Samples]:
    """Maker of records (record, segment, time) of noise that has the background and nothing else."""

    def make(many: int) -> Samples:
        return coloured(f, floor, (many * shape[0], shape[1]), rate, rng).reshape(many, *shape)

    return make


def _chance(
    count: int, make: Callable[[int], Samples], coefficients: Callable[[Samples], Complex], without: Removal,
    left: Complex | None, f: Samples, free: int, open_to: NDArray[np.bool_], side: float,
) -> Samples:  # fmt: skip
    """The statistic (surrogate, frequency) of surrogates that go through the same steps, some at a time."""
    first = coefficients(make(1)[0])
    rows = first.shape[1]
    together = max(int(_ROOM / first.size), 1)
    found = []
    for k in range(0, count, together):
        records = make(min(together, count - k))
        value = coefficients(records.reshape(-1, records.shape[-1])).reshape(f.size, len(records), rows)
        value = without.residual(np.swapaxes(value, 1, 2))
        power = np.sum(value.real**2 + value.imag**2, axis=1)
        if left is None:
            found.append(power.T / free / background(f, power / free, open_to, side, True).T)
        else:
            cross = np.abs(np.matmul(np.conj(left[:, None, :]), value)[:, 0]) ** 2
            found.append((cross / (power * np.sum(np.abs(left) ** 2, axis=1)[:, None])).T)
    return np.concatenate(found)


def _nested(site: Complex, series: Mapping[str, list[Complex]]) -> dict[str, tuple[Complex, int]]:
    """Residual coefficients and series removed, after each source in turn."""
    steps: dict[str, tuple[Complex, int]] = {"": (site, 0)}
    so_far: list[Complex] = []
    for name in SOURCES:
        if name in series:
            so_far = [*so_far, *series[name]]
            steps[name] = (removal(so_far).residual(site), len(so_far))
    return steps


def _verdict(
    p: float, two: bool, missing: tuple[str, ...], peak: Peak, residual: Result, seconds: float, needed: float
) -> tuple[str, str]:
    rows = default_parameters()
    least = rows["rhythm_share_least"].value
    where = "the two places share a rhythm" if two else "a rhythm stands out of the background"
    if p <= ALPHA:
        words = f"{where} at {60 * peak.frequency:.1f} /min (p {p:.2g})"
        if missing:
            may = " or ".join(_MAY_BE[s] for s in missing)
            return "undecided", f"{words}, but it may be {may}: not recorded ({', '.join(missing)})"
        if two and residual.value < least:
            return "undecided", f"{words}, but it is less than {100 * least:.0f} % of the power in the band"
        return "rhythm", f"{words}, with breath, heart and pressure removed"
    words = f"nothing beyond chance (p {p:.2g})"
    if seconds >= needed:
        return "no rhythm", f"{words} in {seconds / 60:.0f} min; {needed / 60:.0f} min are long enough"
    asked = rows["rhythm_coherence_asked"].value
    why = f"{words}, but {seconds / 60:.1f} min are short: {needed / 60:.0f} min would show a coherence^2 of {asked:g}"
    return "undecided", why


def _too_short(slow: Slow, band: tuple[float, float], unit: str, channel: str) -> RhythmTest:
    rows = default_parameters()
    removed = sum(len(x) for x in slow.removed.values())
    width = rows["rhythm_resolution"]
    least = (_ROWS + removed + 1) / width.high
    usable = float(slow.good.sum() / slow.rate)
    needed = _long_enough(band, removed) / 60.0
    why = (
        f"the record is too short: {usable:.0f} s without gaps; {least:.0f} s in one piece are the least that can be "
        f"tested, {needed:.0f} min would decide"
    )
    return _untested(slow, band, why, unit, channel)


def _long_enough(band: tuple[float, float], removed: int) -> float:
    """Length of record [s] that shows the coherence asked, at the resolution of the table."""
    rows = default_parameters()
    bands = max(int(round((band[1] - band[0]) / rows["rhythm_resolution"].value)), 1)
    return record_needed(rows["rhythm_coherence_asked"].value, bands, ALPHA, removed=removed)


def _untested(slow: Slow, band: tuple[float, float], why: str, unit: str, channel: str) -> RhythmTest:
    """The answer where no test can be made."""
    needed = _long_enough(band, sum(len(x) for x in slow.removed.values()))
    usable = float(slow.good.sum() / slow.rate)
    nan, none = float("nan"), np.zeros(0)
    rate = Result("rhythm_rate", channel, nan, "1/min", note=why)
    size = Result("rhythm_amplitude", channel, nan, unit, note=why)
    p = Result("rhythm_p", channel, nan, "1", note=why)
    return RhythmTest(
        verdict="undecided", why=why, p=nan, statistic=nan, places=1 if slow.other is None else 2, rate=rate,
        amplitude=size, shares={}, results=(rate, size, p), removed=tuple(slow.removed),
        missing=tuple(s for s in SOURCES if s not in slow.removed), seconds=usable, needed=needed, smallest=nan,
        frequency=none, observed=none, limit=none, surrogates=none, power=none, residual=none, background=none,
        time=none, series=none, half_width=float("nan"),
    )  # fmt: skip
