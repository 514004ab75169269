"""Recordings: one type for simulated and measured signals, readers for files, checks before use.

Units are stated at every border; times in s from the start of the recording. Nothing here needs JAX.
"""

from cisterna.recordings.check import Finding, check, check_drive, check_signal
from cisterna.recordings.infusion import InfusionTest, infusion_tests
from cisterna.recordings.load import load
from cisterna.recordings.reader import Channel, Format
from cisterna.recordings.recording import Event, Recording
from cisterna.recordings.stream import stream
from cisterna.recordings.write import write

__all__ = [
    "Channel",
    "Event",
    "Finding",
    "Format",
    "InfusionTest",
    "Recording",
    "check",
    "check_drive",
    "check_signal",
    "infusion_tests",
    "load",
    "stream",
    "write",
]
