"""A study whose truth is known: marks at given rates, written as the keys would write them."""

from pathlib import Path

import numpy as np

from cisterna.sessions.study import Marking, Plan, Study, create
from cisterna.sessions.study.marks import Writer

NANO = 10**9


def made(folder: Path, plan: Plan, rate, start: float = 0.0, flashes=(), answer=None, phase=None) -> Study:
    """Marks at `rate(hold)` a minute for every hold; both examiners share one clock beginning at `start` s.

    `phase(hold, order_start)` gives the time of the first mark; `answer(hold, question)` yes or no.
    """
    study = create(folder, plan)
    for examiner in plan.examiners:
        desk = study.desk(examiner)
        own = [hold for hold in study.holds if hold.examiner == examiner]
        with Writer(desk.marks / "all.csv") as writer:
            writer(round(start * NANO), "session", "", "2026-01-01T00:00:00Z")
            marking = Marking(desk.tasks, desk.seconds, desk.questions, writer)
            events = [(at, "f") for at in flashes]
            for hold in own:
                begin = start + 1.0 + (hold.order - 1) * (plan.seconds + 15.0)
                events.append((begin, "\r"))
                period = 60.0 / rate(hold)
                first = begin + 0.4 * period if phase is None else phase(hold, begin)
                events += [(at, " ") for at in np.arange(first, begin + plan.seconds, period) if at > begin]
                for k, question in enumerate(plan.questions):
                    said = "-" if answer is None else answer(hold, question)
                    events.append((begin + plan.seconds + 2.0 + k, said))
            for at, key in sorted(events, key=lambda e: e[0]):
                marking.press(key, round(at * NANO))
            marking.tick(round((begin + plan.seconds + 1.0) * NANO))
            assert marking.state == "over"
    return study
