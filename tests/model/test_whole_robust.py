"""Body `whole` under hard use: sudden events, long runs, interrupted runs, postures, bodies that oscillate."""

import numpy as np
import pytest
from whole_sample import WATCHED, columns, radau, resting

from cisterna.model.assemble import assemble
from cisterna.model.simulate import simulate
from cisterna.model.solver.careful import TOLERANCE
from cisterna.model.solver.march import March, stack
from cisterna.model.solver.rest import UnstableRest
from cisterna.model.start import begin


@pytest.fixture(scope="module")
def whole():
    return resting()


# ---- five shocks ------------------------------------------------------------------------------------------
def _stiff_spine(net):
    for name in net.layout.stored:
        if name.startswith("canal."):
            net = net.set(f"{name}.compliance", 0.1 * net.get(f"{name}.compliance"))
    return net


def _low_pressure(net, schedule):
    schedule.ramp("abp.shift", 60.0 - float(net.get("abp.mean")), start=0.0)


#: What changes at time 0, in the body or in its inputs; the state stays that of rest.
SHOCKS = {
    "vault +20 mmHg": (lambda net: net.set("cranium.reference", net.get("cranium.reference") + 20.0), None),
    "CVP to 18": (lambda net: net.set("cvp.mean", 18.0), None),
    "ABP to 60": (lambda net: net, _low_pressure),
    "aqueduct loss x50": (lambda net: net.set("aqueduct.loss", 50.0 * net.get("aqueduct.loss")), None),
    "spine 10 times stiffer": (_stiff_spine, None),
}


@pytest.mark.parametrize("name", SHOCKS)
def test_a_shock_is_followed(whole, name):
    """From its first moment on a sudden change is within 1 % of peak to peak of the oracle, at the default step."""
    _, net, start = whole
    change, drive = SHOCKS[name]
    changed, schedule = change(net), start.schedule.copy()
    if drive is not None:
        drive(net, schedule)
    run = simulate(changed, schedule, 2.0, state=start.rest.state)
    exact = columns(net, radau(changed, schedule, run.times, start.rest.state, rtol=1e-5))
    gap = np.abs(columns(net, run.samples) - exact) / np.ptp(exact, axis=0)
    assert np.isfinite(gap).all()
    assert gap.max() < 0.01, dict(zip(WATCHED, gap.max(axis=0), strict=True))


def test_a_jump_asks_for_finer_steps(whole):
    """Without a bound on the local error the first half second after a jump is a tenth of peak to peak off."""
    _, net, start = whole
    changed = SHOCKS["vault +20 mmHg"][0](net)

    def run(step=None, tolerance=None, inner=1):
        march = March(inner=inner, outer=100)
        found = simulate(
            changed, start.schedule, 0.5, state=start.rest.state, step=step, tolerance=tolerance, march=march
        )
        return columns(net, found.samples)

    exact = run(step=0.0001, inner=50)
    swing = np.ptp(exact, axis=0)
    assert (np.abs(run(tolerance=np.inf) - exact) / swing).max() > 0.1
    assert (np.abs(run() - exact) / swing).max() < 0.01
    # An asked step is kept to.
    assert np.array_equal(run(step=0.005), run(tolerance=np.inf))


def test_one_lane_that_jumps_refines_all_lanes(whole):
    """Lanes keep identical steps: the difference of two equal lanes stays zero beside one that jumps."""
    _, net, start = whole
    jump = start.schedule.copy()
    jump.ramp("infusion", 10.0, start=0.0)
    run = simulate(net, [start.schedule, jump, start.schedule], 0.5, state=start.rest.state)
    assert run.errors.max() <= TOLERANCE
    assert np.array_equal(run.samples[0], run.samples[2])


def test_a_body_of_a_stack_that_jumps_refines_itself_only(whole):
    """Each person of a stack runs as it would alone, jump or not."""
    _, net, start = whole
    jumps = SHOCKS["vault +20 mmHg"][0](net)
    run = simulate(stack([net, jumps]), start.schedule, 0.5, state=start.rest.state)
    for lane, body in enumerate((net, jumps)):
        alone = simulate(body, start.schedule, 0.5, state=start.rest.state)
        assert np.allclose(run.samples[lane], alone.samples, rtol=0, atol=1e-9)
    assert run.errors.max() <= TOLERANCE


