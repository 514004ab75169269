"""The sagittal body: parts, values as colours, arrows, halos, wedges, hand, enlargements, the plate."""

import math
import re

import pytest
from figure_check import NS, by_id, checked, part_title, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from cisterna.ground.errors import CisternaError
from cisterna.outside.figures import body_plate, closeup, sagittal_body, standalone, tide, tide_legend
from cisterna.outside.figures.body import default_exaggeration, extent, make_scene
from cisterna.outside.figures.canal import _arrow_d
from cisterna.outside.figures.enlarge import crossing
from cisterna.outside.figures.scene import SPACES
from cisterna.outside.figures.spine import LEVELS

VALUES = {
    "cortical": -10.4, "lateral": -6.9, "third": -5.2, "aqueduct": -4.8, "fourth": -3.4, "cisterna_magna": -1.4,
    "basal": -4.3, "FM": 0.0, "T6": 18.0, "S2": 42.9,
}  # fmt: skip
SCALE = (-15, 45)


@pytest.fixture(scope="module")
def drawn():
    return checked(sagittal_body(VALUES, scale=SCALE, arrows={"C2": 0.6, "L4": 0.05}))


def points_of(d):
    """All coordinates of a path of absolute commands."""
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", d)]


def test_every_place_is_a_part_with_name_and_value(drawn):
    for place in (*SPACES, *LEVELS[1:]):
        part = by_id(drawn, f"body-{place}")
        assert part_title(part)
        if place in VALUES and place != "aqueduct":
            assert float(part.get("data-value")) == pytest.approx(VALUES[place])
    for name in ("skull", "cerebrum", "callosum", "cerebellum", "brainstem", "tentorium", "falx", "cord", "roots",
                 "filum", "dura-spine", "coccyx", "skin", "bone-C1", "bone-L5", "bone-S1", "arrow-C2"):  # fmt: skip
        assert part_title(by_id(drawn, f"body-{name}"))


def test_values_become_tide_colours_of_the_given_scale(drawn):
    for place in ("cortical", "third", "fourth", "cisterna_magna", "lateral"):
        fill = by_id(drawn, f"body-{place}").find(NS + "path").get("fill")
        assert fill == tide(VALUES[place], *SCALE)
    same = checked(sagittal_body({**VALUES, "S2": 20.0}, scale=SCALE))
    assert by_id(same, "body-third").find(NS + "path").get("fill") == tide(-5.2, *SCALE)


def test_missing_levels_are_interpolated_along_the_canal(drawn):
    values = [float(by_id(drawn, f"body-{lv}").get("data-value")) for lv in LEVELS[1:]]
    assert values == sorted(values)
    scene = make_scene(VALUES, SCALE, k=1.0, origin=(0, 0))
    q0, q1 = scene.spine.level_q("T6"), scene.spine.level_q("S2")
    assert scene.canal((q0 + q1) / 2) == pytest.approx((18.0 + 42.9) / 2)
    assert scene.value("T6") == pytest.approx(18.0)


def test_cranial_fills_all_spaces_and_nothing_known_is_quiet():
    both = checked(sagittal_body({"cranial": 4.0, "lateral": 5.0, "C2": 4.0}, scale=(0, 5)))
    assert by_id(both, "body-third").get("data-value") == "4"
    assert by_id(both, "body-lateral").get("data-value") == "5"
    bare = sagittal_body({}, scale=(0, 5))
    assert "no value" in part_title(by_id(checked(bare), "body-T6"))
    assert not any(f'fill="{tide(i / 50)}"' in bare for i in range(51))
    gap = checked(sagittal_body({"T6": float("nan"), "FM": 1.0}, scale=(0, 5)))
    assert by_id(gap, "body-T6").get("data-value") == "1"


def test_only_data_has_colour():
    bare = sagittal_body({}, scale=(0, 1), note=False, levels=())
    for colour in set(re.findall(r'(?:fill|stroke)="(#\w{6})"', bare)):
        r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        assert (max(r, g, b) - min(r, g, b)) / 255 < 0.42, colour  # membrane and cord lines are the strongest


@pytest.mark.parametrize(("height", "w"), [(1200, 1.45), (760, 1.55), (520, 1.7)])
def test_exaggeration_follows_the_size_and_is_confessed(height, w):
    assert default_exaggeration(height) == w
    root = checked(sagittal_body(VALUES, scale=SCALE, height_px=height))
    assert any(f"{w:g} × too wide" in t for t in texts(root))
    assert f"{w:g} times" in root[1].text
    assert root.get("height") == str(height)


def test_two_bodies_on_a_page_share_no_id():
    one = checked(sagittal_body(VALUES, scale=SCALE, prefix="before"))
    two = checked(sagittal_body(VALUES, scale=SCALE, prefix="after"))
    ids = [{e.get("id") for e in root.iter() if e.get("id")} for root in (one, two)]
    assert not ids[0] & ids[1]


