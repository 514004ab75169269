"""The space-time map of flow: colours, zero line, trace, breath, front and profile stand where the numbers say."""

import math
import re

import pytest
from figure_check import by_id, checked, part_title, texts

from cisterna.ground.errors import CisternaError
from cisterna.outside.figures.flowmap import flow_map
from cisterna.outside.figures.spacetime import even_grid
from cisterna.outside.figures.spine import build_spine
from cisterna.outside.figures.style import Axis

T = [0.02 * i for i in range(226)]
SIZE = {"FM": 3.0, "C2": 2.8, "C7": 2.2, "T6": 1.2, "T12": 0.6, "L3": 0.3}


def flows():
    return {lv: [a * math.sin(2 * math.pi * t / 0.9) for t in T] for lv, a in SIZE.items()}


def drawn(**more):
    given = {
        "trace": {"name": "ABP", "y": [93 + 20 * math.cos(t) for t in T], "colour": "art"},
        "breaths": [(0.5, 2.0), (4.2, 4.5)],
        "front": {"FM": 1.80, "C2": 1.81, "C7": 1.83, "T12": 1.86},
        "front_label": ["wave front", "4.8 m/s in the neck"],
        "profile": SIZE,
        "band": {"C2": (0.4, 0.9), "T6": (0.1, 0.45), "L2": (0.02, 0.2)},
    }
    return flow_map(T, flows(), unit="mL/s", limit=3.0, **(given | more))


def test_everything_is_there_and_named():
    root = checked(drawn())
    shown = texts(root)
    for word in ("FM", "C7", "T12", "S2", "ABP", "breath in", "wave front", "4.8 m/s in the neck", "Stroke volume",
                 "mL per beat", "Time, s", "mL/s: − to the head, + to the feet"):  # fmt: skip
        assert word in shown, word
    assert part_title(by_id(root, "flowmap-profile")).startswith("Stroke volume: 3 at FM, 0.30 at L3")


def test_without_extras_it_is_the_bare_map():
    root = checked(drawn(trace=None, breaths=(), front=None, profile=None, band=None))
    assert "ABP" not in texts(root) and "wave front" not in texts(root) and "Stroke volume" not in texts(root)


def test_the_front_passes_where_it_was_measured():
    """Points of the line: time from the axis of time, depth from the arc length of the lower face."""
    root = checked(drawn())
    d = by_id(root, "flowmap-front").find("{http://www.w3.org/2000/svg}path").get("d")
    points = [tuple(map(float, p.split())) for p in re.split("[ML]", d)[1:]]
    spine = build_spine()
    x = Axis(T[0], T[-1], 64.0, 1104.0 - 296.0)
    y = Axis(0.0, spine.sac_end, 8.0 + 26 + 52 + 6, 600.0 - 92.0)
    assert points[0] == pytest.approx((x(1.80), y(0.0)), abs=0.06)
    assert points[2] == pytest.approx((x(1.83), y(spine.top["T1"])), abs=0.06)


def test_flow_ends_at_the_closed_end_of_the_sac():
    """Below the last face it falls on a straight line to 0."""
    grid = even_grid([0.0, 1.0], [0.0, 10.0, 20.0], [[2.0, 2.0], [1.0, 1.0], [0.0, 0.0]], 2, 4)
    assert [row[0] for row in grid] == pytest.approx([2.0, 1.5, 1.0, 0.5, 0.0])


@pytest.mark.parametrize("bad", [{"T13": [0.0] * 226}, {"FM": [0.0] * 226}])
def test_a_wrong_level_or_a_single_one_is_told(bad):
    with pytest.raises(CisternaError):
        flow_map(T, bad, unit="mL/s", limit=1.0)
