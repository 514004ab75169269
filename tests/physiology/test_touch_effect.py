"""Static touch: linearity, zero, published figures, pair with the port, ranges, mistakes."""

import math

import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.ground.units import from_internal, to_internal
from cisterna.physiology.fontanelle import anterior_fontanelle, press
from cisterna.physiology.skull import skull_port
from cisterna.physiology.skull_anatomy import SUTURES, touched
from cisterna.physiology.stations import force_levels, station
from cisterna.physiology.touch_effect import Span, combine, touch_effect

P = default_parameters()
FIVE_GF = to_internal(5.0, "gf")


def adult(where="frontal.R", force=FIVE_GF, way="inward", icp=10.0, compliance=1.0, **more):
    return touch_effect(40.0, where, force, way, icp, compliance, P, **more)


def test_it_is_the_port_times_the_force():
    port, effect = skull_port(40.0, P), adult("parietal.R", way="medial", compliance=0.8)
    volume = float(port.g("parietal.R", "medial")) * FIVE_GF
    assert effect.volume.value == pytest.approx(volume, rel=1e-9) and volume < 0.0
    assert effect.icp.value == pytest.approx(-volume / 0.8, rel=1e-9)
    assert effect.bone.value == pytest.approx(float(port.c("parietal.R", "medial")) * FIVE_GF, rel=1e-9)
    for name in SUTURES:
        gap = float(port.touch_gap(name, "parietal.R", "medial")) * FIVE_GF
        assert effect.gaps[name].value == pytest.approx(gap, rel=1e-9)


def test_twice_the_force_is_twice_the_effect_and_none_is_none():
    one, two, none = adult(), adult(force=2 * FIVE_GF), adult(force=0.0)
    for name in ("tissue", "tissue_held", "bone", "volume", "icp"):
        assert getattr(two, name) == pytest.approx(tuple(2 * part for part in getattr(one, name)), rel=1e-12)
        assert getattr(none, name) == (0.0, 0.0, 0.0)
        assert all(math.copysign(1.0, part) == 1.0 for part in getattr(none, name))
    assert all(span == (0.0, 0.0, 0.0) for span in [*none.gaps.values(), *none.joints.values()])


def test_pulling_out_is_pushing_in_reversed():
    pushed, pulled = adult(way="inward"), adult(way="outward")
    assert pulled.volume.value == pytest.approx(-pushed.volume.value, rel=1e-12)
    assert pulled.icp.value < 0.0 < pushed.icp.value
    assert pulled.bone.value == pytest.approx(pushed.bone.value, rel=1e-12)


def test_five_grams_on_an_adult_head_change_nothing_that_can_be_measured():
    # Prototype: dent 8-13 nm, 0.004-0.011 uL, 3e-6..1e-5 mmHg; with ICP 30 and PVI 10 8e-5.
    stiff = 0.4343 * 10.0 / 30.0
    for where in ("frontal.R", "parietal.R", "vault.R", "mastoid.R", "occiput", "fronto_occipital"):
        usual = adult(where, compliance=None)
        assert 1e-6 < usual.icp.value < 1e-5, where
        assert usual.icp.high < 2e-5, where
        tight = adult(where, icp=30.0, compliance=stiff)
        assert 1e-5 < tight.icp.value < 8e-5 and tight.icp.high < 2e-4, where
    assert 7.0 < from_internal(adult("vault.R").bone.value, "nm") < 13.0
    heavy = adult("parietal.R", force=to_internal(1000, "gf"), compliance=None)
    assert heavy.icp.high < 2e-3  # a kilogram still stays below 0.002 mmHg


def test_newborn_bone_and_fontanelle():
    # Prototype: 0.07-0.4 uL, 7e-5..6e-4 mmHg on bone; the fontanelle about a hundred times that.
    bone = touch_effect(0.0, "parietal.R", FIVE_GF, "inward", 2.8, None, P)
    assert 0.07 < -from_internal(bone.volume.value, "uL") < 0.4
    assert 7e-5 < bone.icp.value < 6e-4 and bone.icp.high < 0.05
    soft = touch_effect(0.0, "fontanelle", FIVE_GF, "inward", 2.8, None, P)
    membrane, patch = anterior_fontanelle(0.0, P), station("fontanelle").radius
    alone = press(membrane, 2.8, FIVE_GF, patch)
    assert soft.volume.value == pytest.approx(float(alone.volume), rel=1e-9)
    assert 0.02 < soft.icp.value < 0.04 and soft.icp.value > 100 * bone.icp.value
    assert "never" in soft.note
    closed = adult("fontanelle")
    assert from_internal(closed.bone.value, "um") < 0.1 and "never" not in closed.note


