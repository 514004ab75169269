"""One pass over one channel: quality, beats or breaths, epochs and an excerpt for the shape of the pulse.

Samples are handed over in pieces of any size; everything is done block by block on a grid fixed at the first sample,
so a recording that arrives live gives what the whole file gives, and a day needs little more memory than an hour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.signals.beats import BlockEvents, breath_blocks
from cisterna.signals.blocks import Block, BlockFeed
from cisterna.signals.epochs import Epochs, EpochStream
from cisterna.signals.faults import PULSATILE
from cisterna.signals.pulse import PulseShape, pulse_shape
from cisterna.signals.quality import Quality, Stretch, Surveyor, judged

Samples = NDArray[np.float64]
#: The shape of the pulse is taken from all of the first hour, then from this much of every block (s): the beats of a
#: minute tell a shape, and a week of them fits in memory.
_WHOLE_BLOCKS, _EXCERPT = 12, 60.0
#: Slowest sampling that shows a pulse, Hz.
_PULSE_RATE = 20.0


@dataclass(frozen=True)
class Channel:
    """What a channel is: its names, unit, sampling, and kind as in the name table ("" when it is not in it)."""

    name: str
    own_name: str
    kind: str
    unit: str
    rate: float
    start: float
    level_ref: str
    quality: str


@dataclass(frozen=True)
class Passed:
    """What a pass over a channel leaves; times in s of the recording unless said otherwise.

    Attributes
    ----------
    channel : Channel
    samples, missing : int
        Number of samples, and of those without a value.
    quality : Quality
        Times count from the channel's first sample.
    epochs : Epochs or None
        Good samples only; None for a channel sampled too slowly or shorter than an epoch.
    beats, breaths : array
        Heartbeats (feet of the pulse or R waves) and starts of the breaths; empty where the kind has none.
    pulse : PulseShape or None
        Its feet count in an excerpt of the channel; `pulse_why` says why there is none.
    excerpt : array (time,)
        Good samples of the first hour, NaN elsewhere, from the channel's first sample on: what single cycles are cut
        from and pairs of channels are compared on.
    """

    channel: Channel
    samples: int
    missing: int
    quality: Quality
    epochs: Epochs | None
    beats: Samples
    breaths: Samples
    pulse: PulseShape | None
    pulse_why: str
    excerpt: Samples


class Pass:
    """The pass itself: `add` pieces, then `end`.

    Examples
    --------
    >>> t = np.arange(0, 60, 0.01)
    >>> work = Pass(Channel("icp", "ICP", "pressure", "mmHg", 100.0, 0.0, "foramen_monro", ""))
    >>> for piece in np.array_split(10 + np.exp(-(((t % 0.8) - 0.2) ** 2) / 0.01), 7):
    ...     work.add(piece)
    >>> done = work.end()
    >>> len(done.beats), len(done.epochs)
    (75, 6)
    """

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        rate, kind = channel.rate, channel.kind
        self._feed = BlockFeed(rate)
        self._surveyor = Surveyor(rate, kind or "trend", channel.name, channel.unit)
        self._stretches: list[Stretch] = []
        self._epochs: EpochStream | None = None
        try:
            self._epochs = EpochStream(rate, kind or "trend", unit=channel.unit, start=channel.start)
        except CisternaError:  # less than one sample an epoch
            pass
        self._waves = BlockEvents.beats(rate, "ecg") if kind == "ecg" else None
        # Airway flow and belts are told apart by nothing in the file; crests are found in both.
        self._breathing = BlockEvents.breaths(rate, "co2" if kind == "co2" else "volume")
        self._breath_feed = breath_blocks(rate) if kind in ("breath", "co2") else None
        self._beats: list[Samples] = []
        self._breaths: list[Samples] = []
        self._cuts: list[tuple[Samples, Samples]] = []  # excerpt of a block, beats in it (s from its first sample)
        self._hour: list[Samples] = []
        self._samples = self._missing = 0

    def add(self, values: Samples) -> None:
        """The next samples."""
        piece = np.array(values, dtype=np.float64)
        piece[~np.isfinite(piece)] = np.nan
        self._samples += piece.size
        self._missing += int(np.isnan(piece).sum())
        for block in self._feed.add(piece):
            self._block(block)
        if self._breath_feed is not None:
            self._breaths += [self._breathing.of(block) for block in self._breath_feed.add(piece)]

    def end(self) -> Passed:
        """The rest of the blocks, and what the whole pass gives."""
        for block in self._feed.end():
            self._block(block)
        if self._breath_feed is not None:
            self._breaths += [self._breathing.of(block) for block in self._breath_feed.end()]
        channel = self.channel
        quality = judged(self._stretches, channel.rate, channel.name)
        epochs = self._epochs.epochs if self._epochs is not None and len(self._epochs.epochs) else None
        pulse, why = self._pulse()
        beats, breaths = (np.concatenate([np.array([]), *parts]) for parts in (self._beats, self._breaths))
        hour = np.concatenate([np.array([]), *self._hour])
        return Passed(
            channel, self._samples, self._missing, quality, epochs, channel.start + beats, channel.start + breaths,
            pulse, why, hour,
        )  # fmt: skip

    def _block(self, block: Block) -> None:
        rate = self.channel.rate
        stretch = self._surveyor.stretch(block)
        core = block.values[block.core]
        good = np.isfinite(core)
        for fault in stretch.faults:
            if fault.kind == "clipped" and self._breath_feed is not None:
                continue  # a belt at its stop has lost the depth of a breath, not its time
            a, b = (int(round(t * rate)) - block.start for t in (fault.start, fault.stop))
            good[max(a, 0) : max(b, 0)] = False
        if self._epochs is not None:
            self._epochs.feed(core, good)
        beats = stretch.beats
        if self._waves is not None:
            beats = self._waves.of(block)
        self._beats.append(beats)
        whole = len(self._stretches) < _WHOLE_BLOCKS
        self._stretches.append(stretch)
        if whole:
            self._hour.append(np.where(good, core, np.nan))
        if self.channel.kind in PULSATILE and rate >= _PULSE_RATE:
            length = core.size if whole else min(core.size, int(_EXCERPT * rate))
            mine = beats - block.start / rate
            inside = (mine >= 0.0) & (mine < length / rate)
            self._cuts.append((np.where(good, core, np.nan)[:length], mine[inside]))

    def _pulse(self) -> tuple[PulseShape | None, str]:
        if self.channel.kind not in PULSATILE:
            return None, "a signal of this kind has no pulse"
        if not self._cuts:
            return None, f"sampled at {self.channel.rate:g} Hz; a pulse needs {_PULSE_RATE:g} Hz"
        values, feet, at = [], [], 0
        for part, beats in self._cuts:
            feet.append(beats + at / self.channel.rate)
            # A missing sample between two cuts: no beat reaches over a border.
            values += [part, np.array([np.nan])]
            at += part.size + 1
        array = np.concatenate(values)
        try:
            return pulse_shape(array, self.channel.rate, np.concatenate(feet), self.channel.name, self.channel.unit), ""
        except CisternaError as error:
            return None, error.what
