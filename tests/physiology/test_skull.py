"""Skull: closed forms, symmetries of the laws, published and prototype figures, yielding sutures."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.ground.units import from_internal, to_internal
from cisterna.physiology.skull import (
    MATERIAL_ROWS,
    SkullMaterial,
    by_age,
    condense,
    dent_compliance,
    respond,
    skull_material,
    skull_port,
    stiffness,
    suture_compliance,
    with_states,
)
from cisterna.physiology.skull_anatomy import SUTURES, anatomy, human_skull, touched
from cisterna.physiology.skull_geometry import Line, arc, build, disc, plates_at, vault_borders

P = default_parameters()
ADULT = skull_material(40.0, P)
HEAD = human_skull(anatomy(P), float(ADULT.radius))
PORT = condense(ADULT, HEAD)
PER_N = to_internal(1.0, "N")
FIVE_GF = to_internal(5.0, "gf")
UNIT = SkullMaterial(2.0, 0.5, 0.4, 30.0, 3.0, 0.3, 1.4, 1.3)


def octants():
    """A sphere cut into eight equal plates by three great circles."""
    axes = np.eye(3)
    lines = []
    for i, j in ((0, 1), (1, 2), (2, 0)):
        k = 3 - i - j
        for a in (1, -1):
            for b in (1, -1):
                chain = arc([a * axes[i], b * axes[j]], np.ones(3), per=60)
                left = np.sign(np.cross(axes[i] * a, axes[j] * b)[k])  # side of the plane to the left of travel

                def name(side, i=i, j=j, k=k, a=a, b=b):
                    signs = np.zeros(3)
                    signs[i], signs[j], signs[k] = a, b, side
                    return "".join("+" if s > 0 else "-" for s in signs)

                lines.append(Line(f"{i}{j}{a}{b}", name(left), name(-left), chain))
    plates = sorted({line.left for line in lines} | {line.right for line in lines})
    borders = vault_borders(lines, np.ones(3))
    pads = [disc(np.ones(3), 0.1, np.ones(3), borders, "pole")]
    return build(plates, lines, np.ones(3), pads)


def test_eight_plates_on_a_sphere_have_the_closed_form():
    # By symmetry each plate moves out along its diagonal: line force p R / 2, opening c p R / 2.
    geometry = octants()
    port = condense(UNIT, geometry)
    c = float(sum(suture_compliance(UNIT)))
    assert float(port.compliance) == pytest.approx(1.5 * np.pi * UNIT.radius**3 * c, rel=2e-4)
    np.testing.assert_allclose(port.opening, 0.5 * UNIT.radius * c, rtol=2e-4)
    # A plate moves c p R / 4 along each axis.
    assert float(port.touch[0] @ np.ones(3)) == pytest.approx(0.75 * c * UNIT.radius, rel=2e-4)


def test_push_of_pressure_agrees_with_the_area_of_the_plates():
    lines_area = HEAD.push.reshape(-1, 6)
    assert np.abs(lines_area.sum(axis=0)).max() < 1e-14  # force and moment of pressure balance exactly
    for name, area in zip(HEAD.plates[:-1], HEAD.area, strict=False):
        mass = HEAD.spread[HEAD.plate(name), HEAD.plate(name)]
        assert mass[0, 0] == pytest.approx(area)
        assert np.linalg.norm(HEAD.push[HEAD.plate(name)][:3]) < area  # a curved plate casts a smaller shadow
    a, b, c = anatomy(P).axes
    p = 1.6075  # Knud Thomsen's surface of an ellipsoid, within 1.1 %
    surface = 4 * np.pi * (((a * b) ** p + (a * c) ** p + (b * c) ** p) / 3) ** (1 / p)
    assert HEAD.area.sum() * anatomy(P).radius ** 2 == pytest.approx(surface, rel=0.015)


def test_six_rigid_motions_cost_nothing_and_no_seventh_does():
    matrix = np.asarray(stiffness(ADULT, HEAD))
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-15 * np.abs(matrix).max())
    values = np.linalg.eigvalsh(matrix)
    assert np.abs(values[:6]).max() < 1e-11 * values[-1]
    assert values[6] > 1e-4 * values[-1]
    assert np.abs(matrix @ HEAD.rigid).max() < 1e-10 * values[-1]


@pytest.mark.parametrize("support", ["free", "occiput"])
def test_one_vector_is_volume_per_force_and_motion_per_pressure(support):
    port = condense(ADULT, HEAD, support)
    pads = HEAD.touch.reshape(-1, HEAD.push.size)
    moved = respond(ADULT, HEAD, pads.T, support)
    volume_per_force = ADULT.radius**2 * HEAD.push @ np.asarray(moved)
    np.testing.assert_allclose(volume_per_force, np.asarray(port.touch).ravel(), atol=1e-11 * np.abs(port.touch).max())


def test_condensed_skull_is_symmetric_and_stores_energy():
    m = len(HEAD.pads)
    give = np.asarray(PORT.touch_compliance).reshape(3 * m, 3 * m)
    full = np.block([[np.array([[PORT.compliance]]), np.asarray(PORT.touch).reshape(1, -1)],
                     [np.asarray(PORT.touch).reshape(-1, 1), give]])  # fmt: skip
    # Pressure and force differ by an area: scale before comparing sizes.
    scale = 1.0 / np.sqrt(np.diag(full))
    full = scale[:, None] * full * scale
    np.testing.assert_allclose(full, full.T, atol=1e-12)
    assert np.linalg.eigvalsh(full).min() > -1e-12
    push = ADULT.radius**2 * HEAD.push
    moved = np.asarray(respond(ADULT, HEAD, push[:, None]))[:, 0]
    stored = 0.5 * moved @ np.asarray(stiffness(ADULT, HEAD)) @ moved
    assert stored == pytest.approx(0.5 * float(PORT.compliance), rel=1e-10)  # half p V at p = 1


@pytest.mark.parametrize("support", ["free", "occiput"])
def test_the_support_carries_the_rigid_part(support):
    pads = HEAD.touch.reshape(-1, HEAD.push.size)
    moved = np.asarray(respond(ADULT, HEAD, pads.T, support))
    size = np.abs(moved).max()
    if support == "free":  # no mean motion and no mean turn of the vault
        assert np.abs(HEAD.rigid.T @ HEAD.spread @ moved).max() < 1e-9 * size
    else:
        assert np.abs(moved[HEAD.plate("occiput")]).max() < 1e-9 * size
    # What the plates do not store is carried by the support: forces and turning moments balance.
    left_over = pads.T - np.asarray(stiffness(ADULT, HEAD)) @ moved
    np.testing.assert_allclose(HEAD.rigid.T @ left_over, HEAD.rigid.T @ pads.T, atol=1e-9)


def test_a_balanced_pair_does_not_ask_how_the_head_lies():
    free, lying = PORT, condense(ADULT, HEAD, "occiput")
    assert float(free.compliance) == pytest.approx(float(lying.compliance), rel=1e-12)
    assert float(free.width) == pytest.approx(float(lying.width), rel=1e-9)

    def pair(port, read):
        return sum(read(port, side) for side in ("parietal.L", "parietal.R"))

    def volume(port, name):
        return float(port.g(name, (1.0 if name.endswith("L") else -1.0, 0.0, 0.0)))

    def gap(port, name):
        return float(port.touch_gap("sagittal", name, (1.0 if name.endswith("L") else -1.0, 0.0, 0.0)))

    # The two pads are mirror images, so pushing both towards the midline is a balanced load.
    assert pair(free, volume) == pytest.approx(pair(lying, volume), rel=1e-9)
    assert pair(free, gap) == pytest.approx(pair(lying, gap), rel=1e-9)
    assert pair(free, volume) < 0.0  # a squeeze takes volume away


def test_left_and_right_are_alike():
    touch = np.asarray(PORT.touch)
    for name in HEAD.pads:
        if name.endswith(".L"):
            left, right = touch[HEAD.pad(name)], touch[HEAD.pad(name[:-1] + "R")]
            np.testing.assert_allclose(left, right * [-1, 1, 1], atol=1e-9 * np.abs(touch).max())
    assert abs(touch[HEAD.pad("sagittal"), 0]) < 1e-9 * np.abs(touch).max()


def test_compliance_goes_with_the_line_and_the_suture_gap_vanishes_with_its_width():
    c = float(sum(suture_compliance(ADULT)))
    for width in (1e-1, 1e-2, 1e-4, 1e-8):
        thin = ADULT._replace(suture_width=width * ADULT.suture_width)
        port = condense(thin, HEAD)
        assert float(port.compliance) / float(PORT.compliance) == pytest.approx(float(sum(suture_compliance(thin))) / c)
        assert float(port.gap("coronal")) == pytest.approx(width * float(PORT.gap("coronal")), rel=1e-9)
    bone_alone = condense(ADULT._replace(suture_width=0.0), HEAD)
    assert float(bone_alone.compliance) < float(PORT.compliance)
    assert float(bone_alone.gap("coronal")) == 0.0


def membrane_shell(half_length, radius, thickness, modulus, nu, n=4000):
    """Volume per pressure of a closed shell of revolution by membrane theory (complementary energy)."""
    turn = (np.arange(n) + 0.5) * np.pi / n
    arc_rate = np.hypot(radius * np.cos(turn), half_length * np.sin(turn))
    meridian, parallel = arc_rate**3 / (half_length * radius), radius * arc_rate / half_length
    along, around = parallel / 2, parallel * (1 - parallel / (2 * meridian))
    strip = 2 * np.pi * radius * np.sin(turn) * arc_rate * np.pi / n
    return np.sum((along**2 + around**2 - 2 * nu * along * around) / (modulus * thickness) * strip)


def test_bone_alone_is_near_a_closed_shell():
    r, t, e = 8.0, 0.65, ADULT.bone_E
    assert membrane_shell(r, r, t, e, 0.3) == pytest.approx(2 * np.pi * r**4 * 0.7 / (e * t), rel=1e-6)
    a, b, c = anatomy(P).axes
    shell = membrane_shell(b, np.sqrt(a * c), ADULT.thickness, ADULT.bone_E, ADULT.poisson)
    plates = float(condense(ADULT._replace(suture_width=0.0), HEAD).compliance)
    assert 1.0 < plates / shell < 1.25  # 1.18: the series length 1.4 R was matched to a shell that also bends


def test_adult_figures():
    # Prototype: 0.00074-0.00082 mL/mmHg, 0.018-0.021 um/mmHg, g 0.08-0.12 mm3/N; thin sphere 0.0008.
    assert 0.0007 < float(PORT.compliance) < 0.0012
    assert 0.018 < from_internal(float(PORT.width), "um") < 0.021
    assert 0.08 < from_internal(float(PORT.g("parietal.R")), "mm3") * PER_N < 0.12
    low, high = P["skull_compliance_human"].low, P["skull_compliance_human"].high
    assert low < float(PORT.compliance) < high
    inward = [float(PORT.g(name, "inward")) * FIVE_GF for name in HEAD.pads if not name.startswith("pterygoid")]
    volumes = [-from_internal(v, "uL") for v in inward]
    assert 0.0 < min(volumes) and max(volumes) < 0.011
    for name in ("vault.R", "parietal.R", "frontal.R", "mastoid.R"):
        bone = from_internal(float(PORT.c(name)) * FIVE_GF, "nm")
        assert 7.0 < bone < 13.0, name
    opening = np.mean([PORT.touch_opening[i, HEAD.pad("frontal.R")] @ PORT.towards("frontal.R")
                       for i in HEAD.line("coronal")])  # fmt: skip
    assert 0.2 < -from_internal(float(opening) * FIVE_GF, "nm") < 0.3  # the joint closes


def test_plates_on_sutures_alone_are_far_too_stiff():
    # Prototype: 0.00003 mL/mmHg for rigid bodies on sutures of 200 MPa, 0.00033 for 50 MPa and 0.5 mm.
    rigid = ADULT._replace(bone_E=1e6 * ADULT.bone_E, suture_E=to_internal(200, "MPa"))
    assert float(condense(rigid, HEAD).compliance) == pytest.approx(0.00003, rel=0.2)
    soft = rigid._replace(suture_E=to_internal(50, "MPa"), suture_width=0.05)
    assert float(condense(soft, HEAD).compliance) == pytest.approx(0.00033, rel=0.1)


def test_dent_agrees_with_the_shell_of_finite_elements():
    adult = ADULT._replace(radius=8.0)
    for patch, shell in ((0.6, 168.0), (1.5, 138.0), (4.0, 59.0)):
        assert from_internal(float(dent_compliance(adult, patch)), "nm") * PER_N == pytest.approx(shell, rel=0.12)
    # Yoganandan 1995: 467-5867 N/mm; the low end is contact and supports.
    assert 4000 < 1e6 / (from_internal(float(dent_compliance(adult, 0.6)), "nm") * PER_N) < 7000


def test_newborn_figures():
    port = skull_port(0.0, P)
    # Prototype 0.011 (shell) to 0.015 (network); the plates here give 0.0162.
    assert 0.011 < float(port.compliance) < 0.0165
    assert 0.4 < from_internal(float(port.gap("sagittal")), "um") < 0.7
    bone = [from_internal(float(port.c(name)) * FIVE_GF, "um") for name in ("vault.R", "sphenoid.R", "frontal.R")]
    assert 0.4 < min(bone) and max(bone) < 1.3  # prototype 0.6-1.3; the dent law is 25-40 % low in a newborn
    without_bone = skull_material(0.0, P)._replace(series=0.0)
    assert float(condense(without_bone, port.geometry).compliance) == pytest.approx(0.011, rel=0.1)


def test_yielding_sutures_are_smooth_over_six_decades():
    moduli = np.geomspace(to_internal(1100, "MPa"), to_internal(0.0015, "MPa"), 61)

    def wall(modulus):
        port = condense(ADULT._replace(suture_E=modulus), HEAD)
        return port.compliance, port.touch

    compliance, touch = (np.asarray(part) for part in jax.vmap(wall)(moduli))
    line = np.array([float(sum(suture_compliance(ADULT._replace(suture_E=e)))) for e in moduli])
    np.testing.assert_allclose(compliance / compliance[0], line / line[0], rtol=1e-8)
    assert all(b > a for a, b in pairwise(compliance))
    for part, whole in zip(touch, compliance, strict=True):  # motion and volume go together
        np.testing.assert_allclose(part / whole, touch[0] / compliance[0], rtol=1e-7, atol=1e-9)
    # The target of the hypothesis: 5 N/mm per 100 mm of suture, 10 um under 5 gf.
    assert from_internal(10.0 / line[-1], "N/mm") == pytest.approx(5.0, rel=0.05)
    soft = skull_port(40.0, P.override({"skull_suture_E": "0.0015 MPa"}))
    assert from_internal(float(soft.c("vault.R")) * FIVE_GF, "um") == pytest.approx(10.0, rel=0.1)
    # dICP <= F g / C_sk: half a millimetre of mercury is not reached even so.
    assert FIVE_GF * float(jnp.abs(soft.touch).max()) / float(soft.compliance) < 0.01


def test_gradients_agree_with_differences():
    i = HEAD.pad("parietal.R")

    def answer(material):
        port = condense(material, HEAD)
        return jnp.stack([
            jnp.log(port.compliance), jnp.log(port.g("parietal.R")),
            jnp.log(port.touch_compliance[i, 0, i, 0]), jnp.log(port.gap("sagittal")),
        ])  # fmt: skip

    material = skull_material(2.0, P)
    slopes = jax.jacobian(answer)(material)
    for entry in SkullMaterial._fields:
        value, step = getattr(material, entry), 1e-5 * getattr(material, entry)
        above, below = (answer(material._replace(**{entry: value + s})) for s in (step, -step))
        difference = np.asarray(above - below) / (2 * step)
        np.testing.assert_allclose(getattr(slopes, entry) * value, difference * value, rtol=1e-5, atol=1e-8)


def test_fusing_stiffens_and_breaking_loosens_one_suture():
    newborn, fused = skull_port(0.0, P), skull_port(0.0, P, sutures={"sagittal": "fused"})
    assert float(fused.compliance) < float(newborn.compliance)
    assert float(fused.gap("sagittal")) < 0.05 * float(newborn.gap("sagittal"))
    broken = skull_port(40.0, P, sutures={"coronal.R": "fractured"})
    assert float(broken.compliance) > float(PORT.compliance)
    assert float(broken.gap("coronal.R")) > 100 * float(PORT.gap("coronal.R"))
    assert float(broken.gap("coronal.R")) > 10 * float(broken.gap("coronal.L"))
    both = with_states(ADULT, HEAD, {"squamosal": "fused"}, P)
    assert int(jnp.sum(both.suture_E == ADULT.bone_E)) == 2


def test_age_passes_through_its_rows_and_stiffens():
    for age, column in ((0.0, 0), (6.0, 1), (20.0, 2), (80.0, 2)):
        material = skull_material(age, P)
        for entry, ids in MATERIAL_ROWS.items():
            assert getattr(material, entry) == pytest.approx(P.value(ids[min(column, len(ids) - 1)])), (
                age,
                entry,
            )
    halfway = (0.75 * 6.75) ** 0.5 - 0.75  # in log(age + 9 months) between birth and six years
    assert by_age(halfway, (4.0, 9.0, 100.0), P) == pytest.approx(6.0)
    compliance = [float(skull_port(age, P).compliance) for age in (0.0, 0.5, 2.0, 6.0, 12.0, 20.0)]
    assert all(b < a for a, b in pairwise(compliance))
    assert by_age(100.0, (1.0, 2.0, 3.0), P) == pytest.approx(3.0)


def test_every_head_station_lies_on_the_plate_it_names():
    place = dict(zip(HEAD.pads, HEAD.touch, strict=True))
    assert len(place) == len(touched()) == 35
    wanted = {
        "frontal.R": "frontal", "parietal.L": "parietal.L", "occiput": "occiput", "cv4.R": "occiput",
        "mastoid.R": "temporal.R", "ear.L": "temporal.L", "vault.R": "temporal.R", "sphenoid.L": "sphenoid",
        "fronto_occipital": "frontal", "maxilla.R": "face", "mandible.L": "temporal.L",
    }  # fmt: skip
    for name, plate in wanted.items():
        assert place[name][0, HEAD.plate(plate)][0] == pytest.approx(1.0), name
    # A finger on the sagittal suture loads both parietals alike.
    for side in "LR":
        assert place["sagittal"][0, HEAD.plate(f"parietal.{side}")][0] == pytest.approx(0.5)


def test_wrong_names_are_answered_with_the_right_ones():
    for call, nearest in (
        (lambda: PORT.g("frontl.R"), "frontal.R"),
        (lambda: PORT.gap("coronl"), "coronal"),
        (lambda: condense(ADULT, HEAD, "ociput"), "occiput"),
        (lambda: skull_port(40.0, P, sutures={"sagittal": "fussed"}), "fused"),
        (lambda: HEAD.plate("frontl"), "frontal"),
    ):
        with pytest.raises(CisternaError) as caught:
            call()
        assert nearest in str(caught.value)
    with pytest.raises(CisternaError):
        skull_material(-1.0, P)
    assert all(HEAD.line(name) for name in SUTURES)


def test_a_plate_is_found_by_its_border():
    corner = np.stack([np.eye(3), np.roll(np.eye(3), -1, axis=0)], axis=1)  # x to y to z to x
    borders = {"corner": corner, "rest": corner[:, ::-1]}
    assert plates_at(np.array([[1.0, 1.0, 1.0], [1.0, -0.3, 0.2]]), borders) == ("corner", "rest")
