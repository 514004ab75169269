"""Measures that stand for an instrument: area of both jugulars, knee of a tilt curve, index of compliance, sums."""

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.model.person import Person
from cisterna.protocol.channel import find_channel
from cisterna.protocol.clock import Clock, even
from cisterna.protocol.operators import compliance_index, headward_rising, jugular_area, knee
from cisterna.protocol.ready import observable
from cisterna.protocol.view import View

T = np.linspace(0.0, 60.0, 6001)


def level(value):
    return np.full_like(T, float(value))


def test_jugular_area_is_averaged_over_sides_and_not_over_their_pressures():
    alone = [jugular_area(View(T, level(p), (0, 60))) for p in (10.0, -10.0)]
    both = jugular_area(View(T, level(10.0), (0, 60), against=(T, level(-10.0))))
    assert both == pytest.approx(np.mean(alone))
    curved = jugular_area(View(T, level(30.0), (0, 60), against=(T, level(-2.0))))
    assert curved != pytest.approx(jugular_area(View(T, level(14.0), (0, 60))), rel=0.05)


def test_jugular_area_takes_the_numbers_of_the_person():
    wide = Person.typical(body="whole").with_values({"jugular_area_half": "68 mm2", "ga_A": "3 mmHg"}).parameters
    view = View(T, level(3.0), (0, 60), parameters=wide)
    assert jugular_area(view) == pytest.approx(68.0 * (1.0 + 2.0 / np.pi * np.arctan(3.0 / wide.value("ga_A"))))
    assert jugular_area(View(T, level(3.0), (0, 60))) < jugular_area(view)


def test_a_run_reads_the_jugular_area_of_its_person():
    """One side narrowed: its pressure counts by itself."""
    plan = observable(Person.typical(body="whole").blueprint())
    assert {"pressure_jugular.left", "pressure_jugular.right", "volume_csf.lumbosacral"} <= set(plan.signals)
    assert len(plan.signals["volume_csf.lumbosacral"].terms) == 7  # L1 to S2
    one = Person.typical(body="one").blueprint()
    assert observable(one).signals == one.signals


def test_the_knee_of_a_broken_line_is_found():
    angle = np.interp(
        T, np.repeat(np.arange(7), 2) * 9 + np.tile([0.0, 6.0], 7), np.repeat([0, 12, 24, 36, 48, 60, 71], 2)
    )
    falls = np.maximum(10.0 - 0.35 * angle, 10.0 - 0.35 * 30.0)
    assert knee(View(T, falls, (0, 60), against=(T, angle))) == pytest.approx(30.0, abs=0.2)
    assert np.isnan(knee(View(T, falls, (0, 60), against=(T, level(0.0)))))


def test_the_compliance_index_is_volume_over_pressure():
    beats = Clock(beats=even(1.0))
    flow, gradient = 2.0 * np.pi * np.cos(2 * np.pi * T), 0.25 * np.sin(2 * np.pi * T)
    view = View(T, flow, (0, 60), beats, against=(T, gradient))
    assert compliance_index(view) == pytest.approx(2.0 / 0.5, rel=1e-2)  # 2 mL peak to peak over 0.5 mmHg


def test_headward_is_against_the_flow_to_the_feet():
    breath = Clock(breaths=even(0.25))
    rising, flow = np.sin(2 * np.pi * 0.25 * T), -np.cos(2 * np.pi * 0.25 * T)
    assert headward_rising(View(T, flow, (0, 60), breath, against=(T, rising))) > 0.5


def test_a_sum_of_signals_keeps_unit_and_sign():
    units = {"flow_arterial": "mL/s", "flow_csf.C2": "mL/s", "icp": "mmHg"}
    assert find_channel("flow_arterial - flow_csf.C2", "", units).weights == {"flow_arterial": 1.0, "flow_csf.C2": -1.0}
    assert find_channel("-icp", "", units).weights == {"icp": -1.0}
    with pytest.raises(CisternaError, match="different units"):
        find_channel("flow_arterial - icp", "", units)
    with pytest.raises(CisternaError, match="no place"):
        find_channel("-icp", "C2", units)
    with pytest.raises(CisternaError, match="no signal 'flow_arteria'"):
        find_channel("flow_arteria - icp", "", units)
    assert default_parameters().value("ga_A") > 0.0
