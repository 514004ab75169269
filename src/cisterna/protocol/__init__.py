"""Protocols: experiments, clinical tests and sessions in one language.

    from cisterna.protocol import load_protocol, run
    result = run(load_protocol("bolus4"))
    result.observed, result.recording

A person, a timeline of steps, observations; see `protocol` for the words, `steps/` for what can be done,
`measures` for what can be read, `library/` for what ships.
"""

from cisterna.protocol.execute import TABLES, Body, Result, at_rest, reference_table, run
from cisterna.protocol.measures import find_measure, measure
from cisterna.protocol.protocol import Observation, Protocol, Subject
from cisterna.protocol.ranges import experiments, published
from cisterna.protocol.read import library, load_protocol, load_steps, parse_protocol
from cisterna.protocol.reading import observe
from cisterna.protocol.step import Step, steps
from cisterna.protocol.tally import Totals, totals
from cisterna.protocol.words import plan_of

__all__ = [
    "TABLES", "Body", "Observation", "Protocol", "Result", "Step", "Subject", "Totals", "at_rest", "experiments",
    "find_measure", "library", "load_protocol", "load_steps", "measure", "observe", "parse_protocol", "plan_of",
    "published", "reference_table", "run", "steps", "totals",
]  # fmt: skip