def test_the_figure_faces_left_and_stands_upright():
    scene = make_scene(VALUES, SCALE, k=2.0, origin=(100.0, 50.0))
    nose, back = scene.xy((141, 13.5)), scene.xy((-60, 0))
    assert nose[0] < 100 < back[0]
    assert scene.xy((0, 137))[1] < scene.xy((0, -500))[1]
    assert scene.xy((0, 0)) == (100.0, 50.0)


def test_everything_stays_inside_the_drawing():
    for options in ({}, {"neck_flexion": 35}, {"lumbar_flexion": 30}, {"stature_mm": 1200, "head_length_mm": 175}):
        root = checked(sagittal_body(VALUES, scale=SCALE, note=False, levels=(), **options))
        width, height = float(root.get("width")), float(root.get("height"))
        for part in ("skin", "skull", "coccyx", "face"):
            for path in by_id(root, f"body-{part}").iter(NS + "path"):
                for x, y in points_of(path.get("d")):
                    assert -1 <= x <= width + 1 and -1 <= y <= height + 1, (part, options)


@given(st.floats(0.3, 5))
@settings(max_examples=10, deadline=None)
def test_drawn_ventricles_scale_with_volume(ratio):
    def lateral(volumes):
        root = checked(sagittal_body(VALUES, scale=SCALE, volumes=volumes, height_px=1500))
        pts = points_of(by_id(root, "body-lateral").find(NS + "path").get("d"))[::3]  # ends of the curve pieces
        return abs(sum(p[0] * q[1] - q[0] * p[1] for p, q in zip(pts, [*pts[1:], pts[0]], strict=True))) / 2

    assert lateral({"lateral": ratio}) / lateral({}) == pytest.approx(ratio, rel=0.02)


def test_arrow_width_is_the_stroke_volume():
    scene = make_scene(VALUES, SCALE, k=1.6, origin=(0, 0))

    def shaft(volume):
        ring = points_of(_arrow_d(scene, scene.spine.mid["T6"], volume))
        return math.dist(ring[2], ring[8])  # the two corners where shaft and upper head meet

    assert shaft(0.0) == pytest.approx(1.5, abs=0.1)
    assert shaft(0.8) - shaft(0.1) == pytest.approx(26 * 0.7, abs=0.2)


@pytest.mark.parametrize(("moved", "rings"), [(0.4e-9, 0), (1.2e-9, 1), (4e-8, 2), (86e-6, 5), (1e-6, 3)])
def test_a_halo_has_one_ring_per_decade_from_a_nanometre(moved, rings):
    root = checked(sagittal_body({}, scale=(0, 1), stations=[{"name": "sacrum", "displacement": moved}]))
    halos = [e for e in root.iter(NS + "circle") if e.get("fill-opacity") == "0.1"]
    assert len(halos) == rings  # whole decades and, if there is more, the remainder
    if rings > 1:
        radii = sorted(float(e.get("r")) for e in halos)
        assert radii[1] == pytest.approx(2 * radii[0] if rings > 2 else 1.602 * radii[0], abs=0.03)


def test_stations_tell_felt_by_shape_and_words():
    stations = [
        {"name": "head", "felt": False}, {"name": "sacrum", "felt": True}, {"name": "ribs", "loaded": True},
        {"name": "odd", "at": "T6"}, {"name": "point", "at": (100, -300)},
    ]  # fmt: skip
    root = checked(sagittal_body({}, scale=(0, 1), stations=stations))
    marks = {part_title(e): e.find(NS + "circle") for e in root.iter(NS + "g") if "-station-" in (e.get("id") or "")}
    assert marks["head, not felt"].get("stroke-dasharray")
    assert marks["sacrum, felt"].get("class").startswith("f-ok") and not marks["sacrum, felt"].get("stroke-dasharray")
    assert "f-hand" in marks["ribs, under the hand"].get("class")
    assert len(marks) == 5


def test_wedges_bite_as_deep_as_the_area_lost():
    def depth(lost):
        root = checked(sagittal_body({}, scale=(0, 1), restrictions={"T6": lost}, height_px=1200))
        d = by_id(root, "body-wedge-T6").find(NS + "path").get("d")
        front, back = points_of(d)[0], points_of(d)[3]
        return math.dist(front, back)

    # The space between the two tips shrinks evenly with the share lost.
    assert depth(0.0) - depth(0.3) == pytest.approx(depth(0.3) - depth(0.6), abs=0.4)
    assert depth(0.6) < depth(0.3) < depth(0.0)
    with pytest.raises(CisternaError, match="share from 0 to 1"):
        sagittal_body({}, scale=(0, 1), restrictions={"T6": 1.4})


def test_load_is_a_line_of_growing_width_on_the_dura():
    root = checked(sagittal_body({}, scale=(0, 1), load={"FM": 0.0, "S2": 1.0}))
    widths = [float(e.get("stroke-width")) for e in by_id(root, "body-load").iter(NS + "path")]
    half = len(widths) // 2
    assert widths[:half] == sorted(widths[:half])
    assert widths[0] == pytest.approx(1.0, abs=0.1) and widths[half - 1] == pytest.approx(6.5, abs=0.1)


