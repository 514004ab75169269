"""Straining: a pressure of the muscles of chest and belly that is laid on what the breath already does.

Blowing against a closed glottis, lifting, coughing: the pressure at the mouth is that of the chest, and all that lies
in chest and belly feels it. Negative it is the opposite, sucking against a closed glottis.
"""

from __future__ import annotations

from typing import Any

from cisterna.physiology.component import Quantity, Seen, component, quantity
from cisterna.physiology.drives import Following


@component
class Strained(Following):
    """mean + gain x other + share x strain: a pressure that follows the breath and takes its share of a strain."""

    share: Quantity = quantity("1", "share of a strain that comes to bear here")
    sees = {"other": "1", "strain": "mmHg"}
    grade = "plausible"
    source = "pressure at the mouth = pressure of the chest while the glottis is shut; shares assumed"

    def signal(self, time: Any, seen: Seen) -> Any:
        return super().signal(time, seen) + self.share * seen["strain"]
