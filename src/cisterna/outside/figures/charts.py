"""All charts in one place; each returns one ``<svg>`` with title and description."""

from cisterna.outside.figures.bars import cause_bars
from cisterna.outside.figures.dots import decade_dots
from cisterna.outside.figures.ranges import published_ranges
from cisterna.outside.figures.spacetime import space_time
from cisterna.outside.figures.timecourse import stacked_courses, time_course
from cisterna.outside.figures.xychart import xy_chart

__all__ = [
    "cause_bars",
    "decade_dots",
    "published_ranges",
    "space_time",
    "stacked_courses",
    "time_course",
    "xy_chart",
]
