"""One evaluation of a recording, measured or simulated: quality, beats, indices, rhythm, infusion test, flow."""

from cisterna.signals.evaluate.channel import Channel, Pass, Passed
from cisterna.signals.evaluate.evaluation import RecordingEvaluation
from cisterna.signals.evaluate.evaluator import Evaluator, Wanted, evaluate, evaluate_file

__all__ = [
    "Channel",
    "Evaluator",
    "Pass",
    "Passed",
    "RecordingEvaluation",
    "Wanted",
    "evaluate",
    "evaluate_file",
]
