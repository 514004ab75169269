"""What a hand could feel: motion by source at each station, a hand with thresholds, its record, and differences."""

from cisterna.evaluation.change import Difference, difference
from cisterna.evaluation.evaluate import SEVEN, evaluate_stations
from cisterna.evaluation.findings import Evaluation, StationFinding
from cisterna.evaluation.hand import Hand, people, share_at
from cisterna.evaluation.inputs import SOURCES, Inputs, Rhythm, fascia_reach, skull_motions
from cisterna.evaluation.series import swing_at
from cisterna.evaluation.sources import SourceMotion, motion_at, motion_series
from cisterna.evaluation.sqar import Sqar

__all__ = [
    "SEVEN",
    "SOURCES",
    "Difference",
    "Evaluation",
    "Hand",
    "Inputs",
    "Rhythm",
    "SourceMotion",
    "Sqar",
    "StationFinding",
    "difference",
    "evaluate_stations",
    "fascia_reach",
    "motion_at",
    "motion_series",
    "people",
    "share_at",
    "skull_motions",
    "swing_at",
]
