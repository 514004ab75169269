"""The network: nesting conserves power, conservation is structural, assembly refuses what cannot be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.model.assemble import assemble
from cisterna.model.blueprint import Blueprint
from cisterna.model.network import evaluate, rhs, signals
from cisterna.physiology.blood import PialArteries
from cisterna.physiology.drives import Breath, Following
from cisterna.physiology.paths import FluidColumn, Injection, Resistance
from cisterna.physiology.walls import ExponentialWall, LinearWall, ViscousBranch


def nested() -> Blueprint:
    """Two fluids that share an artery, in one box: three levels of nesting."""
    return (
        Blueprint()
        .control("infusion", 0.0, "mL/s")
        .control("drain", 2.0, "mmHg")
        .add("box", ExponentialWall(rest=10.0, compliance=0.8), start=0.1)
        .add("front", LinearWall(compliance=0.5), inside="box", start=0.3)
        .add("back", LinearWall(compliance=0.2), inside="box", start=-0.2)
        .add("artery", LinearWall(compliance=0.1), inside={"front": 0.7, "back": 0.3}, start=1.0)
        .add("wall", ViscousBranch(compliance=0.4, time=0.3), on="box", start=0.05)
        .join("through", ("front", "back"), Resistance(resistance=3.0))
        .join("column", ("artery", "front"), FluidColumn(inertance=0.05, resistance=20.0), start=0.2)
        .join("out", ("back", "drain"), Resistance(resistance=50.0))
        .join("needle", ("", "front"), Injection(), sees={"flow": "drive.infusion"})
        .signal("icp", "pressure.front", "mmHg")
    )


def _pressures(net, y):
    names = net.layout.observables
    observed = evaluate(net, jnp.array(0.0), y, net.rest)[1]
    return {n: float(observed[i]) for i, n in enumerate(names) if n.startswith("pressure.")}


def test_pressures_are_outer_plus_transmural():
    net = assemble(nested())
    p = _pressures(net, net.start)
    assert p["pressure.front"] - p["pressure.box"] == pytest.approx((0.3 + 0.7 * 1.0) / 0.5)
    assert p["pressure.back"] - p["pressure.box"] == pytest.approx((-0.2 + 0.3 * 1.0) / 0.2)
    outside = 0.7 * p["pressure.front"] + 0.3 * p["pressure.back"]
    assert p["pressure.artery"] - outside == pytest.approx(1.0 / 0.1)


def test_the_box_sees_everything_inside_it():
    net = assemble(nested())
    box = 0.1 + 0.3 - 0.2 + 1.0
    branch = (box - 0.05) / 0.4
    assert _pressures(net, net.start)["pressure.box"] == pytest.approx(10.0 * np.exp(box / 8.0) + branch)


def test_nested_walls_conserve_power():
    """Pressures are the gradient of one stored energy, so the elasticity matrix dp/dV is symmetric."""
    net = assemble(nested())
    n = len(net.layout.stored)
    names = net.layout.observables
    at = [names.index(f"pressure.{name}") for name in net.layout.stored]

    def pressure(v):
        y = net.start.at[:n].set(v)
        return evaluate(net, jnp.array(0.0), y, net.rest)[1][jnp.array(at)]

    slope = np.asarray(jax.jacfwd(pressure)(net.start[:n]))
    assert np.allclose(slope, slope.T, atol=1e-12)
    assert np.linalg.eigvalsh(slope).min() > 0


def test_volume_is_conserved_by_structure():
    """Rates of all volumes minus rates of all ledgers vanish for any state."""
    net = assemble(nested())
    names = net.layout.state_names
    rng = np.random.default_rng(1)
    for _ in range(20):
        y = net.start + jnp.asarray(rng.normal(size=len(names)))
        rate = np.asarray(rhs(net, jnp.array(0.0), y, net.rest.at[0].set(rng.normal())))
        gained = sum(rate[i] for i, n in enumerate(names) if n.startswith("volume."))
        crossed = sum(rate[i] for i, n in enumerate(names) if n.startswith("ledger."))
        assert gained == pytest.approx(crossed, abs=1e-12)


def test_order_survives_jit():
    """A layout is a tuple of names: the jitted right-hand side equals the plain one."""
    net = assemble(nested())
    plain = rhs(net, jnp.array(0.0), net.start, net.rest)
    assert np.allclose(plain, jax.jit(rhs)(net, jnp.array(0.0), net.start, net.rest))


def test_equal_bodies_share_a_layout():
    a, b = assemble(nested()), assemble(nested().scale("box.compliance", by=2.0))
    assert a.layout == b.layout and hash(a.layout) == hash(b.layout)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda b: b.join("p", ("front", "bakc"), Resistance(resistance=1.0)), "back"),
        (lambda b: b.add("s", LinearWall(compliance=1.0), inside="boxx"), "box"),
        (lambda b: b.signal("x", "pressure.frnt", "mmHg"), "pressure.front"),
        (lambda b: b.signal("x", "pressure.front", "mL"), "wrong kind of unit"),
        (lambda b: b.replace("box", inside={"artery": 1.0}), "circle"),
        (lambda b: b.join("n2", ("", "front"), Injection()), "not told"),
        (lambda b: b.join("n2", ("", "front"), Injection(), sees={"flow": "pressure.front"}), "wrong kind"),
        (lambda b: b.join("n2", ("", "front"), Injection(), sees={"flow": "flow.out"}), "not known yet"),
        (lambda b: b.with_field("box.compliance", float("nan")), "not finite"),
        (lambda b: b.with_field("box.complance", 1.0), "compliance"),
        (lambda b: b.scale("bx.compliance", by=2.0), "box"),
        (lambda b: b.add("box", LinearWall(compliance=1.0)), "already"),
        (lambda b: b.add("w2", ViscousBranch(compliance=1.0, time=1.0), on="nowhere"), "compartment"),
    ],
)
def test_assembly_refuses_with_the_mend(change, words):
    with pytest.raises(CisternaError) as caught:
        assemble(change(nested()))
    assert words in str(caught.value)


def test_a_parameter_of_the_wrong_kind_is_refused():
    p = default_parameters()
    plan = nested().add(
        "x", PialArteries(basal=p["map_supine"], dilation=1.0, constriction=1.0), sees={"tone": "state.t"}
    )
    with pytest.raises(CisternaError, match="wrong kind of unit"):
        plan.part("x").law.numbers("x")


def test_a_drive_stands_after_the_drives_it_sees():
    plan = (
        Blueprint()
        .control("one", 1.0, "1")
        .add("late", Following(gain=2.0), sees={"other": "drive.early"})
        .add("early", Breath(inspiration=0.4), sees={"phase": "drive.one", "depth": "drive.one"})
        .add("x", LinearWall(compliance=1.0))
        .signal("late", "drive.late", "mmHg")
        .signal("early", "drive.early", "1")
    )
    net = assemble(plan)
    assert net.layout.drive_order == ("early", "late")
    values = np.asarray(signals(net, jnp.array(0.0), net.start, net.rest))
    assert values[0] == pytest.approx(2.0 * values[1]) and values[1] == pytest.approx(-1.0)
    with pytest.raises(CisternaError, match="circle"):
        assemble(plan.replace("early", sees={"phase": "drive.one", "depth": "drive.late"}))


def test_fields_read_and_set_by_dotted_name():
    net = assemble(nested())
    assert float(net.set("back.compliance", 0.9).get("back.compliance")) == 0.9
    assert float(net.get("back.compliance")) == 0.2
    with pytest.raises(CisternaError, match="compliance"):
        net.get("back.complianc")
