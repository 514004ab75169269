"""Stations: the shared table, its stiffness formula, names, directions, and forces of practice."""

import csv
import math

import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.ground.units import from_internal, to_internal
from cisterna.physiology.contact import layer_stiffness, layers_modulus
from cisterna.physiology.stations import (
    BESIDE,
    DIRECTIONS,
    LISTENING,
    direction,
    force_levels,
    in_region,
    sides,
    station,
    stations,
)

P = default_parameters()


def test_table_is_the_shared_one(shared):
    with open(shared / "domain" / "stations.csv", encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert {name: dict(place.cells) for name, place in stations().items()} == rows
    assert len(rows) == 67


@pytest.mark.parametrize("place", stations().values(), ids=lambda place: place.id)
def test_stiffness_follows_from_modulus_area_and_depth(place):
    # Stiffness = E_eff (2 a / 0.75 + A / h), shear = E_eff / 3 A / h; three digits stand in the table.
    normal, shear = layer_stiffness(place.modulus, place.area, place.depth)
    assert place.stiffness == pytest.approx(normal, rel=0.01)
    assert place.shear == pytest.approx(shear, rel=0.01)


def test_modulus_is_that_of_the_layers_unless_body_weight_lies_on_them():
    loaded = [place for place in stations().values() if place.preload > 0]
    for place in stations().values():
        ratio = place.modulus / layers_modulus(place.layers, P)
        if place.preload == 0:
            assert ratio == pytest.approx(1.0, rel=0.02), place.id
        else:
            assert 8.0 < ratio < 17.0, place.id
            assert place.modulus_low == pytest.approx(layers_modulus(place.layers, P), rel=0.01)
            assert place.modulus_high == pytest.approx(3 * place.modulus, rel=0.01)
    assert len(loaded) == 17


def test_listening_stations_are_there_in_order():
    assert LISTENING == ("heel", "dorsum", "thigh", "asis", "ribs", "shoulder", "vault")
    assert all(len(sides(name)) == 2 for name in LISTENING)
    assert [place.id for name in BESIDE for place in sides(name)] == ["sacrum", "occiput"]
    kinds = {place.kind for name in (*LISTENING, *BESIDE) for place in sides(name)}
    assert kinds <= {"station", "both"}
    listed = {place.base for place in stations().values() if place.kind != "site"}
    assert listed - set(LISTENING) - set(BESIDE) == {"fronto_occipital"}


def test_left_and_right_mirror():
    for name, place in stations().items():
        if place.side == "L":
            other = station(name[:-1] + "R")
            assert other.position == (-place.position[0], *place.position[1:])
            assert (other.stiffness, other.layers, other.area) == (place.stiffness, place.layers, place.area)
            assert other.outward == pytest.approx((-place.outward[0], *place.outward[1:]))
        assert math.hypot(*place.outward) == pytest.approx(1.0)


def test_directions():
    outward = (0.6, 0.8, 0.0)
    assert direction("inward", outward) == pytest.approx((-0.6, -0.8, 0.0))
    assert direction("lateral", outward, "L") == (-1.0, 0.0, 0.0)
    assert direction("medial", outward, "L") == (1.0, 0.0, 0.0)
    assert direction("caudad", outward) == (0.0, 0.0, -1.0)
    assert direction((0.0, 3.0, 4.0), outward) == pytest.approx((0.0, 0.6, 0.8))
    for word in DIRECTIONS:
        assert math.hypot(*direction(word, outward, "R")) == pytest.approx(1.0)


def test_forces_taught_and_measured():
    levels = force_levels(station("frontal.R"), P)
    assert from_internal(levels["taught"][0], "gf") == pytest.approx(5.0, rel=0.01)
    for end, pressure in zip(levels["practice"], (0.54, 0.01, 1.69), strict=True):
        assert end == pytest.approx(to_internal(pressure * 1.6, "N"))
    assert levels["practice"][1] < levels["taught"][0] < levels["practice"][0]
    # Over the palm under an occiput the same pressure is about the weight of the head, 35-45 N.
    assert 35 < from_internal(force_levels(station("occiput"), P)["practice"][0], "N") < 60


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: station("occput"), "occiput"),
        (lambda: station("vault"), "vault.L"),
        (lambda: sides("vaultt"), "vault"),
        (lambda: in_region("hed"), "head"),
        (lambda: direction("inwards", (1.0, 0.0, 0.0)), "inward"),
        (lambda: direction("medial", (0.0, 1.0, 0.0), "M"), "midline"),
        (lambda: direction((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)), "not all zero"),
        (lambda: direction((0.0, math.nan, 0.0), (1.0, 0.0, 0.0)), "finite"),
    ],
)
def test_mistakes_are_told(call, says):
    with pytest.raises(CisternaError) as caught:
        call()
    assert says in str(caught.value)