def test_off_the_head_only_the_skin_moves():
    heel = adult("heel.L", way="cephalad")
    assert heel.bone == heel.volume == heel.icp == (0.0, 0.0, 0.0) and not heel.gaps
    assert heel.tissue.value == pytest.approx(FIVE_GF / station("heel.L").shear)
    belly = adult("abdomen")
    assert belly.tissue.value > FIVE_GF / station("abdomen").stiffness  # a soft mass below it


def test_skin_moves_thousands_of_times_more_than_bone():
    effect = adult("vault.R")
    assert effect.tissue.value > 3000 * effect.bone.value
    assert effect.tissue_held.value / effect.tissue.value == pytest.approx(1.24, abs=0.02)
    sheared = adult("vault.R", way="cephalad")
    assert sheared.tissue.value > 3 * effect.tissue.value


def test_forces_of_practice():
    levels = force_levels(station("frontal.R"), P)
    taught, practice = (adult(force=levels[key][0], compliance=None) for key in ("taught", "practice"))
    assert practice.icp.value / taught.icp.value == pytest.approx(levels["practice"][0] / levels["taught"][0])
    worst = adult(force=levels["practice"][2], compliance=None)
    assert worst.icp.high < 0.05


def test_ranges_hold_the_value_and_shrink_to_a_number_that_is_set():
    effect = adult()
    for span in (effect.tissue, effect.bone, effect.volume, effect.icp, *effect.gaps.values()):
        assert span.low < span.value < span.high
    fixed = P.override({"skull_bone_E": "5000 MPa", "skull_thick": "6.5 mm"})
    known = touch_effect(40.0, "frontal.R", FIVE_GF, "inward", 10.0, 1.0, fixed)
    assert known.bone.value == pytest.approx(effect.bone.value)
    assert known.bone.high < effect.bone.high and known.bone.low > effect.bone.low


def test_combining_ranges():
    assert combine(0.0, [(0.0, 0.0)]) == (0.0, 0.0, 0.0)
    two = combine(1.0, [(0.5, 2.0), (0.5, 2.0)])
    assert two.high == pytest.approx(2 ** math.sqrt(2)) and two.low == pytest.approx(0.5 ** math.sqrt(2))
    assert combine(-1.0, [(-0.5, -2.0)]) == pytest.approx((-1.0, -2.0, -0.5))
    assert combine(1.0, [(-1.0, 4.0)]) == pytest.approx((1.0, -1.0, 4.0))
    assert Span(1.0, 0.5, 2.0).times(-2.0) == (-2.0, -4.0, -1.0)


def test_every_head_station_answers():
    for place in touched():
        effect = adult(place.id)
        assert effect.bone.value > 0.0, place.id
        assert abs(effect.icp.value) < 1e-5, place.id
        assert len(effect.rows()) == 6 + 2 * len(SUTURES)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: adult("frontl.R"), "frontal.R"),
        (lambda: adult(force=-1.0), "not negative"),
        (lambda: adult(force=math.nan), "finite"),
        (lambda: adult(icp=math.inf), "finite"),
        (lambda: adult(compliance=0.0), "positive"),
        (lambda: adult(icp=-1.0, compliance=None), "craniospinal compliance"),
        (lambda: adult("sagittal", way="lateral"), "midline"),
        (lambda: adult(support="occput"), "occiput"),
        (lambda: touch_effect(-1.0, "frontal.R", 1.0, "inward", 10.0, 1.0, P), "age"),
    ],
)
def test_mistakes_are_told(call, says):
    with pytest.raises(CisternaError) as caught:
        call()
    assert says in str(caught.value)
