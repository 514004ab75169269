"""The baroreflex: the laws' closed forms, open-loop gain, posture with and without it, a report without authority."""

import numpy as np
import pytest
from loop_alone import loop, mean, surroundings

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.model.assemble import assemble
from cisterna.model.baroreflex import reported_baroreflex, without_baroreflex
from cisterna.model.settle import HEART_MARCH, settle
from cisterna.model.simulate import simulate, stack
from cisterna.model.start import resting_schedule
from cisterna.physiology.baroreflex import Afferent, Baroreceptor, SympatheticDrive, VagalDrive
from cisterna.physiology.drives import Pulse
from cisterna.physiology.paths import Resistance
from cisterna.physiology.walls import LinearWall

P = default_parameters()
RECEPTOR = {"lead": 6.37, "lag": 2.076, "column": -0.0148}


# ---- laws -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("frequency", [0.02, 0.1, 1.0])
def test_receptor_is_a_lead_lag(frequency):
    """The state and the pressure it leaves out make (1 + i w tau_z) / (1 + i w tau_p) of Ursino."""
    w = 2 * np.pi * frequency
    law = Baroreceptor(**RECEPTOR)
    # The law is linear, so its response follows from two of its values.
    a = law.rate(1.0, {"pressure": 0.0, "gravity": 0.0})
    b = law.rate(0.0, {"pressure": 1.0, "gravity": 0.0})
    felt = b / (1j * w - a) + law.lead / law.lag
    assert felt == pytest.approx((1 + 1j * w * 6.37) / (1 + 1j * w * 2.076), rel=1e-12)


def test_carotid_pressure_is_lower_by_the_column():
    law = Baroreceptor(**RECEPTOR)
    seated = law.rate(0.0, {"pressure": 93.0, "gravity": 980.665})
    lying = law.rate(0.0, {"pressure": 93.0 - 0.0148 * 980.665, "gravity": 0.0})
    assert float(seated) == pytest.approx(float(lying))


def test_nerves_meet_the_published_curves():
    """Firing at the set point and at both ends; drives are zero at their resting values."""
    afferent = Afferent(**RECEPTOR, set_point=92.0, width=11.758, lowest=2.52, highest=47.78, delay=0.2)
    hold = -(6.37 / 2.076 - 1)  # the receptor's own state at rest, per pressure

    def steady(pressure):
        return 0.2 * float(afferent.rate(0.0, {"receptor": hold * pressure, "pressure": pressure, "gravity": 0.0}))

    assert steady(92.0) == pytest.approx((2.52 + 47.78) / 2)
    assert steady(20.0) == pytest.approx(2.52, abs=0.2) and steady(200.0) == pytest.approx(47.78, abs=0.2)
    sympathetic = SympatheticDrive(
        asymptote=2.1, silent=16.11, decay=0.0675, threshold=2.66, rounding=1e-6, rest=0.0, delay=1.0, authority=1.0
    )
    vagal = VagalDrive(lowest=3.2, highest=6.3, middle=25.0, width=7.06, rest=0.0, delay=1.0, authority=1.0)
    for firing in (5.0, 25.0, 40.0):
        nerve = 2.1 + (16.11 - 2.1) * np.exp(-0.0675 * firing)
        assert float(sympathetic.rate(0.0, {"afferent": firing})) == pytest.approx(
            np.log(max(nerve - 2.66, 0.0) + 1.0), abs=1e-5
        )
        e = np.exp((firing - 25.0) / 7.06)
        assert float(vagal.rate(0.0, {"afferent": firing})) == pytest.approx((3.2 + 6.3 * e) / (1 + e))


# ---- the loop -------------------------------------------------------------------------------------------
def test_open_loop_gain_is_inside_the_published_range():
    """Carotid pressure clamped: arterial pressure falls along a sigmoid whose greatest slope is published."""
    plan = loop(P).control("clamp", 93.0, "mmHg")
    for name in ("baroreceptor", "afferent"):
        plan = plan.replace(name, sees={**plan.part(name).sees, "pressure": "drive.clamp"})
    net = assemble(plan)
    clamped = [40.0, 60.0, 70.0, 80.0, 88.0, 96.0, 104.0, 115.0, 140.0]
    lanes = []
    for value in clamped:
        schedule = resting_schedule(plan, net)
        schedule.ramp("clamp", value, 0.0)
        lanes.append(schedule)
    run = simulate(net, lanes, 140.0, march=HEART_MARCH)
    reached = np.array([mean(run, "abp", 110, 140, k) for k in range(len(lanes))])
    gain = -np.diff(reached) / np.diff(clamped)
    published = P["baro_open_gain"]
    assert published.low < gain.max() < published.high
    assert (gain > 0).all() and gain[0] < 0.5 * gain.max() and gain[-1] < 0.5 * gain.max()
    rate = np.array([mean(run, "heart_rate", 110, 140, k) for k in range(len(lanes))])
    assert (np.diff(rate) < 0).all() and rate[0] - rate[-1] > 25


