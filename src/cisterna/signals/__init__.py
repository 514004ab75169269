"""Signals: clean them, find beats and breaths, measure their spectra, and make them drive a model.

Plain NumPy and SciPy, no JAX. Samples come as arrays with their rate (Hz), or as a Recording.
"""

from cisterna.signals.beats import beats_in_blocks, breaths_in_blocks, find_beats, find_breaths, per_minute
from cisterna.signals.blocks import Block, in_blocks
from cisterna.signals.clean import BridgeReport, bridge
from cisterna.signals.drive import DriveSignals, heart_and_breath_from
from cisterna.signals.epochs import Epochs, EpochStream, epochs_of
from cisterna.signals.faults import Faults, Interval, find_faults
from cisterna.signals.flow import FlowCurve, cycle_average, flow_curve, flow_of
from cisterna.signals.flow_results import flow_delay, flow_results
from cisterna.signals.flow_velocity import Aliasing, background_offset, find_aliasing, region_flow
from cisterna.signals.indices import Index, explain, index, sweep
from cisterna.signals.infusion import InfusionTest, NoInfusionTest, infusion_test
from cisterna.signals.landmarks import Landmarks, find_landmarks, pulse_class
from cisterna.signals.latency import Latency, pulse_latency
from cisterna.signals.mocaip import mocaip
from cisterna.signals.mocaip_class import class_agreement, class_index
from cisterna.signals.pulse import PulseShape, pulse_shape
from cisterna.signals.quality import Quality, assess, judged, survey
from cisterna.signals.rhythm import RhythmTest, record_needed, slow_rhythm
from cisterna.signals.spectra import Spectrum, band_power, fundamental_amplitude, pulse_amplitude, spectrum
from cisterna.signals.transfer import Transfer, transfer_function

__all__ = [
    "Aliasing",
    "Block",
    "BridgeReport",
    "DriveSignals",
    "EpochStream",
    "Epochs",
    "Faults",
    "FlowCurve",
    "Index",
    "InfusionTest",
    "Interval",
    "Landmarks",
    "Latency",
    "NoInfusionTest",
    "PulseShape",
    "Quality",
    "RhythmTest",
    "Spectrum",
    "Transfer",
    "assess",
    "background_offset",
    "band_power",
    "beats_in_blocks",
    "breaths_in_blocks",
    "bridge",
    "class_agreement",
    "class_index",
    "cycle_average",
    "epochs_of",
    "explain",
    "find_aliasing",
    "find_beats",
    "find_breaths",
    "find_faults",
    "find_landmarks",
    "flow_curve",
    "flow_delay",
    "flow_of",
    "flow_results",
    "fundamental_amplitude",
    "heart_and_breath_from",
    "in_blocks",
    "index",
    "infusion_test",
    "judged",
    "mocaip",
    "per_minute",
    "pulse_amplitude",
    "pulse_class",
    "pulse_latency",
    "pulse_shape",
    "record_needed",
    "region_flow",
    "slow_rhythm",
    "spectrum",
    "survey",
    "sweep",
    "transfer_function",
]
