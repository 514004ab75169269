"""Charts: axes, gaps, bars, ranges, decades, the space-time map; one style for all."""

import math
import re

import pytest
from figure_check import NS, by_id, checked, part_title, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from cisterna.ground.errors import CisternaError
from cisterna.outside.figures import (
    cause_bars,
    decade_dots,
    published_ranges,
    space_time,
    stacked_courses,
    time_course,
    xy_chart,
)
from cisterna.outside.figures.contour import rings, simplified
from cisterna.outside.figures.shapes import area
from cisterna.outside.figures.spine import LEVELS
from cisterna.outside.figures.style import Axis, nice_ticks, spread, tick_texts
from cisterna.outside.figures.timecourse import gaps, pieces, thinned

T = [0.1 * i for i in range(400)]
ICP = [9 + math.sin(t) for t in T]


def lines(root, **wanted):
    return [e for e in root.iter(NS + "line") if all(e.get(k) == v for k, v in wanted.items())]


def numbers(d):
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", d)]


@settings(deadline=None, max_examples=40)
@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4), st.integers(3, 6))
def test_ticks_are_few_round_and_inside(lo, span, target):
    ticks = nice_ticks(lo, lo + span, target)
    assert 2 <= len(ticks) <= target + 1
    assert all(lo - 1e-6 * span <= t <= lo + span + 1e-6 * span for t in ticks)
    steps = {round((b - a) / (ticks[1] - ticks[0]), 6) for a, b in zip(ticks, ticks[1:], strict=False)}
    assert steps == {1.0}


def test_tick_texts_share_decimals_and_true_minus():
    assert tick_texts([-0.2, 0.0, 0.2]) == ["\u22120.2", "0.0", "0.2"]
    assert tick_texts([0, 50, 100]) == ["0", "50", "100"]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(0, 300), min_size=1, max_size=8))
def test_labels_keep_apart_and_in_order(wanted):
    placed = spread(wanted, 14)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    for i, j in zip(order, order[1:], strict=False):
        assert placed[j] - placed[i] >= 14 - 1e-6
    assert sum(placed) == pytest.approx(sum(wanted), abs=1e-6)  # pooling keeps the mean


def test_log_axis_is_even_by_decades():
    x = Axis(1e-9, 1e-3, 0, 600, log=True)
    assert [x(10.0**k) for k in range(-9, -2)] == pytest.approx([100 * i for i in range(7)])


def test_time_course_labels_its_lines_and_says_its_unit():
    series = [{"name": "ICP", "t": T, "y": ICP}, {"name": "with H-RELEASE", "t": T, "y": ICP, "hypothesis": True}]
    root = checked(time_course(series, unit="mmHg", note="minute mean", time_unit="min"))
    assert {"ICP", "with H-RELEASE", "mmHg, minute mean", "Time, min"} <= set(texts(root))
    dashed = [e for e in root.iter(NS + "path") if e.get("stroke-dasharray") == "6 4"]
    assert len(dashed) == 1 and "s-hyp" in dashed[0].get("class")
    ends = [float(e.get("y")) for e in root.iter(NS + "text") if e.text in ("ICP", "with H-RELEASE")]
    assert abs(ends[0] - ends[1]) >= 14  # both end at the same value, their labels do not


def test_missing_data_is_hatched_and_never_joined():
    broken = [v if not 10 < t < 16 else None for t, v in zip(T, ICP, strict=True)]
    assert len(pieces(T, [math.nan if v is None else v for v in broken])) == 2
    (a, b) = gaps(T, [math.nan if v is None else v for v in broken])[0]
    assert a == pytest.approx(10.0) and b == pytest.approx(16.0)
    root = checked(time_course([{"name": "ICP", "t": T, "y": broken}], unit="mmHg"))
    assert "no signal" in texts(root)
    hatched = [e for e in root.iter(NS + "rect") if e.get("fill") == "url(#course-gap)"]
    curve = next(e for e in root.iter(NS + "path") if "s-ink" in (e.get("class") or ""))
    assert curve.get("d").count("M") == 2
    left = float(hatched[0].get("x"))
    right = left + float(hatched[0].get("width"))
    assert not any(left + 0.6 < x < right - 0.6 for x, _ in numbers(curve.get("d")))


