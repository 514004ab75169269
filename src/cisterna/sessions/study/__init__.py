"""A reliability study: blinded examiners, head and feet, marks by key press, agreement with its uncertainty.

Plan and draw (`Plan`, `create`), mark (`Marking`, `Desk`), bring marks and recording on one clock (`align`), analyse
(`agreement`, `beside`), ask how many subjects are needed (`size`), and replay published studies with simulated
examiners (`replay`). Everything but the simulated examiners works without JAX.
"""

from cisterna.sessions.study.allocation import Hold, allocate
from cisterna.sessions.study.clock import Clock, align, rising_edges
from cisterna.sessions.study.folder import Desk, Study, create, open_desk, open_study
from cisterna.sessions.study.marking import Marking, Task, read_presses
from cisterna.sessions.study.marks import Marked, Sitting, read_sitting
from cisterna.sessions.study.plan import Plan, new_seed, read_plan

__all__ = [
    "Clock",
    "Desk",
    "Hold",
    "Marked",
    "Marking",
    "Plan",
    "Sitting",
    "Study",
    "Task",
    "align",
    "allocate",
    "create",
    "new_seed",
    "open_desk",
    "open_study",
    "read_plan",
    "read_presses",
    "read_sitting",
    "rising_edges",
]
