"""Carbon dioxide: reactivity, both ends, speed, what is left of autoregulation, posture, a pial bed alone."""

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.model.assemble import assemble
from cisterna.model.blueprint import Blueprint
from cisterna.model.carbon import carbon_dioxide
from cisterna.model.simulate import simulate
from cisterna.model.start import resting_schedule
from cisterna.physiology.blood import CalibreResistance, PialArteries, ToneRegulation
from cisterna.physiology.drives import AxialGravity
from cisterna.physiology.regulation import ArterialCarbon, CarbonResponse

P = default_parameters()


def _bed() -> Blueprint:
    """A regulated pial bed between a steady arterial and a steady venous pressure, at a steady ICP."""
    arteriolar = {"coefficient": P["ga_kR"], "basal": P["ga_Cpan"], "share": 0.5}
    calibre = {"volume": "volume.pial"}
    inflow = P.value("axis_neck_resistance") + P.value("axis_large_resistance")
    plan = (
        Blueprint()
        .control("arterial", 93.0, "mmHg")
        .control("venous", P.value("ga_Pv"), "mmHg")
        .control("icp", P.value("ul_icp0"), "mmHg")
        .control("tilt", 0.0, "deg")
        .add("gravity", AxialGravity(gravity=P["standard_gravity"]), sees={"tilt": "drive.tilt"})
        .add(
            "pial",
            PialArteries(basal=P["ga_Cpan"], dilation=P["ga_Cpa1"], constriction=P["ga_Cpa2"]),
            sees={"tone": "state.tone"}, outside={"icp": 1.0}, start=10.0,
        )
        .add(
            "tone", ToneRegulation(gain=P["ga_Gaut"].value, time=P["ga_tau"], wanted=P["ul_qn"]),
            sees={"flow": "flow.out"},
        )
        .join("in", ("arterial", "pial"), CalibreResistance(resistance=inflow, **arteriolar), sees=calibre)
        .join("out", ("pial", "venous"), CalibreResistance(resistance=P["ga_Rpv"], **arteriolar), sees=calibre)
        .signal("cbf", "flow.out", "mL/s")
        .signal("volume", "volume.pial", "mL")
    )  # fmt: skip
    return carbon_dioxide(plan, P)


@pytest.fixture(scope="module")
def bed():
    plan = _bed()
    return plan, assemble(plan)


def _flows(bed, duration=400.0, **lanes):
    """Flow of lanes whose controls are held at the values given, one list per control: (run, flow at the end)."""
    plan, net = bed
    count = len(next(iter(lanes.values())))
    schedules = []
    for k in range(count):
        schedule = resting_schedule(plan, net)
        for name, values in lanes.items():
            schedule.ramp(name, float(values[k]), 0.0)
        schedules.append(schedule)
    run = simulate(net, schedules, duration, step=0.05)
    return run, run.signal("cbf")[:, -1]


def test_reactivity_is_published_and_saturates(bed):
    """2-5 %/mmHg about rest; at 30 over at 50 mmHg as measured; flat beyond 20 and 80."""
    at = [15.0, 20.0, 30.0, 39.0, 40.0, 41.0, 50.0, 80.0, 100.0]
    _, flow = _flows(bed, paco2=at)
    flow = dict(zip(at, flow, strict=True))
    reactivity = 100 * (flow[41.0] - flow[39.0]) / 2 / flow[40.0]
    assert 2.0 < reactivity < 5.0
    assert 0.3 < flow[30.0] / flow[50.0] < 0.55  # Grune et al. 2014, reference row hv_cbf
    assert 0.35 < flow[20.0] / flow[40.0] < 0.65 and 1.5 < flow[80.0] / flow[40.0] < 2.3
    low_end = 100 * (flow[20.0] - flow[15.0]) / 5 / flow[40.0]
    high_end = 100 * (flow[100.0] - flow[80.0]) / 20 / flow[40.0]
    assert 0 <= low_end < 0.3 * reactivity and 0 <= high_end < 0.1 * reactivity