@pytest.fixture(scope="module")
def upright():
    """Tilt to 70 degrees within 10 s, with the reflex (lane 0) and without (lane 1)."""
    plan = loop(P)
    nets = [assemble(plan), assemble(without_baroreflex(plan))]
    schedule = resting_schedule(plan, nets[0])
    states = np.stack([settle(net, schedule).state for net in nets])
    schedule.ramp("tilt", np.deg2rad(70), 20.0, over=10.0)
    return simulate(stack(nets), schedule, 150.0, state=states, march=HEART_MARCH)


def test_upright_with_the_reflex(upright):
    """Heart rate up 10-25 /min, arterial pressure kept within 10 mmHg, output and stroke volume down."""
    rise = mean(upright, "heart_rate", 100, 150, 0) - mean(upright, "heart_rate", 0, 20, 0)
    fall = mean(upright, "abp", 0, 20, 0) - mean(upright, "abp", 100, 150, 0)
    assert 10 < rise < 25 and -5 < fall < 10
    output = mean(upright, "flow_aorta", 100, 150, 0) / mean(upright, "flow_aorta", 0, 20, 0)
    assert 0.7 < output < 0.95
    assert 300 < mean(upright, "volume_legs", 100, 150, 0) - mean(upright, "volume_legs", 0, 20, 0) < 800


def test_upright_without_it(upright):
    """The same body with its nerves cut: pressure falls clearly, the rate stays."""
    fall = mean(upright, "abp", 0, 20, 1) - mean(upright, "abp", 100, 150, 1)
    assert fall > 20
    assert np.ptp(upright.signal("heart_rate", 1)) < 1e-6


def test_the_indifference_point_comes_out(upright):
    """CVP falls as if veins balanced 0-12 cm below the atrium, the published range: an outcome, not an input."""
    fall = mean(upright, "cvp", 0, 20, 0) - mean(upright, "cvp", 100, 150, 0)
    depth = fall / (P.value("blood_density") * P.value("standard_gravity") * np.sin(np.deg2rad(70)))
    assert P.peek("hip_ven").low / 10 < depth < P.peek("hip_ven").high / 10


# ---- reported beside a prescribed heart -----------------------------------------------------------------
def _prescribed():
    pulse = Pulse.normalised(
        mean=P["map_supine"], pulse=P["pulse_pressure"],
        place1=P["abp_place1"], place2=P["abp_place2"], place3=P["abp_place3"],
        width1=P["abp_width1"], width2=P["abp_width2"], width3=P["abp_width3"],
        height2=P["abp_height2"], height3=P["abp_height3"],
    )  # fmt: skip
    plan = surroundings(P)
    plan = (
        plan.control("heart.phase", 0.0, "1")
        .control("heart.strength", 1.0, "1")
        .control("abp.shift", 0.0, "mmHg")
        .add(
            "abp", pulse, position=P.value("height_atrium"),
            sees={"phase": "drive.heart.phase", "shift": "drive.abp.shift", "strength": "drive.heart.strength"},
        )
        .add("bed", LinearWall(compliance=1.0), start=93.0)
        .join("inflow", ("abp", "bed"), Resistance(resistance=1.0), fluid="blood")
        .signal("abp", "drive.abp", "mmHg", "heart")
        .signal("pressure_bed", "pressure.bed", "mmHg", "local")
    )  # fmt: skip
    return plan


def _with_pulse(plan, net, shift=0.0, tilt=0.0):
    schedule = resting_schedule(plan, net)
    schedule.run("heart.phase", P.value("hr_rest"), 0.0)
    schedule.ramp("abp.shift", shift, 0.0)
    schedule.ramp("tilt", tilt, 0.0)
    return schedule


def test_a_reported_reflex_asks_and_does_nothing():
    bare = _prescribed()
    told = reported_baroreflex(bare, P)
    nets = [assemble(bare), assemble(told)]
    runs = [simulate(net, _with_pulse(plan, net), 10.0) for plan, net in zip((bare, told), nets, strict=True)]
    for name in ("abp", "pressure_bed"):
        assert np.abs(runs[0].signal(name) - runs[1].signal(name)).max() < 1e-9
    lanes = [
        _with_pulse(told, nets[1]),
        _with_pulse(told, nets[1], shift=20.0),
        _with_pulse(told, nets[1], shift=-20.0),
        _with_pulse(told, nets[1], tilt=np.pi / 2),
    ]
    run = simulate(nets[1], lanes, 60.0)
    rest, high, low, seated = (mean(run, "reflex.heart_rate", 40, 60, k) for k in range(4))
    assert rest == pytest.approx(P["hr_rest"].value, abs=5)
    assert high < rest - 5 and low > rest + 8 and seated > rest + 5
    for name in ("reflex.resistance", "reflex.contractility", "reflex.venous"):
        values = [mean(run, name, 40, 60, k) for k in range(4)]
        assert values[1] < values[0] < values[3] < values[2]


def test_a_report_needs_a_prescribed_heart():
    with pytest.raises(CisternaError, match="prescribed heart"):
        reported_baroreflex(loop(P), P)
