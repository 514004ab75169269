"""Windows by times, marks, breaths and beats; signals by place."""

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.protocol.channel import find_channel, level_depth
from cisterna.protocol.clock import Clock, Cycle
from cisterna.protocol.ranges import Range, experiments, published
from cisterna.protocol.window import Marks, resolve

BREATH = Cycle(np.array([0.0, 100.0]), np.array([0.0, 25.0]))
BEAT = Cycle(np.array([0.0, 100.0]), np.array([0.0, 110.0]))
MARKS = Marks(
    {"rest": (0.0, 30.0), "bolus": (30.0, 33.0), "rest 2": (33.0, 90.0), "deep-breath": (50.0, 60.0)},
    90.0,
    Clock(BEAT, BREATH),
)


@pytest.mark.parametrize(
    ("window", "found"),
    [
        (["rest"], (0, 30)),
        (["rest 2"], (33, 90)),
        (["0 s", "0.5 min"], (0, 30)),
        (["bolus", "bolus"], (30, 33)),
        (["bolus start", "bolus end"], (30, 33)),
        (["bolus end", "+1 breath"], (33, 37)),
        (["bolus end", "+11 beats"], (33, 43)),
        (["bolus end + 1 s", "+ 2 s"], (34, 36)),
        (["bolus + 5 s", "rest 2 + 10 s"], (35, 43)),
        (["bolus end - 2 breaths", "bolus end"], (25, 33)),
        (["end - 1 min", "end"], (30, 90)),
        (["start", "start+1000 ms"], (0, 1)),
        (["deep-breath", "deep-breath"], (50, 60)),
        (["deep-breath-2 s", "end"], (48, 90)),
    ],
)
def test_windows(window, found):
    assert resolve(window, MARKS) == pytest.approx(found)


@pytest.mark.parametrize(
    ("window", "told"),
    [
        (["bolsu end", "end"], "did you mean 'bolus'"),
        (["bolus ende", "end"], "not understood"),
        (["+3 s", "end"], "cannot begin with an offset"),
        (["30 s"], "only one end"),
        (["bolus end"], "only one end"),
        (["rest", "100 s"], "leaves the run"),
        (["bolus - 40 s", "bolus"], "leaves the run"),
        (["bolus end", "bolus"], "is empty"),
        (["3", "5 s"], "needs a unit"),
        (["3 mL", "5 s"], "wrong kind of unit"),
        (["3 s", "x breaths"], "no step"),
        ([], "needs a start and an end"),
    ],
)
def test_wrong_windows(window, told):
    with pytest.raises(CisternaError) as caught:
        resolve(window, MARKS)
    assert told in str(caught.value)


def test_levels_and_discs():
    p = default_parameters()
    assert level_depth("FM", p) == 0.0
    assert level_depth("L3/L4", p) == pytest.approx(51.5, abs=0.5)
    assert level_depth("L3", p) < level_depth("L3/L4", p) < level_depth("L4", p)
    for wrong in ("L3/L5", "L9", "L3/S9"):
        with pytest.raises(CisternaError):
            level_depth(wrong, p)


def test_a_pressure_between_two_points_is_drawn_along_the_fluid_column():
    p = default_parameters()
    depths = {"pressure_csf.C5": level_depth("C5", p), "pressure_csf.L2": level_depth("L2", p)}
    units = {"icp": "mmHg", "pressure_csf.C5": "mmHg", "pressure_csf.L2": "mmHg"}
    channel = find_channel("pressure_csf", "T4", units, depths, p)
    pressure = {name: 0.74 * depth for name, depth in depths.items()}
    drawn = sum(weight * pressure[name] for name, weight in channel.weights.items())
    assert drawn == pytest.approx(0.74 * level_depth("T4", p))
    assert find_channel("pressure_csf", "L2", units).weights == {"pressure_csf.L2": 1.0}
    for signal, place, told in (
        ("pressure_csf", "", "has places"), ("pressure_csf", "X1", "no level 'X1'"), ("icp", "C2", "no signal 'icp'"),
    ):  # fmt: skip
        with pytest.raises(CisternaError, match=told):
            find_channel(signal, place, units, depths, p)


def test_ranges():
    seated = published("lp_seated")
    assert (seated.low, seated.high, seated.unit) == (28.0, 42.0, "mmHg")
    assert seated.source == experiments()["lp_seated"]["source"]
    assert (seated.row, seated.role, seated.basis) == ("lp_seated", "outcome", "published")
    assert published("sss_norm").low is None and published("insp_ratio").high is None
    assert published("akt_up").low == 0.0 and published("akt_up").high is None
    assert published("r_out_normal").unit == "mmHg/(mL/min)"
    band = Range(1.0, 2.0, "mmHg", "")
    assert [band.inside(v) for v in (0.999, 1.0, 2.0, 2.001)] == [False, True, True, False]
    assert band.in_unit("cmH2O").low == pytest.approx(1.3595, rel=1e-4)
    assert Range(None, None, "1", "").inside(3.0) is None


def test_the_measurements_table_is_the_shared_one(shared):
    from importlib import resources

    ours = (resources.files("cisterna.protocol") / "experiments.csv").read_bytes()
    assert ours == (shared / "reference" / "experiments.csv").read_bytes()
