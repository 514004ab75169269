"""Flow curves of one cycle: the program's export, commented tables, phases; and no ordinary table is taken."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hdf5_samples import CYCLE, FLOW, PHASES, write_commented, write_export, write_phases

from cisterna.ground.errors import CisternaError
from cisterna.recordings import load


def test_the_export_of_the_program(tmp_path: Path) -> None:
    rec = load(write_export(tmp_path))
    curve = rec.provenance["flow_curve"]
    assert rec.provenance["format"] == "flowcurve" and curve["region"] == "C2_C3"
    assert curve["cycle_s"] == pytest.approx(CYCLE)
    flow, area, volume = rec.signals
    assert [rec.unit(n) for n in rec.signals] == ["mm3/s", "mm2", "mm3"]
    assert rec.rate(flow) == pytest.approx(PHASES / CYCLE, rel=2e-3), "times are rounded to ms"
    assert np.allclose(rec.values(flow, "mL/s"), FLOW / 1000.0, atol=1e-6), "neither mean nor sign is touched"
    assert rec.values(area).tolist() == [179.25] * PHASES
    # The program's displaced volume is the running sum of its flow.
    assert np.allclose(np.diff(rec.values(volume)), FLOW[:-1] * CYCLE / PHASES, atol=1e-3)


def test_the_examination_is_not_kept(tmp_path: Path) -> None:
    rec = load(write_export(tmp_path))
    assert "2012091230" not in repr(rec) + str(rec.provenance) + str(rec.dataset.attrs)


def test_an_export_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    file = write_export(tmp_path)
    text = file.read_text()
    for broken, words in (
        (text[: text.rindex("\n---") + 1], "not whole"),
        (text.replace("Axe des Temps", "Axe"), "no number"),
        (text.replace("179.250", "179,25O", 1), "no number"),
        (text + "SURFACE_mm2\n", "comes twice"),
        (
            text.replace("Axe des Temps\n----------        0.000", "Axe des Temps\n----------        99.0"),
            "do not rise",
        ),
    ):
        assert broken != text
        file.write_text(broken)
        with pytest.raises(CisternaError, match=words):
            load(file)


def test_a_curve_of_nothing_is_told(tmp_path: Path) -> None:
    file = write_export(tmp_path)
    lines = file.read_text().splitlines()
    first = lines.index("DEBIT_mm3/sec") + 1
    lines[first : first + PHASES] = ["----------       0.000000"] * PHASES
    file.write_text("\n".join(lines))
    rec = load(file)
    assert "every value is 0" in rec[rec.signals[0]].attrs["quality"]


def test_a_commented_head_says_what_the_columns_are(tmp_path: Path) -> None:
    rec = load(write_commented(tmp_path))
    assert rec.signals == ["flow"] and rec.unit("flow") == "mm^3/s" and rec.provenance["clock_offset_s"] == 0.04
    assert rec.time("flow")[-1] == pytest.approx(0.96) and rec.provenance["flow_curve"]["cycle_s"] is None
    with pytest.raises(CisternaError, match="not sampled uniformly"):
        rec.rate("flow")


def test_phases_need_the_length_of_the_cycle(tmp_path: Path) -> None:
    file = write_phases(tmp_path)
    rec = load(file)
    assert rec.signals == ["aqueduct", "canal"] and rec.rate("canal") == pytest.approx(20 / 0.9)
    assert rec.provenance["flow_curve"] == {"axis": "phase", "cycle_s": 0.9, "region": "spine"}
    assert rec.unit("aqueduct") == "mL/s"
    side = file.with_suffix(".json")
    side.write_text(json.dumps({"kind": "flow curve", "units": {"canal": "mL/s"}}))
    with pytest.raises(CisternaError, match="length of the cycle") as caught:
        load(file)
    assert '"cycle": 0.9' in caught.value.mend
    assert load(file, rate=20.0).provenance["flow_curve"]["cycle_s"] == pytest.approx(1.0)
    assert load(file, rate=20.0, units={"phase": "%", "canal": "uL/s"}).unit("canal") == "uL/s"


@pytest.mark.parametrize(("unit", "turn"), [("%", 100.0), ("deg", 360.0), ("1", 1.0)])
def test_phases_in_any_unit(tmp_path: Path, unit: str, turn: float) -> None:
    file = tmp_path / "a.csv"
    rows = "".join(f"{turn * k / 10},{k}\n" for k in range(10))
    file.write_text(f"phase [{unit}],csf [mL/s]\n{rows}")
    rec = load(file, rate=12.5)
    assert rec.provenance["format"] == "flowcurve" and rec.rate("csf") == pytest.approx(12.5)
    assert rec.provenance["flow_curve"]["cycle_s"] == pytest.approx(0.8)
    file.write_text(f"phase [{unit}],csf [mL/s]\n{rows}{2.5 * turn},1\n")
    with pytest.raises(CisternaError, match="not those of one cycle"):
        load(file, rate=12.5)


def test_more_than_one_cycle_is_refused(tmp_path: Path) -> None:
    file = write_commented(tmp_path)
    file.with_suffix(".json").write_text(json.dumps({"kind": "flow curve", "cycle": 0.5}))
    with pytest.raises(CisternaError, match="longer than its cycle"):
        load(file)


@pytest.mark.parametrize(
    "text",
    [
        "t [s],ABP [mmHg]\n0,80\n1,81\n",
        "# time [s], icp in mmHg\n0,8\n1,9\n",
        "# recorded in the flow lab\n0,8\n1,9\n",
        "time [s],flow [mL/s]\n0,8\n1,9\n",
        "0,8\n1,9\n",
        "phase,icp\n0,8\n1,9\n",
    ],
)
def test_ordinary_tables_are_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bed.csv"
    file.write_text(text)
    rate = None if text.startswith("t") else 1.0
    assert load(file, rate=rate).provenance["format"] == "table"


def test_published_curves(shared_data: Path) -> None:
    """Figures of the shared table: peak 9.34 mL/s at 0.17 s, trough -4.78 at 0.81 s, swing of the integral 1.54 mL."""
    rec = load(shared_data / "flow" / "net_intracranial_inflow_baledent.csv")
    flow, at = rec.values("flow", "mL/s"), rec.time("flow") + rec.provenance["clock_offset_s"]
    volume = np.concatenate([[0.0], np.cumsum((flow[1:] + flow[:-1]) / 2 * np.diff(at))])
    got = [flow.size, flow.max(), at[flow.argmax()], flow.min(), at[flow.argmin()], np.ptp(volume)]
    assert got == pytest.approx([43, 9.342, 0.17, -4.78, 0.81, 1.54], abs=0.01)


@pytest.mark.parametrize(("name", "mean", "peak"), [("cca", 6.50, 13.3), ("adan56", 113.0, 573.0)])
def test_a_bare_table_of_flow_is_said_in_the_call(shared_data: Path, name: str, mean: float, peak: float) -> None:
    file = shared_data / "flow" / f"openbf_{name}_inlet.dat"
    rec = load(file, columns=["t", "Q"], units={"t": "s", "Q": "m^3/s"})
    flow, at = rec.values("Q", "mL/s"), rec.time("Q")
    area = np.sum((flow[1:] + flow[:-1]) / 2 * np.diff(at))
    assert area / (at[-1] - at[0]) == pytest.approx(mean, rel=0.01) and flow.max() == pytest.approx(peak, rel=0.01)
