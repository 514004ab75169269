"""Veins of `whole` and `whole-closed`: a strain is felt, no vein holds less than nothing, there is one vena cava."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from whole_sample import resting

from cisterna.model.assemble import assemble
from cisterna.model.person import Person
from cisterna.model.simulate import simulate
from cisterna.model.start import begin
from cisterna.physiology.heart import VenousReservoir, Ventricle
from cisterna.physiology.walls import CollapsingWall, LinearWall

#: A strain as in the reference rows vals40_icp and vals40_map: mmHg at the mouth, start and length in s.
STRAIN, AT, LONG = 40.0, 10.0, 15.0


def vessels(plan):
    """Compartments that hold an absolute volume of blood; others count from their rest."""
    own = plan.of_kind(CollapsingWall, VenousReservoir, Ventricle)
    stiff = {n: part for n, part in plan.of_kind(LinearWall).items() if part.law.numbers(n)["unstressed"] > 0.0}
    return [*own, *stiff]


def watched(plan):
    for name in vessels(plan):
        plan = plan.signal(f"v.{name}", f"volume.{name}", "mL")
    return plan


@pytest.fixture(scope="module")
def whole():
    plan, _, start = resting()
    return plan, assemble(watched(plan)), start


@pytest.fixture(scope="module")
def closed():
    plan = watched(Person.typical(body="whole-closed").blueprint())
    net = assemble(plan)
    return plan, net, begin(plan, net)


def strained(body, level):
    plan, net, start = body
    schedule = start.schedule.copy()
    schedule.pulse("strain", level, AT, LONG, over=0.5)
    return simulate(net, schedule, 40.0, state=start.rest.state, march=start.march)


def tilted(body, degrees):
    plan, net, start = body
    schedule = start.schedule.copy()
    schedule.ramp("tilt", np.radians(degrees), start=2.0, over=3.0)
    return simulate(net, schedule, 40.0, state=start.rest.state, march=start.march)


def mean(run, name, start, end):
    """Mean weighted by a raised cosine, so that a cut beat does not count."""
    inside = (run.times > start) & (run.times < end)
    return float(np.average(run.signal(name)[inside], weights=np.hanning(inside.sum() + 2)[1:-1]))


def change(run, name, start, end):
    return mean(run, name, start, end) - mean(run, name, 0.0, AT)


def least(run):
    return {name: float(run.signal(name).min()) for name in run.names if name.startswith("v.")}


# ---- strain -----------------------------------------------------------------------------------------------
def test_a_strain_raises_pressure_from_head_to_sacrum(whole):
    """Rows vals40_icp (10 to 35 mmHg above rest) and vals_lp (lumbar above 18.4 mmHg); the heart stays prescribed."""
    run = strained(whole, STRAIN)
    late = (AT + 5.0, AT + LONG)
    for name in ("icp", "pressure_csf.L3", "pressure_csf.T6", "pressure_sinus", "cvp"):
        assert 10.0 < change(run, name, *late) < 35.0, name
    assert mean(run, "pressure_csf.L3", *late) > 18.4
    assert abs(change(run, "abp", *late)) < 0.5
    assert abs(change(run, "icp", 32.0, 40.0)) < 1.0
    assert min(least(run).values()) > 0.0


def test_sucking_lowers_it_and_less(whole):
    """Against a shut glottis the other way: the veins at the inlet of the chest collapse and hold the head's blood."""
    run = strained(whole, -STRAIN)
    late = (AT + 5.0, AT + LONG)
    assert -20.0 < change(run, "icp", *late) < -2.0
    assert change(run, "cvp", *late) < change(run, "pressure_sinus", *late) - 5.0
    assert min(least(run).values()) > 0.0


def test_a_closed_heart_answers_a_strain(closed):
    """Valsalva: pressure rises at once, then falls by less than 25 mmHg (row vals40_map) while the heart speeds up."""
    run = strained(closed, STRAIN)
    late = (AT + 10.0, AT + LONG)
    assert 5.0 < change(run, "abp", AT + 0.5, AT + 2.0) < 40.0
    assert -25.0 < change(run, "abp", *late) < 0.0
    assert change(run, "heart_rate", *late) > 10.0
    assert mean(run, "flow_aorta", *late) < 0.7 * mean(run, "flow_aorta", 0.0, AT)
    for name in ("icp", "pressure_csf.L3", "cvp"):
        assert 10.0 < change(run, name, *late) < 37.0, name
    assert min(least(run).values()) > 0.0


@pytest.mark.parametrize("body", ["one", "cranial", "axis", "whole", "whole-closed"])
def test_a_body_has_a_strain_only_if_it_answers(body):
    plan = Person.typical(body=body).blueprint()
    seeing = {name for name, part in plan.parts.items() if "drive.strain" in part.sees.values()}
    assert ("strain" in plan.controls) is (body in ("axis", "whole", "whole-closed"))
    # One source: whatever else is pressed sees chest or belly.
    assert seeing == ({"thorax", "abdomen"} if body == "whole-closed" else {"thorax", "abdomen", "cvp"}) & set(
        plan.parts
    )


