"""Geometry of the drawn body: axis, widths, curves, the head by construction."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cisterna.ground.parameter import default_parameters
from cisterna.outside.figures import head, shapes
from cisterna.outside.figures.spine import LEVELS, build_spine
from cisterna.outside.figures.vertebrae import wall

# Segment lengths (mm) at which the check points of the visual language stand; they sum to 620 as the shipped ones.
LENGTHS = dict(zip(LEVELS[1:], (
    14, 21.5, 18, 17, 17, 17.5, 18.5,
    19.5, 20.5, 21.5, 22, 22.5, 23, 23, 23.5, 24, 24.5, 26, 28.5,
    32.5, 35.5, 36.5, 36, 36, 30, 12,
), strict=True))  # fmt: skip
CHECK = {
    "C1": (1, -7), "C4": (5, -62), "C7": (-4, -113), "T4": (-33, -189), "T7": (-43, -256), "T10": (-36, -327),
    "T12": (-23, -378), "L1": (-15, -407), "L3": (-3, -476), "L5": (-16, -546), "S1": (-33, -574),
    "S2": (-52, -594), "S5": (-80, -641), "Co4": (-59, -675),
}  # fmt: skip


@pytest.fixture(scope="module")
def spine():
    return build_spine()


@pytest.mark.parametrize("level", CHECK)
def test_axis_passes_the_check_points(level):
    drawn = build_spine(lengths=LENGTHS)
    assert drawn.point(drawn.mid[level]) == pytest.approx(CHECK[level], abs=2.0)


def test_check_points_are_those_of_the_visual_language(shared):
    text = (shared / "design" / "visual.md").read_text(encoding="utf-8")
    printed = text.split("Check (a,s of the axis): ")[1].split(". FM to")[0].split()
    assert {a: tuple(float(x) for x in b.split(",")) for a, b in zip(printed[::2], printed[1::2], strict=True)} == CHECK


def test_axis_with_the_shipped_lengths_keeps_the_shape(spine):
    # The shipped lengths come from another template: levels slide along the curve, the curve stays.
    for level, (a, s) in CHECK.items():
        drawn_a, drawn_s = spine.point(spine.mid[level])
        assert drawn_a == pytest.approx(a, abs=6) and drawn_s == pytest.approx(s, abs=14)
    assert -spine.point(spine.sac_end)[1] == pytest.approx(590, abs=8)
    vertex = max(s for _, s in shapes.outline("outer"))
    assert vertex - spine.point(spine.end)[1] == pytest.approx(820, abs=12)


def test_curvatures_of_the_spine(spine):
    phi = {level: spine.phi(spine.mid[level]) for level in spine.mid}
    assert phi["C2"] - phi["C7"] == pytest.approx(27)
    assert phi["T12"] - phi["T1"] == pytest.approx(41)
    assert phi["L1"] - phi["S1"] == pytest.approx(55)
    assert phi["S1"] == pytest.approx(-40)


def test_axis_is_an_arc_length(spine):
    steps = [math.dist(p, q) for p, q in zip(spine.axis, spine.axis[1:], strict=False)]
    assert min(steps) > 0.4999 and max(steps) < 0.5001
    assert spine.point(0) == pytest.approx((0, 0))


def test_areas_give_the_widths_before_exaggeration():
    p, plain = default_parameters(), build_spine(w=1.0)
    for level, k in (("C4", 1.35), ("T1", 1.3), ("T6", 1.1), ("L1", 1.15)):
        q = plain.mid[level]
        width = 2 * plain.half_sac(q)
        assert math.pi * k * width**2 / 4 == pytest.approx(p.in_unit(f"sac_{level}", "mm2"), rel=1e-6)
    q = plain.mid["C5"]
    assert math.pi * 1.6 * (2 * plain.half_cord(q)) ** 2 / 4 == pytest.approx(p.in_unit("cord_C5", "mm2"), rel=1e-6)
    assert build_spine(w=1.7).half_sac(q) == pytest.approx(1.7 * plain.half_sac(q))


@pytest.mark.parametrize("w", [1.0, 1.45, 1.55, 1.7])
def test_cord_lies_in_sac_and_sac_between_bones(w):
    drawn = build_spine(w=w)

    class Stub:
        spine = drawn
        body_scale = 1.0

    q = 2.0
    while q < drawn.sac_end - 1:
        half, cord, shift = drawn.half_sac(q), drawn.half_cord(q), drawn.offset(q)
        if cord:
            assert abs(shift) + cord < half, q
        assert wall(Stub, q) >= half + 2.19, q
        q += 2.0
    assert drawn.half_sac(drawn.sac_end) == 0 and drawn.half_cord(drawn.conus_tip) == 0
    # Closes as a square root: half way along the last 14 mm it still has 71 % of its width.
    q = drawn.sac_end - 7
    assert drawn.half_sac(q) == pytest.approx(drawn.sac_open(q) / 2 * math.sqrt(0.5))


def test_both_enlargements_of_the_cord_show(spine):
    cord = {level: spine.half_cord(spine.mid[level]) for level in LEVELS[1:20]}
    assert max(cord["C4"], cord["C5"]) > 1.2 * cord["T6"]
    assert cord["T11"] > 1.1 * cord["T6"]


def test_flexion_turns_the_head_and_holds_t1(spine):
    bent = build_spine(neck_flexion=30)
    assert bent.point(bent.mid["T1"]) == pytest.approx(spine.point(spine.mid["T1"]), abs=1e-6)
    assert spine.phi(0) - bent.phi(0) == pytest.approx(30)
    assert bent.phi(bent.mid["T3"]) == pytest.approx(spine.phi(spine.mid["T3"]), abs=1e-9)
    assert bent.point(0)[0] > spine.point(0)[0] + 15  # the head goes forward
    low = build_spine(lumbar_flexion=20)
    assert low.point(low.mid["S1"]) == pytest.approx(spine.point(spine.mid["S1"]), abs=1e-6)
    assert spine.phi(spine.mid["L3"]) - low.phi(low.mid["L3"]) == pytest.approx(20 * 0.68)
    assert spine.phi(0) - low.phi(0) == pytest.approx(20)


def test_lengths_follow_the_parameters():
    tall = build_spine(default_parameters().override({"len_T6": "26 mm"}))
    assert tall.sac_end == pytest.approx(build_spine().sac_end + 26 - default_parameters().in_unit("len_T6", "mm"))


def test_stature_sets_the_size_whatever_the_lengths_were():
    scaled = default_parameters().override({"len_T6": "48 mm"})
    for p in (None, scaled):
        assert build_spine(p, stature_mm=850).sac_end == pytest.approx(619.9 / 2)
    assert build_spine(stature_mm=1700).scale == pytest.approx(1.0)


def test_the_cord_of_a_newborn_ends_lower():
    young = build_spine(conus_level="L3", curvature=0.2)
    assert young.conus_tip == young.mid["L3"]
    assert young.phi(young.mid["T1"]) == pytest.approx(-5.0)


def test_q_at_is_the_inverse_of_the_height(spine):
    for q in (3.0, 60.0, 250.0, 400.0, 600.0):
        assert spine.q_at(spine.point(q)[1]) == pytest.approx(q, abs=0.51)


def test_catmull_rom_passes_its_points_and_draws_a_circle():
    ring = [(50 * math.cos(a), 50 * math.sin(a)) for a in (i * math.pi / 6 for i in range(12))]
    dense = shapes.flatten(ring, parts=10)
    assert all(p == pytest.approx(q, abs=1e-9) for p, q in zip(dense[::10], ring, strict=True))
    assert shapes.area(dense) == pytest.approx(math.pi * 2500, rel=3e-3)
    assert shapes.centroid(dense) == pytest.approx((0, 0), abs=1e-9)


def test_pchip_is_scipys():
    from scipy.interpolate import PchipInterpolator

    xs, ys = [0, 1, 2.5, 4, 4.5, 7], [0, 2, 2.1, -1, 3, 3]
    ours, theirs = shapes.pchip(xs, ys), PchipInterpolator(xs, ys)
    for i in range(71):
        assert ours(i / 10) == pytest.approx(float(theirs(i / 10)), abs=1e-12)


@settings(deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=3, max_size=12).map(sorted), st.floats(0, 1))
def test_pchip_never_overshoots(ys, t):
    f = shapes.pchip(list(range(len(ys))), ys)
    x = t * (len(ys) - 1)
    i = min(int(x), len(ys) - 2)
    assert ys[i] - 1e-9 <= f(x) <= ys[i + 1] + 1e-9


@settings(deadline=None)
@given(st.floats(0.2, 6))
def test_a_drawn_ventricle_grows_with_its_volume(ratio):
    for name in ("lateral", "third", "fourth"):
        drawn = shapes.area(shapes.flatten(head.ventricle(name, {name: ratio})))
        assert drawn / shapes.area(shapes.flatten(shapes.outline(name))) == pytest.approx(ratio, rel=1e-9)


def inside(p, ring):
    hit = False
    for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y0 > p[1]) != (y1 > p[1]) and p[0] < x0 + (p[1] - y0) / (y1 - y0) * (x1 - x0):
            hit = not hit
    return hit


def test_brain_lies_inside_the_dura_so_that_every_gap_is_fluid():
    cavity = shapes.flatten(shapes.outline("clivus"), close=False) + shapes.flatten(
        shapes.outline("inner"), close=False
    )
    brain, _ = head._gyri()
    for name, points in (("cerebrum", brain), ("cerebellum", shapes.flatten(shapes.outline("cerebellum"))),
                         ("brainstem", shapes.flatten(shapes.outline("brainstem")))):  # fmt: skip
        for p in points:
            if p[1] > 2:  # below, the brainstem leaves through the foramen magnum
                assert inside(p, cavity), (name, p)


def test_gyri_only_take_away():
    smooth = shapes.flatten(shapes.outline("cerebrum"), parts=12)
    notched, sulci = head._gyri()
    assert 0.93 < shapes.area(notched) / shapes.area(smooth) < 1.0
    assert 15 < len(sulci) < 30
    assert head._gyri()[0] is notched  # the same seed, the same brain


def test_midline_landmarks():
    near = {"clivus": (17, 2), "outer": (112, 50)}
    for name, point in near.items():
        assert min(math.dist(point, p) for p in shapes.outline(name)) < 0.5
    third = shapes.flatten(shapes.outline("third"))
    assert inside((26.5, 57), third) and not inside((39, 68), third)
