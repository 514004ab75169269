"""Limits of the body `whole`: its canal alone is a compliant tube, and it is hyperbolic whatever its volume."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.model.assemble import assemble
from cisterna.model.blueprint import Blueprint
from cisterna.model.network import rhs
from cisterna.model.person import Person
from cisterna.model.regions.canal import canal
from cisterna.model.schedule import Schedule
from cisterna.model.simulate import simulate
from cisterna.model.solver.march import March
from cisterna.physiology.paths import Injection
from cisterna.physiology.walls import SacWall

#: A uniform tube in place of the canal: area cm2, compliance per length mL/(mmHg cm).
AREA, SOFT = 1.5, 0.006
RHO = default_parameters().value("csf_density")
SPEED = np.sqrt(AREA / (RHO * SOFT))


def tube(per_level, mouth):
    """The canal's own plan with one area and one compliance per length, no loss and no absorption.

    Closed below; above it is closed too and a flow enters the first cell, or it opens to a given pressure.
    """
    p = default_parameters()
    plan = Blueprint(densities={"csf": RHO, "blood": p.value("blood_density")})
    for name, unit in (("infusion", "mL/s"), ("push", "mL/s"), *((n, "mmHg") for n in OUTSIDE)):
        plan = plan.control(name, 0.0, unit)
    plan, row = canal(plan, p, {"mouth": ("top", 0.0, 0.0)} if mouth else {}, per_level)
    for cell in row:
        plan = plan.remove(f"wall.{cell.name}", f"absorption.{cell.name}")
        plan = plan.with_field(f"canal.{cell.name}.compliance", SOFT * cell.length)
        plan = plan.signal(f"p.{cell.name}", f"pressure.canal.{cell.name}", "mmHg")
    for above, below in zip(row[:-1], row[1:], strict=True):
        length = 0.5 * (above.length + below.length)
        plan = plan.with_field(f"column.{below.name}.inertance", RHO * length / AREA)
        plan = plan.with_field(f"column.{below.name}.resistance", 0.0)
    if mouth:
        plan = plan.with_field("mouth.inertance", RHO * row[0].length / 2 / AREA)
    else:
        plan = plan.join("source", ("", f"canal.{row[0].name}"), Injection(), sees={"flow": "drive.push"})
    return assemble(plan), row


OUTSIDE = ("plexus", "cvp", "thorax", "abdomen", "top")


def modes(net):
    """Frequencies of a tube, Hz, and the largest real part of its eigenvalues over the largest modulus."""
    n = len(net.layout.state_names) - len(net.layout.border)
    slope = np.asarray(jax.jacfwd(rhs, argnums=2)(net, 0.0, net.start, net.rest))[:n, :n]
    values = np.linalg.eigvals(slope)
    found = np.sort(values.imag[values.imag > 1e-6]) / (2 * np.pi)
    return found, np.abs(values.real).max() / np.abs(values).max()


@pytest.mark.parametrize("per_level", [1, 2, 4])
def test_quarter_wave_resonance(per_level):
    """Open to a pressure above, closed below: c/4L, 3c/4L, 5c/4L, and nothing dies away."""
    net, row = tube(per_level, mouth=True)
    length = sum(cell.length for cell in row)
    found, damping = modes(net)
    odd = np.array([1.0, 3.0, 5.0])
    assert found[:3] == pytest.approx(odd * SPEED / (4 * length), rel=0.02)
    assert damping < 1e-9


def test_the_frequencies_converge_with_the_square_of_the_cell():
    exact = None
    errors = []
    for per_level in (1, 2, 4):
        net, row = tube(per_level, mouth=True)
        exact = SPEED / (4 * sum(cell.length for cell in row)) * np.array([1.0, 3.0, 5.0])
        errors.append(np.abs(modes(net)[0][:3] / exact - 1.0))
    order = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert (order > 1.8).all() and (order < 2.2).all(), order


#: A smooth pulse of flow into the top: mL, when it peaks and how wide it is, s.
PULSE, PEAK, WIDTH = 1e-4, 0.08, 0.016


def _flow(t):
    return PULSE / (WIDTH * np.sqrt(2 * np.pi)) * np.exp(-0.5 * ((t - PEAK) / WIDTH) ** 2)


@pytest.fixture(scope="module")
def pulse():
    """The tube at two cells a level after a pulse of flow: times, pressures above rest, cells."""
    net, row = tube(2, mouth=False)
    schedule = Schedule(dict(zip(net.layout.control_names, np.asarray(net.rest), strict=True)))
    # Controls are lines between events: the pulse as a polygon, far finer than it is wide.
    knots = np.arange(0.0, 2 * PEAK, 0.002)
    for a, b in zip(knots[:-1], knots[1:], strict=True):
        schedule.ramp("push", _flow(b), start=float(a), over=float(b - a))
    run = simulate(net, schedule, 0.36, step=0.0005, march=March(inner=1, outer=4))
    return run.times, run.samples - default_parameters().value("axis_sac_rest"), row


def _predicted(times, x, length):
    """Pressure at x by the images of the pulse at both closed ends: Z Q(t - path / c) summed over paths."""
    impedance = np.sqrt(RHO / (AREA * SOFT))
    paths = [x, 2 * length - x, 2 * length + x, 4 * length - x]
    return impedance * sum(_flow(times - path / SPEED) for path in paths)


def test_a_pulse_travels_at_the_speed_of_the_tube(pulse):
    """Peak to peak between two cells, sqrt(A / (rho C')) within 2 %."""
    times, pressure, row = pulse
    upper, lower = (next(i for i, c in enumerate(row) if c.name == n) for n in ("C4.1", "T12.1"))

    def passes(k):
        first = times < PEAK + (row[k].depth + 0.4 * (row[-1].depth - row[k].depth) * 2) / SPEED
        top = np.argmax(np.where(first, pressure[:, k], -1.0))
        a, b, c = pressure[top - 1 : top + 2, k]
        return times[top] + 0.5 * (a - c) / (a - 2 * b + c) * (times[1] - times[0])

    speed = (row[lower].depth - row[upper].depth) / (passes(lower) - passes(upper))
    assert speed == pytest.approx(SPEED, rel=0.02)


@pytest.mark.parametrize("name", ["C4.1", "T6.1", "L3.1", "S2.2"])
def test_a_pulse_meets_the_closed_form_with_its_reflections(pulse, name):
    """The whole course of pressure at a cell, both reflections included; at the closed end it doubles."""
    times, pressure, row = pulse
    k = next(i for i, c in enumerate(row) if c.name == name)
    length = sum(cell.length for cell in row)
    exact = _predicted(times, row[k].depth, length)
    assert np.abs(pressure[:, k] - exact).max() < 0.02 * exact.max()
    if name == "S2.2":
        impedance = np.sqrt(RHO / (AREA * SOFT))
        assert pressure[:, k].max() == pytest.approx(2 * impedance * _flow(PEAK), rel=0.02)


# ---- hyperbolic at every volume ---------------------------------------------------------------------------
@pytest.fixture(scope="module")
def sacs():
    """All sacs of the body as one law, a row each."""
    plan = Person.typical(body="whole").blueprint()
    rows = [part.law.numbers(name) for name, part in plan.of_kind(SacWall).items()]
    assert len(rows) == 26
    return SacWall(**{key: jnp.array([[row[key]] for row in rows]) for key in SacWall.units()})


@pytest.mark.parametrize("softer", [1.0, 5.0, 50.0])
def test_every_sac_has_a_compliance_at_every_volume(sacs, softer):
    """dp/dV > 0 from far below the floor to half as much again, so that waves have a speed everywhere."""
    soft = dataclasses.replace(sacs, compliance=sacs.compliance * softer)
    share = jnp.concatenate([jnp.linspace(-2.0, 0.5, 2001), jnp.array([-0.98, -1.0, -1.0 + 1e-9, 0.0])])
    slope = jax.grad(lambda v: soft.pressure(v, {}).sum())(share * sacs.capacity)
    assert np.isfinite(slope).all() and float(slope.min()) > 0.0


def test_an_emptied_sac_resists(sacs):
    """The floor of every sac: with all its fluid gone it stands far below any pressure in a body."""
    assert float(sacs.pressure(-sacs.capacity, {}).max()) < -200.0


@pytest.mark.parametrize("value", [0.0, -0.005])
def test_a_canal_without_compliance_is_refused(value):
    p = default_parameters()
    row = dataclasses.replace(p.peek("whole_spinal_compliance"), value=value, low=value, high=value)
    person = dataclasses.replace(
        Person.typical(body="whole"), parameters=p.replace_rows({"whole_spinal_compliance": row})
    )
    with pytest.raises(CisternaError, match="no compliance"):
        person.network()


@pytest.mark.parametrize("name", ["canal.T5.compliance", "cortex.compliance", "wall.L3.compliance"])
@pytest.mark.parametrize("value", [0.0, -0.01])
def test_a_wall_without_compliance_is_refused(name, value):
    plan = Person.typical(body="whole").blueprint().with_field(name, value)
    with pytest.raises(CisternaError, match="no compliance") as caught:
        assemble(plan)
    assert name in str(caught.value)
