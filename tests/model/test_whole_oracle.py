"""Body `whole`: the default step against a converged reference; four integrators that do not know each other."""

import numpy as np
import pytest
from whole_sample import apart, columns, kvaerno, radau, resting

from cisterna.model.simulate import simulate
from cisterna.model.solver.march import March
from cisterna.model.solver.scheme import ROS2W, ROS34PW2

#: Two beats at 66 per minute, s, and the grid on which runs are compared.
SPAN, GRID = 1.82, 0.01


@pytest.fixture(scope="module")
def whole():
    return resting()


def _ours(whole, scheme, step):
    _, net, start = whole
    march = March(scheme, round(GRID / step), 91)
    return simulate(net, start.schedule, SPAN, state=start.rest.state, step=step, march=march)


@pytest.fixture(scope="module")
def default(whole):
    return _ours(whole, ROS34PW2, 0.005)


@pytest.fixture(scope="module")
def exact(whole, default):
    _, net, start = whole
    return radau(net, start.schedule, default.times, start.rest.state)


def test_the_default_step_is_accurate_enough(whole, default, exact):
    """Worst error of ICP, aqueduct flow and C2 flow over peak to peak: at most 2e-4."""
    assert March().scheme is ROS34PW2 and ROS34PW2.step == 0.005
    found = apart(whole[1], default.samples, exact)
    assert max(found.values()) < 2e-4, found


@pytest.mark.parametrize(("scheme", "steps"), [(ROS34PW2, (0.01, 0.005, 0.0025)), (ROS2W, (0.005, 0.0025, 0.00125))])
def test_the_error_falls_with_the_order_of_the_scheme(whole, exact, scheme, steps):
    worst = [max(apart(whole[1], _ours(whole, scheme, h).samples, exact).values()) for h in steps]
    order = np.log2(worst[0] / worst[-1]) / 2
    assert order > scheme.order - 0.35, worst


def test_four_integrators_agree(whole, exact):
    """ROS34PW2, ROS2-W, SciPy's Radau and diffrax's Kvaerno5: pressures to 0.01 mmHg, flows to 0.1 %."""
    _, net, start = whole
    one = _ours(whole, ROS34PW2, 0.0025)
    runs = {
        "ROS34PW2": one.samples,
        "ROS2-W": _ours(whole, ROS2W, 0.00125).samples,
        "Radau": exact,
        "Kvaerno5": kvaerno(net, start.schedule, one.times, start.rest.state),
    }
    pressures = ("icp", "icp_ventricular", "pressure_sinus", "pressure_bridging", "pressure_csf.C2", "pressure_csf.L3")
    flows = ("flow_aqueduct", "flow_csf.FM", "flow_csf.C2", "flow_csf.T6", "flow_arterial", "flow_venous", "cbf")
    names = list(runs)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            gap = np.abs(columns(net, runs[a], pressures) - columns(net, runs[b], pressures)).max()
            assert gap < 0.01, (a, b, gap)
            apart_by = apart(net, runs[a], runs[b], flows)
            assert max(apart_by.values()) < 1e-3, (a, b, apart_by)
