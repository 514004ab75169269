"""One evaluation of a recording, measured or simulated: quality, beats, indices, rhythm, infusion test, flow."""

from cisterna.signals.evaluate.channel import Channel, Pass, Passed
from cisterna.signals.evaluate.evaluation import RecordingEvaluation
from cisterna.signals.evaluate.evaluator import Evaluator, Wanted, evaluate, evaluate_file
from cisterna.signals.evaluate.reference import Entry, entries, entry

__all__ = [
    "Channel",
    "Entry",
    "Evaluator",
    "Pass",
    "Passed",
    "RecordingEvaluation",
    "Wanted",
    "entries",
    "entry",
    "evaluate",
    "evaluate_file",
]
