"""Tables of epochs with chosen columns, and slow signals whose truth is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cisterna.signals.epochs import Epochs

Array = NDArray[np.float64]


def made(mean: Array, unit: str = "mmHg", first: int = 0, **columns: Array) -> Epochs:
    """Epochs of 10 s with these columns; what is not given is missing."""
    mean = np.asarray(mean, dtype=float)
    none = np.full(mean.size, np.nan)
    names = ("amplitude_f1", "amplitude_pp", "heart_rate", "systolic", "diastolic")
    rest = {name: np.asarray(columns.get(name, none), dtype=float) for name in names}
    fine = np.asarray(columns.get("fine", np.repeat(mean[:, None], 10, axis=1)), dtype=float)
    return Epochs(
        kind="pressure",
        unit=unit,
        first=first,
        length=10.0,
        mean=mean,
        share=np.isfinite(mean).astype(float),
        fine=fine,
        **rest,
    )


def memory_noise(rng: np.random.Generator, rows: int, size: int, phi: float) -> Array:
    """Rows of a first-order autoregression of unit variance."""
    from scipy.signal import lfilter

    steps = rng.standard_normal((rows, size)) * np.sqrt(1 - phi**2)
    steps[:, 0] = rng.standard_normal(rows)
    return np.asarray(lfilter([1.0], [1.0, -phi], steps, axis=1))
