"""Measured signals that drive the body: samples on a uniform grid, played in a loop."""

from __future__ import annotations

from typing import Any, TypeVar

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from cisterna.physiology.component import Drive, Quantity, Seen, component, quantity

R = TypeVar("R", bound="Sampled")

#: Tables are padded to whole blocks, so that records of like length share a compiled program.
BLOCK = 4096


class Sampled(Drive):
    """Linear interpolation between samples; after the last comes the first again."""

    samples: Quantity
    length: Quantity
    rate: Quantity

    def signal(self, time: Any, seen: Seen) -> Any:
        place = jnp.mod(time * self.rate, self.length)
        low = jnp.floor(place).astype(int)
        high = jnp.mod(low + 1, self.length.astype(int))
        row = jnp.arange(self.samples.shape[0])
        share = place - low
        return (1.0 - share) * self.samples[row, low] + share * self.samples[row, high]

    @classmethod
    def of(cls: type[R], values: NDArray[np.float64], rate: float) -> R:
        """A drive from samples (internal units) at a rate in Hz."""
        blocks = -(-len(values) // BLOCK)
        padded = np.pad(np.asarray(values, dtype=float), (0, blocks * BLOCK - len(values)), mode="edge")
        return cls(samples=padded, length=float(len(values)), rate=rate)  # type: ignore[call-arg]


@component
class RecordedPressure(Sampled):
    """A measured pressure."""

    samples: Quantity = quantity("mmHg", "samples")
    length: Quantity = quantity("1", "number of samples that count")
    rate: Quantity = quantity("1/s", "samples per second")
    unit = "mmHg"
    source = "a recording given by the user"


@component
class RecordedShape(Sampled):
    """A measured signal without unit: the depth of breath, -1 to 1."""

    samples: Quantity = quantity("1", "samples")
    length: Quantity = quantity("1", "number of samples that count")
    rate: Quantity = quantity("1/s", "samples per second")
    unit = "1"
    source = "a recording given by the user"


@component
class RecordedFlow(Sampled):
    """A measured flow."""

    samples: Quantity = quantity("mL/s", "samples")
    length: Quantity = quantity("1", "number of samples that count")
    rate: Quantity = quantity("1/s", "samples per second")
    unit = "mL/s"
    source = "a recording given by the user"


@component
class RecordedVolume(Sampled):
    """A volume computed from a measured flow."""

    samples: Quantity = quantity("mL", "samples")
    length: Quantity = quantity("1", "number of samples that count")
    rate: Quantity = quantity("1/s", "samples per second")
    unit = "mL"
    source = "a recording given by the user"


@component
class RecordedPhase(Sampled):
    """Phase of the heart in cycles, from measured beats; the record is cut to whole beats."""

    samples: Quantity = quantity("1", "samples")
    length: Quantity = quantity("1", "number of samples that count")
    rate: Quantity = quantity("1/s", "samples per second")
    unit = "1"
    source = "a recording given by the user"

    def signal(self, time: Any, seen: Seen) -> Any:
        place = jnp.mod(time * self.rate, self.length)
        low = jnp.floor(place).astype(int)
        row = jnp.arange(self.samples.shape[0])
        here = self.samples[row, low]
        # After the last sample the phase stands still for one sample instead of falling back by whole cycles.
        ahead = self.samples[row, jnp.minimum(low + 1, self.length.astype(int) - 1)]
        return here + (place - low) * (ahead - here)
