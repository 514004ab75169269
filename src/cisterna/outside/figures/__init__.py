"""Drawing library: the sagittal body, charts, signs and pages as strings of SVG and HTML.

No script, no plotting package: one set of colour tokens, one style, drawings that follow a dark page.
"""

from cisterna.outside.figures.body import sagittal_body, tide_legend
from cisterna.outside.figures.charts import (
    cause_bars,
    decade_dots,
    published_ranges,
    space_time,
    stacked_courses,
    time_course,
    xy_chart,
)
from cisterna.outside.figures.enlarge import closeup
from cisterna.outside.figures.numerals import fmt, interval, number, plus_minus
from cisterna.outside.figures.page import block, figure, key_numbers, panel, paragraph
from cisterna.outside.figures.plate import body_plate
from cisterna.outside.figures.signs import (
    felt_sign,
    grade_sign,
    range_sign,
    screening_sign,
    terminal,
    verdict_sign,
)
from cisterna.outside.figures.svg import Html, standalone
from cisterna.outside.figures.tables import table
from cisterna.outside.figures.tokens import css, ebb, tide

__all__ = [
    "Html",
    "block",
    "body_plate",
    "cause_bars",
    "closeup",
    "css",
    "decade_dots",
    "ebb",
    "felt_sign",
    "figure",
    "fmt",
    "grade_sign",
    "interval",
    "key_numbers",
    "number",
    "panel",
    "paragraph",
    "plus_minus",
    "published_ranges",
    "range_sign",
    "sagittal_body",
    "screening_sign",
    "space_time",
    "stacked_courses",
    "standalone",
    "table",
    "terminal",
    "tide",
    "tide_legend",
    "time_course",
    "verdict_sign",
    "xy_chart",
]