def test_given_breaks_are_hatched_too():
    root = checked(time_course([{"name": "ICP", "t": T, "y": ICP}], unit="mmHg", breaks=[(20, 30)]))
    assert "no signal" in texts(root)
    whole = checked(time_course([{"name": "ICP", "t": T, "y": ICP}], unit="mmHg"))
    assert "no signal" not in texts(whole)


def test_session_steps_stand_under_the_plot():
    steps = [{"name": "rest", "start": 0, "end": 10}, {"name": "hold", "start": 10, "end": 30, "treatment": True},
             {"name": "again", "start": 30, "end": 39.9, "current": True}]  # fmt: skip
    root = checked(time_course([{"name": "ICP", "t": T, "y": ICP}], unit="mmHg", steps=steps))
    bars = {
        part_title(g).split(",")[0]: g.find(NS + "rect") for g in root.iter(NS + "g") if g.find(NS + "rect") is not None
    }
    assert bars["hold"].get("fill-opacity") == "0.2" and bars["again"].get("fill-opacity") is None
    width = {k: float(v.get("width")) + 2 for k, v in bars.items()}
    assert width["hold"] == pytest.approx(2 * width["rest"], abs=0.1)
    bottom = max(y for e in root.iter(NS + "path") for _, y in numbers(e.get("d")))
    assert float(bars["hold"].get("y")) > bottom


@settings(deadline=None, max_examples=40)
@given(st.randoms(use_true_random=False), st.integers(300, 900))
def test_thinning_keeps_the_envelope(draw, n):
    values = [draw.uniform(-100, 100) for _ in range(n)]
    points = [(i / 10, v) for i, v in enumerate(values)]
    kept = thinned(points, 60)
    assert set(kept) <= set(points) and kept[0] == points[0] and kept[-1] == points[-1]
    assert min(v for _, v in kept) == min(values) and max(v for _, v in kept) == max(values)
    assert [x for x, _ in kept] == sorted(x for x, _ in kept)
    assert len(kept) <= 4 * (points[-1][0] + 1)


def test_stacked_rows_share_time_and_own_their_scale():
    rows = [{"name": "ABP", "unit": "mmHg", "t": T, "y": [90 + 20 * math.sin(t) for t in T], "colour": "art"},
            {"name": "ICP", "unit": "mmHg", "t": T, "y": ICP, "summary": "mean 9.0"}]  # fmt: skip
    root = checked(stacked_courses(rows, bands=[(1, 3), (5, 7)]))
    assert {"ABP", "ICP", "mean 9.0", "breath in", "Time, s"} <= set(texts(root))
    spans = []
    for i in range(2):
        d = next(e for e in by_id(root, f"signals-row-{i}").iter(NS + "path")).get("d")
        ys = [y for _, y in numbers(d)]
        spans.append(max(ys) - min(ys))
    assert spans[0] == pytest.approx(spans[1], rel=0.02)  # ten times the amplitude, the same height


CAUSES = [
    {"name": "Position", "value": 3.4, "low": 2.8, "high": 4.1, "cause": "position"},
    {"name": "Rest", "value": -1.7, "low": -2.0, "high": -0.8, "cause": "rest"},
    {"name": "Touch, 5 gf", "value": 0.0001, "low": 0.0, "high": 0.002, "cause": "touch"},
    {"name": "H-RELEASE", "value": -0.5, "cause": "hypothesis"},
]


def bar(root, i):
    return next(e for e in by_id(root, f"causes-{i}").iter(NS + "rect"))


def test_cause_bars_are_in_scale_about_zero():
    root = checked(cause_bars(CAUSES, unit="mmHg"))
    width = [float(bar(root, i).get("width")) for i in range(4)]
    assert width[0] == pytest.approx(2 * width[1], rel=0.01)
    zero = float(bar(root, 0).get("x"))
    assert float(bar(root, 1).get("x")) + width[1] == pytest.approx(zero, abs=0.02)
    assert {"+3.4", "\u22121.7", "2.8 to 4.1", "not measured"} <= set(texts(root))


def test_nothing_detectable_keeps_a_bar_and_a_hypothesis_is_hatched():
    root = checked(cause_bars(CAUSES, unit="mmHg"))
    assert float(bar(root, 2).get("width")) == 1.5
    assert bar(root, 3).get("fill") == "url(#causes-hyp)" and bar(root, 3).get("stroke-dasharray")
    assert not any(bar(root, i).get("stroke-dasharray") for i in range(3))
    with pytest.raises(CisternaError, match="cause"):
        cause_bars([{"name": "x", "value": 1, "cause": "magic"}], unit="mmHg")