# ---- long and interrupted runs ----------------------------------------------------------------------------
def test_volume_closes_to_1e_9(whole):
    """A minute with a bolus, a tilt and a touch: volume gained = volume that crossed the border."""
    _, net, start = whole
    schedule = start.schedule.copy()
    schedule.pulse("infusion", 4 / 3, start=5.0, duration=3.0, over=0.2)
    schedule.ramp("tilt", np.pi / 3, start=20.0, over=4.0)
    schedule.pulse("touch.volume", 1e-5, start=30.0, duration=10.0, over=1.0)
    run = simulate(net, schedule, 60.0, state=start.rest.state)
    moved = dict(zip(net.layout.state_names, run.state - start.rest.state, strict=True))
    gained = sum(v for name, v in moved.items() if name.startswith("volume."))
    crossed = sum(v for name, v in moved.items() if name.startswith("ledger."))
    assert moved["ledger.neck_arteries"] > 100.0
    assert abs(gained - crossed) < 1e-9 * moved["ledger.neck_arteries"]


def test_restart_is_exact(whole):
    """A run in two parts is the run not interrupted, to the last bit."""
    _, net, start = whole
    once = simulate(net, start.schedule, 2.0, state=start.rest.state)
    first = simulate(net, start.schedule, 1.0, state=start.rest.state)
    second = simulate(net, start.schedule, 1.0, start=1.0, state=first.state)
    assert np.array_equal(once.state, second.state)
    assert np.array_equal(once.samples, np.concatenate([first.samples, second.samples]))


# ---- posture ----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def tilted(whole):
    """Runs a plan through a tilt; the smallest share of its fluid that any cell of the canal keeps."""
    plan, _, start = whole
    cells = [name for name in plan.parts if name.startswith("canal.")]
    for name in cells:
        plan = plan.signal(f"v.{name}", f"volume.{name}", "mL")

    def smallest(degrees, change=lambda plan: plan):
        changed = change(plan)
        net = assemble(changed)
        schedule = start.schedule.copy()
        schedule.ramp("tilt", np.radians(degrees), start=1.0, over=4.0)
        run = simulate(net, schedule, 25.0, state=start.rest.state)
        held = [float(net.get(f"{name}.capacity")) for name in cells]
        return min(1.0 + run.signal(f"v.{n}").min() / v for n, v in zip(cells, held, strict=True))

    return smallest


@pytest.mark.parametrize("degrees", [-90.0, -30.0, 90.0])
def test_no_cell_empties_in_any_posture(tilted, degrees):
    assert tilted(degrees) > 0.8


def _lumbar(plan):
    return [name for name in plan.parts if name.startswith(("canal.L", "canal.S"))]


def _soft_and_flat(plan):
    """A lumbar sac ten times softer, without the column of epidural veins that carries it in posture."""
    for name in _lumbar(plan):
        plan = plan.scale(f"{name}.compliance", by=10.0).replace(name, outside={"abdomen": 0.5, "thorax": -0.5})
    return plan


def _no_floor(plan):
    plan = _soft_and_flat(plan)
    for name in _lumbar(plan):
        plan = plan.with_field(f"{name}.resistance", 0.0)
    return plan


def test_a_soft_lumbar_sac_keeps_its_fluid_by_the_floor(tilted):
    """The case in which an exponential sac loses more than it holds: with the floor every cell stays positive."""
    assert tilted(-30.0, _soft_and_flat) > 0.0
    assert tilted(-90.0, _soft_and_flat) > 0.0
    assert tilted(-90.0, _no_floor) < 0.0


# ---- a body that oscillates by itself ---------------------------------------------------------------------
def _plateau(plan):
    """High outflow resistance, stiff walls and strong regulation: pressure and arterial tone drive each other."""
    for name in plan.parts:
        if name.startswith("absorption."):
            plan = plan.scale(f"{name}.resistance", by=4.0)
        if name.startswith("canal."):
            plan = plan.scale(f"{name}.compliance", by=0.2)
    for name, factor in (("cranium.residual", 0.2), ("lacunae.stiffness", 5.0), ("tone.gain", 20.0)):
        plan = plan.scale(name, by=factor)
    return plan


def test_a_body_that_oscillates_by_itself_has_no_rest(whole):
    """It is refused by that name, never reported; in time pressure swings beyond beat and breath."""
    plan, _, start = whole
    plan = _plateau(plan)
    net = assemble(plan)
    with pytest.raises(UnstableRest, match="oscillates by itself") as refused:
        begin(plan, net)
    assert "swings by" in str(refused.value)
    run = simulate(net, start.schedule, 240.0, step=0.01)
    # Over a whole breath of beats nothing is left of a body at rest.
    window = round(start.period / 0.01)
    slow = np.convolve(run.signal("icp"), np.ones(window) / window, "valid")[-round(120.0 / 0.01) :]
    assert np.isfinite(slow).all() and np.ptp(slow) > 1.0