# ---- volumes ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("degrees", [-90.0, -45.0, 45.0, 90.0])
@pytest.mark.parametrize("body", ["whole", "closed"])
def test_no_vein_holds_less_than_nothing_in_any_posture(body, degrees, request):
    found = least(tilted(request.getfixturevalue(body), degrees))
    assert len(found) == (5 if body == "whole" else 14)
    assert min(found.values()) > 0.0, found


def test_volume_and_area_of_a_jugular_are_one(whole):
    """Upright a jugular keeps the share of its volume that it keeps of its area, 5 of 94 mm2."""
    plan, _, _ = whole
    lying, upright = tilted(whole, 0.0), tilted(whole, 90.0)
    p = Person.typical(body="whole").parameters

    def area(run):
        opened = 1.0 + 2.0 / np.pi * np.arctan(run.signal("pressure_jugular") / p.value("ga_A"))
        return p.value("jugular_area_half") * opened[run.times > 30.0].mean()

    kept = area(upright) / area(lying)
    assert 0.03 < kept < 0.08
    length = 0.0
    for name in ("v.jugular.upper.left", "v.jugular.lower.left"):
        assert mean(upright, name, 30.0, 40.0) / mean(lying, name, 30.0, 40.0) == pytest.approx(kept, rel=0.3)
        length += mean(lying, name, 30.0, 40.0) / area(lying)
    # From the sinuses to the vena cava it is as long as the way to the heart.
    assert length == pytest.approx(p.value("height_atrium"), rel=0.15)


# ---- the wall ---------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def jugular(whole):
    return whole[0].part("jugular.upper.left").law


def test_a_wall_keeps_the_compliance_of_its_row_where_it_works(whole):
    p = Person.typical(body="whole").parameters
    places = {"upper": ("ga_Cj3", "jugular_pressure_supine"), "lower": ("ga_Cj2", "jugular_pressure_supine")}
    for name, (row, at) in {f"jugular.{k}.right": v for k, v in places.items()}.items() | {
        "vena_cava": ("ga_Csvc", "ga_Pcv")
    }.items():
        law = whole[0].part(name).law
        slope = jax.grad(lambda v, law=law: law.pressure(v, {}))(law.volume(p.value(at)))
        assert 1.0 / float(slope) == pytest.approx(p.value(row), rel=1e-6)


def test_pressure_and_volume_are_inverse_and_volume_is_never_gone(jugular):
    pressures = np.linspace(-700.0, 120.0, 83)
    volumes = np.array([jugular.volume(p) for p in pressures])
    assert (volumes > 0.0).all() and (np.diff(volumes) > 0.0).all()
    beyond = pressures > -600.0
    assert np.allclose(jugular.pressure(jnp.asarray(volumes[beyond]), {}), pressures[beyond], rtol=1e-6, atol=1e-6)


def test_a_wall_rises_everywhere(jugular):
    """dp/dV > 0 from a volume a solver overshoots to, past the corner, to a vein three times as full; no jump."""
    volume = jnp.linspace(-0.5, 25.0, 40_001)
    slope = jax.grad(lambda v: jugular.pressure(v, {}).sum())(volume)
    assert np.isfinite(slope).all() and float(slope.min()) > 0.0
    least = 1e-3 * jugular.numbers("j")["corner"] * jugular.numbers("j")["compliance"]
    step = 1e-9 * least
    assert float(jugular.pressure(least + step, {}) - jugular.pressure(least - step, {})) < 1e-3
    assert float(jugular.pressure(0.0, {})) < -760.0


# ---- one vena cava ----------------------------------------------------------------------------------------
def test_the_closed_heart_has_one_vena_cava(closed):
    """What ended in the vena cava of `whole` ends at `cvp`, which holds the compliance of the thoracic cavae once."""
    plan = closed[0]
    assert not {"vena_cava", "atrium"} & set(plan.parts)
    for name in ("jugular.end.left", "jugular.end.right", "plexus.out", "collateral"):
        assert plan.part(name).ends[1] == "cvp"
    soft = {n: part.law.numbers(n)["compliance"] for n, part in plan.of_kind(CollapsingWall).items()}
    p = Person.typical(body="whole-closed").parameters
    assert [n for n, value in soft.items() if value > 10.0] == ["cvp"]
    assert soft["cvp"] == pytest.approx(p.value("circ_cava_compliance"))


def test_the_blood_volume_at_rest_is_that_of_its_row(closed):
    p = Person.typical(body="whole-closed").parameters
    assert mean(tilted(closed, 0.0), "volume_body", 0.0, 40.0) == pytest.approx(p.value("circ_blood_volume"), rel=0.005)