def test_a_common_limit_makes_bars_comparable():
    big = checked(cause_bars(CAUSES, unit="mmHg", limit=10))
    half = checked(cause_bars([{**CAUSES[0], "value": 1.7}], unit="mmHg", limit=10))
    wide = checked(cause_bars([CAUSES[0]], unit="mmHg", limit=10))
    assert float(bar(wide, 0).get("width")) == pytest.approx(2 * float(bar(half, 0).get("width")), rel=0.01)
    assert float(bar(big, 0).get("width")) < float(bar(checked(cause_bars(CAUSES, unit="mmHg")), 0).get("width"))


def ranges(*rows):
    return checked(published_ranges([{"name": "Pressure", "rows": [
        {"name": f"row {i}", "low": 10, "high": 20, "value": v, "sd": 1.0, "unit": "mmHg", "source": "A 2020"}
        for i, v in enumerate(rows)]}]))  # fmt: skip


def test_ranges_are_stretched_to_one_band_and_outside_is_told_three_ways():
    root = ranges(10, 15, 20, 22, 6)
    assert root.find(NS + "title").text == "3 of 5 values lie inside the published range"
    rows = [g for g in root.iter(NS + "g") if (part_title(g) or "").startswith("row")]
    at = [float(g.find(NS + "circle").get("cx")) for g in rows[:3]]
    assert at[1] - at[0] == pytest.approx(at[2] - at[1])
    edges = sorted(float(e.get("x1")) for e in lines(root) if "s-ok" in e.get("class") and e.get("x1") == e.get("x2"))
    assert [at[0], at[2]] == pytest.approx(edges)
    for g, side in ((rows[3], 1), (rows[4], -1)):
        assert g.find(NS + "circle") is None  # shape
        mark = g.find(NS + "path")
        assert "s-phys" in mark.get("class")  # colour
        xs = [x for x, _ in numbers(mark.get("d"))]
        assert side * (xs[1] - xs[0]) > 0  # points to the side where it left
        assert (min(xs) > edges[1]) if side > 0 else (max(xs) < edges[0])  # place
    assert "outside, above 10 to 20" in part_title(rows[3]) and "outside, below" in part_title(rows[4])


def test_a_far_value_stays_in_the_picture():
    root = ranges(1e6, -1e6)
    for e in root.iter(NS + "path"):
        assert all(0 <= x <= 1104 for x, _ in numbers(e.get("d")))
    with pytest.raises(CisternaError, match="high above low"):
        published_ranges([{"name": "g", "rows": [{"name": "r", "low": 2, "high": 1, "value": 1, "unit": "1"}]}])


def test_dots_stand_on_a_log_axis_and_the_bound_is_told():
    rows = [{"name": n, "value": v} for n, v in (("a", 1e-9), ("b", 1e-7), ("c", 1e-5), ("zero", 0.0))]
    root = checked(decade_dots(rows, threshold=(5e-5, 2e-4)))
    at = [float(by_id(root, f"dots-{i}").find(NS + "circle").get("cx")) for i in range(4)]
    assert at[1] - at[0] == pytest.approx(at[2] - at[1], abs=0.02)
    assert at[3] < at[0] and "< 0.1 nm" in texts(root)
    assert {"1 nm", "1 µm", "1 mm", "a hand feels"} <= set(texts(root))
    assert "no place" in root.find(NS + "desc").text
    with pytest.raises(CisternaError, match="band above zero"):
        decade_dots(rows, threshold=(2e-4, 5e-5))


def test_contour_of_a_cone_is_a_circle():
    xs = [float(i) for i in range(81)]
    grid = [[-math.hypot(x - 40, y - 40) for x in xs] for y in xs]
    (ring,) = rings(grid, xs, xs, -30.0)
    assert area(ring) == pytest.approx(math.pi * 900, rel=2e-3)
    assert all(math.hypot(x - 40, y - 40) == pytest.approx(30, abs=0.05) for x, y in ring)
    assert area(simplified([*ring, ring[0]])[:-1]) == pytest.approx(area(ring), rel=0.02)


