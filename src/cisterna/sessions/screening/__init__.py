"""Contraindication screening: questionnaire, rules with sources, free text, verdict and letter.

Never a clearance: the best verdict is "no listed contraindication reported".
"""

from cisterna.sessions.screening.client import Client, read_client
from cisterna.sessions.screening.engine import DISCLAIMER, Screening, raise_with_model, report, screen
from cisterna.sessions.screening.scoring import Score, score
from cisterna.sessions.screening.weigh import Ask

__all__ = ["DISCLAIMER", "Ask", "Client", "Score", "Screening", "raise_with_model", "read_client", "report", "score", "screen"]
