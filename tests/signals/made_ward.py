"""A bedside recording whose every number is known: pulses, breaths, slow waves, and how they hang together."""

from __future__ import annotations

import numpy as np

from cisterna.recordings import Recording

RATE = 50.0
#: Beats and breaths a minute; mean pressures (mmHg); slope of the ICP pulse over ICP, and where it would vanish (mmHg).
HEART, BREATH, ICP, ABP = 72.0, 15.0, 12.0, 90.0
SLOPE, ZERO = 0.2, 2.0
#: Half of the peak to peak of the ABP pulse, mmHg.
ABP_PULSE = 20.0


def slow_waves(seconds: float, rate: float = RATE, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Two independent sums of sines of 40 to 200 s, standard deviation 1, phases drawn."""
    t = np.arange(int(seconds * rate)) / rate
    rng = np.random.default_rng(seed)
    both = []
    for periods in ((41.0, 67.0, 113.0, 190.0), (47.0, 59.0, 101.0, 170.0)):
        turns = rng.uniform(0, 2 * np.pi, len(periods))
        both.append(sum(np.sin(2 * np.pi * t / p + a) for p, a in zip(periods, turns, strict=True)) / np.sqrt(2.0))
    return both[0], both[1]


def slow_parts(seconds: float, mix: float, rate: float = RATE) -> tuple[np.ndarray, np.ndarray]:
    """ICP and ABP without pulse and breath, mmHg; `mix` is how much of ICP's waves are those of ABP."""
    first, second = slow_waves(seconds, rate)
    return ICP + 2.0 * (mix * first + np.sqrt(1 - mix**2) * second), ABP + 4.0 * first


def ward(seconds: float, mix: float = 0.6, rate: float = RATE) -> Recording:
    """ICP and ABP at `rate`, breath at half of it.

    The fundamental of the ICP pulse is SLOPE (ICP - ZERO), so RAP is 1; PRx follows from the slow parts alone.
    """
    t = np.arange(int(seconds * rate)) / rate
    icp, abp = slow_parts(seconds, mix, rate)
    pulse = np.sin(2 * np.pi * HEART / 60 * t) + 0.3 * np.sin(4 * np.pi * HEART / 60 * t + 0.5)
    breath = np.sin(2 * np.pi * BREATH / 60 * t)
    rec = Recording().with_signal(
        "icp", icp + SLOPE * (icp - ZERO) * pulse + 0.3 * breath, rate=rate, unit="mmHg",
        level_ref="foramen_monro", origin="measured", own_name="ICP",
    )  # fmt: skip
    rec = rec.with_signal(
        "abp", abp + ABP_PULSE * pulse + breath, rate=rate, unit="mmHg", level_ref="heart", origin="measured",
        own_name="ABP",
    )  # fmt: skip
    return rec.with_signal("resp", breath[::2], rate=rate / 2, unit="L", origin="measured", own_name="RESP")


def moving_correlation(x: np.ndarray, y: np.ndarray, rate: float, window: int = 30, step: int = 6) -> float:
    """Mean over windows of `window` epochs of the correlation of their 10-s means, straight from the definition."""
    size = int(10 * rate)
    a, b = (v[: v.size // size * size].reshape(-1, size).mean(axis=1) for v in (x, y))
    starts = range(0, a.size - window + 1, step)
    return float(np.mean([np.corrcoef(a[s : s + window], b[s : s + window])[0, 1] for s in starts]))