def test_contours_close_on_the_border_and_have_holes():
    xs = [float(i) for i in range(41)]
    (everything,) = rings([[1.0] * 41 for _ in xs], xs, xs, 0.0)
    assert area(everything) == pytest.approx(1600)
    (left,) = rings([[20.0 - x for x in xs] for _ in xs], xs, xs, 0.0)
    assert area(left) == pytest.approx(20 * 40)
    bowl = [[math.hypot(x - 20, y - 20) for x in xs] for y in xs]
    both = sorted(area(r) for r in rings(bowl, xs, xs, 10.0))
    assert both == pytest.approx([math.pi * 100, 1600], rel=5e-3)
    assert rings(bowl, xs, xs, 100.0) == []


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(st.integers(-3, 3).map(float), min_size=5, max_size=5), min_size=4, max_size=4),
    st.floats(-2.4, 2.4),
)
def test_contours_are_always_closed_and_never_larger_than_the_map(grid, level):
    found = rings(grid, [0.0, 1, 2, 3, 4], [0.0, 1, 2, 3], level)
    assert bool(found) == any(v >= level for row in grid for v in row)
    assert sum(area(r) for r in found) <= 2 * 12 + 1e-6


def flow(t, level):
    return math.cos(2 * math.pi * t) * (1 - 0.04 * LEVELS.index(level))


def test_space_time_map_has_levels_by_true_length_and_both_signs():
    t = [0.02 * i for i in range(101)]
    root = checked(space_time(t, {lv: [flow(a, lv) for a in t] for lv in ("FM", "C4", "T6", "L1", "S2")}, unit="mL/s",
                              limit=1.0))  # fmt: skip
    y = {e.text: float(e.get("y")) for e in root.iter(NS + "text") if e.text in LEVELS}
    assert y["FM"] < y["C4"] < y["T6"] < y["S2"]
    assert (y["T6"] - y["FM"]) / (y["S2"] - y["FM"]) == pytest.approx(0.39, abs=0.03)  # 240 of 614 mm
    classes = " ".join(e.get("class") or "" for e in by_id(root, "map-field").iter(NS + "path"))
    assert "f-ebb-0 " in classes + " " and "f-ebb-40" in classes
    assert any("to the head" in s for s in texts(root))


def test_space_time_map_refuses_unknown_levels():
    with pytest.raises(CisternaError, match="no level"):
        space_time([0, 1], {"T13": [0, 1], "FM": [0, 1]}, unit="mL/s", limit=1)
    with pytest.raises(CisternaError, match="two levels"):
        space_time([0, 1], {"FM": [0, 1]}, unit="mL/s", limit=1)


def test_xy_chart_log_axes_points_and_bands():
    f = [10 ** (-2 + 0.05 * i) for i in range(60)]
    axes = {"x_label": "Frequency, Hz", "y_label": "mmHg²/Hz", "log_x": True, "log_y": True}
    series = [{"x": f, "y": [1 / a for a in f]}]
    root = checked(xy_chart(series, **axes, bands=[{"from": 0.15, "to": 0.4, "label": "breath"}]))
    curve = next(e for e in root.iter(NS + "path") if "s-ink" in (e.get("class") or ""))
    ends = numbers(curve.get("d"))
    assert {"breath", "Frequency, Hz", "0.1", "1"} <= set(texts(root))
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(ends, ends[5:], strict=False)]
    assert max(slopes) - min(slopes) < 0.1 * abs(slopes[0])  # a power law is a straight line
    bins = [{"x": 60, "y": 0.4, "inside": False}, {"x": 70, "y": 0.1, "inside": True}]
    marks = checked(xy_chart([], x_label="CPP, mmHg", y_label="PRx", points=bins))
    points = by_id(marks, "xy-points")
    assert len(list(points.iter(NS + "circle"))) == 1 and len(list(points.iter(NS + "path"))) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: time_course([], unit="mmHg"),
        lambda: time_course([{"name": "a", "t": [0, 1], "y": [0]}], unit="mmHg"),
        lambda: stacked_courses([]),
        lambda: cause_bars([], unit="mmHg"),
        lambda: published_ranges([]),
        lambda: decade_dots([], threshold=(1e-5, 1e-4)),
        lambda: xy_chart([], x_label="x", y_label="y"),
    ],
)
def test_empty_input_is_told_in_words(call):
    with pytest.raises(CisternaError):
        call()


def test_constant_and_all_missing_signals_still_draw():
    checked(time_course([{"name": "flat", "t": [0, 1], "y": [3, 3]}], unit="mmHg"))
    checked(time_course([{"name": "none", "t": [0, 1], "y": [None, None]}], unit="mmHg"))
    checked(stacked_courses([{"name": "one", "unit": "mmHg", "t": [0.0], "y": [1.0]}]))
