"""Contraindication screening: questionnaire, rules with sources, free text, verdict and letter.

Never a clearance: the best verdict is "no listed contraindication reported".
"""

from cisterna.sessions.screening.client import Client, read_client
from cisterna.sessions.screening.engine import DISCLAIMER, Screening, report, screen
from cisterna.sessions.screening.files import read_clients, screen_file
from cisterna.sessions.screening.interview import interview, questions_for
from cisterna.sessions.screening.letter import letter
from cisterna.sessions.screening.predicted import raise_with_model
from cisterna.sessions.screening.questions import Question, questions
from cisterna.sessions.screening.scoring import Score, score
from cisterna.sessions.screening.weigh import Ask

__all__ = [
    "DISCLAIMER",
    "Ask",
    "Client",
    "Question",
    "Score",
    "Screening",
    "interview",
    "letter",
    "questions",
    "questions_for",
    "raise_with_model",
    "read_client",
    "read_clients",
    "report",
    "score",
    "screen",
    "screen_file",
]