def test_resting_carbon_changes_nothing(bed):
    """At 40 mmHg lying down the flow is that of the autoregulation without CO2."""
    plan, _ = bed
    tone = plan.part("tone")
    law = ToneRegulation(gain=tone.law.gain, time=tone.law.time, wanted=tone.law.wanted)
    plain = plan.replace("tone", law, sees={"flow": "flow.out"})
    net = assemble(plain)
    without = simulate(net, [resting_schedule(plain, net)], 400.0, step=0.05).signal("cbf")[0, -1]
    assert _flows(bed, paco2=[40.0])[1][0] == pytest.approx(without, rel=1e-9)


def test_autoregulation_stays(bed):
    """A fall of 20 mmHg in pressure costs less than half of what a stiff bed would lose, at any PaCO2 of the middle."""
    for carbon in (32.0, 40.0, 46.0):
        _, flow = _flows(bed, paco2=[carbon] * 2, arterial=[93.0, 73.0])
        assert 0 < 1 - flow[1] / flow[0] < 0.5 * 20 / 79


def test_a_dilated_bed_answers_less(bed):
    """Below the lower limit of autoregulation the muscle nears its end: reactivity falls with the pressure."""
    pressures = [93.0, 60.0, 40.0, 30.0, 25.0]
    _, flow = _flows(bed, paco2=[40.0] * 5 + [45.0] * 5, arterial=pressures * 2)
    reactivity = flow[5:] / flow[:5] - 1
    assert reactivity[1] == pytest.approx(reactivity[0], rel=0.1)  # above the limit nothing is lost
    assert (np.diff(reactivity[1:]) < 0).all() and reactivity[-1] < 0.4 * reactivity[0]


def test_speed_of_the_answer(bed):
    """A step of CO2 is half done within 10-60 s and free of overshoot beyond a tenth."""
    run, _ = _flows(bed, paco2=[40.0])
    plan, net = bed
    schedule = resting_schedule(plan, net)
    schedule.ramp("paco2", 45.0, 0.0)
    flow = simulate(net, schedule, 400.0, state=run.state[0], step=0.05).signal("cbf")
    done = (flow - flow[0]) / (flow[-1] - flow[0])
    half = 0.05 * np.argmax(done > 0.5)
    assert 5 < half < 60 and done.max() < 1.1


def test_standing_up_takes_carbon_and_flow(bed):
    """Upright PaCO2 falls by the row's 3 mmHg and flow by about a tenth; lying it is what the protocol says."""
    run, flow = _flows(bed, tilt=[0.0, np.pi / 2, -np.pi / 6])
    carbon = run.signal("paco2")[:, -1]
    assert carbon[0] == pytest.approx(40.0, abs=1e-9)
    assert carbon[1] == pytest.approx(40.0 - P["carbon_fall_upright"].value, abs=0.1)
    assert carbon[2] == pytest.approx(40.0, abs=0.1)
    assert 0.06 < 1 - flow[1] / flow[0] < 0.2


def test_laws_in_closed_form():
    """Slope at rest and both ends of the curve; the response is first order."""
    law = CarbonResponse(rest=40.0, slope=0.04, dilation=1.6, constriction=1.2, time=20.0)

    def aim(carbon):
        return 20.0 * float(law.rate(0.0, {"paco2": carbon}))

    assert (aim(40.01) - aim(39.99)) / 0.02 == pytest.approx(0.04, rel=1e-5)
    assert aim(1000.0) == pytest.approx(0.8) and aim(-1000.0) == pytest.approx(-0.6)
    assert float(law.rate(0.3, {"paco2": 40.0})) == pytest.approx(-0.3 / 20)
    law = ArterialCarbon(fall=3.0, rounding=1e-9, standard=980.665)
    for gravity, left in ((490.3325, 38.5), (0.0, 40.0), (-980.665, 40.0)):
        assert float(law.signal(0.0, {"paco2": 40.0, "gravity": gravity})) == pytest.approx(left)


def test_carbon_needs_a_regulation():
    with pytest.raises(CisternaError, match="acts through an autoregulation"):
        carbon_dioxide(_bed(), P)