@pytest.mark.parametrize("place", ["sacrum", "head", "ribs", "occiput", "T6"])
def test_the_hand_and_its_force_lie_inside_the_drawing(place):
    touch = {"at": place, "direction": (0, -1), "label": "5 gf, caudad"}
    root = checked(sagittal_body({}, scale=(0, 1), touch=touch, height_px=900))
    assert "5 gf, caudad" in texts(root)
    width, height = float(root.get("width")), float(root.get("height"))
    hand = by_id(root, "body-hand")
    points = [p for e in hand.iter(NS + "path") for p in points_of(e.get("d"))]
    points += [(float(e.get(f"x{i}")), float(e.get(f"y{i}"))) for e in hand.iter(NS + "line") for i in (1, 2)]
    assert all(-2 <= x <= width + 2 and -2 <= y <= height + 2 for x, y in points)
    arrow = next(iter(hand.iter(NS + "line")))
    assert float(arrow.get("y2")) > float(arrow.get("y1")) + 10  # caudad is down


def test_labels_levels_heading_and_posture_are_written():
    labels = {"C2": ("C2 4.0 mmHg", "stroke 0.58 mL"), "L2": "L2 0.8 mmHg"}
    shown = texts(checked(sagittal_body(VALUES, scale=SCALE, labels=labels, heading="before", posture="supine")))
    for expected in ("before", "C2 4.0 mmHg", "stroke 0.58 mL", "L2 0.8 mmHg", "supine, drawn upright"):
        assert expected in shown
    assert {"C1", "T6", "S2"} <= set(texts(checked(sagittal_body(VALUES, scale=SCALE))))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"values": {"T13": 1.0}}, "T13"),
        ({"values": {"third_ventricle": 1.0}}, "third"),
        ({"scale": (5, 5)}, "low and a higher limit"),
        ({"arrows": {"X1": 0.1}}, "X1"),
        ({"stations": [{"name": "elbow"}]}, "elbow"),
        ({"stations": [{"name": "a", "at": 7}]}, "position"),
        ({"height_px": 20}, "100 px"),
    ],
)
def test_wrong_input_is_told(options, message):
    with pytest.raises(CisternaError) as caught:
        sagittal_body(**{"values": VALUES, "scale": SCALE, **options})
    assert message in str(caught.value)


def test_enlargements_label_every_space_and_no_leaders_cross():
    for view in ("head", "sacrum"):
        for width in (380, 420, 520):
            root = checked(closeup(VALUES, scale=SCALE, view=view, width_px=width))
            lines = [e for e in root if e.tag == NS + "line"]
            ends = [tuple((float(e.get(f"x{i}")), float(e.get(f"y{i}"))) for i in (1, 2)) for e in lines]
            assert len(ends) == (7 if view == "head" else 5)
            assert not any(crossing(*a, *b) for i, a in enumerate(ends) for b in ends[:i])
    shown = texts(checked(closeup(VALUES, scale=SCALE)))
    assert {name for name in SPACES.values() if any(name in t for t in shown)} == set(SPACES.values())
    assert any("\u221210.4" in t for t in shown)


def test_plate_has_profiles_on_the_axis_of_the_body():
    profiles = [
        {"name": "Pressure", "unit": "mmHg", "values": {"FM": 0, "S2": 42.9}, "filled": True},
        {"name": "Stroke volume", "unit": "mL", "values": {"FM": 0.5, "C2": 0.6, "S2": 0.01},
         "band": {"FM": (0.4, 0.7), "C2": (0.4, 0.8), "S2": (0, 0.02)}, "stroke": "fluid"},
    ]  # fmt: skip
    root = checked(body_plate(VALUES, scale=SCALE, arrows={"C2": 0.5}, profiles=profiles))
    assert root.get("width") == "1104"
    curve = points_of(list(by_id(root, "plate-profile-pressure").iter(NS + "path"))[-1].get("d"))
    level = next(e for e in root.iter(NS + "text") if "".join(e.itertext()) == "S2")
    assert curve[-1][1] == pytest.approx(float(level.get("y")) - 4, abs=1.0)
    uses = [e.get("href") for e in root.iter(NS + "use")]
    assert uses == ["#plate-anatomy"] * 2


def test_scale_bar_marks_zero_and_a_file_of_its_own_is_dark_ready():
    bar = tide_legend(-15, 45, "mmHg")
    root = checked(bar)
    zero = next(e for e in root.iter(NS + "text") if e.text == "0")
    assert zero.get("font-weight") == "700"
    alone = standalone(bar)
    assert alone.startswith("<?xml") and "prefers-color-scheme:dark" in alone
    checked(alone.split("\n", 1)[1])


def test_extent_grows_with_stature():
    small = extent(make_scene(VALUES, SCALE, k=1.0, origin=(0, 0), stature_mm=1000))
    tall = extent(make_scene(VALUES, SCALE, k=1.0, origin=(0, 0)))
    assert tall[2] - tall[3] > 1.4 * (small[2] - small[3])
