"""Signals: clean them, find beats and breaths, measure their spectra, and make them drive a model.

Plain NumPy and SciPy, no JAX. Samples come as arrays with their rate (Hz), or as a Recording.
"""

from cisterna.signals.beats import find_beats, find_breaths, per_minute
from cisterna.signals.clean import BridgeReport, bridge
from cisterna.signals.drive import DriveSignals, heart_and_breath_from
from cisterna.signals.faults import Faults, Interval, find_faults
from cisterna.signals.rhythm import RhythmTest, record_needed, slow_rhythm
from cisterna.signals.spectra import band_power, fundamental_amplitude, pulse_amplitude

__all__ = [
    "BridgeReport",
    "DriveSignals",
    "Faults",
    "Interval",
    "RhythmTest",
    "band_power",
    "bridge",
    "find_beats",
    "find_breaths",
    "find_faults",
    "fundamental_amplitude",
    "heart_and_breath_from",
    "per_minute",
    "pulse_amplitude",
    "record_needed",
    "slow_rhythm",
]
