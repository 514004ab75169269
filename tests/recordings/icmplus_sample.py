"""A file in the ICM+ layout, made here sample by sample, with each trap of the layout once. Nobody was measured.

Clock: the waves begin at 2021-03-01 16:00:00.250 on the local clock, written as if UTC. Three blocks of ICP at
100 Hz and one at 125 Hz, ABP at 100 Hz without a break, CO2 of the tissue at 1 Hz.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

ZERO = round(datetime(2021, 3, 1, 16, 0, 0, 250000, tzinfo=UTC).timestamp() * 1e6)
RATE = 100.0
INVALID = -99999.0
#: Words that must never leave the file: the person and who made the marks.
SECRETS = ("Doe", "Jane", "MRN4711", "DrWho", "1950-02-03", r"D:\wards\doe.dta")
INDEX = np.dtype([("startidx", "<i8"), ("starttime", "<u8"), ("length", "<i8"), ("frequency", "<f8")])
QUALITY = np.dtype([("time", "<u8"), ("value", "<u4")])


def icp(at: np.ndarray) -> np.ndarray:
    """Pressure over time: a plateau behind a rise, pulse and breath on it (no model, only numbers to find again)."""
    slow = 8.0 + 12.0 / (1.0 + np.exp(-(at - 60.0) / 8.0))
    return slow + np.sin(2 * np.pi * 1.2 * at) + 0.5 * np.sin(2 * np.pi * 0.25 * at)


#: Blocks of ICP: start (s after ZERO), samples, rate. A gap follows the first; the last has another rate.
BLOCKS = ((0.0, 6000, 100.0), (75.5, 3000, 100.0), (110.0, 1250, 125.0))
SPARE = 7


def icp_samples() -> tuple[np.ndarray, np.ndarray]:
    """ICP as the file holds it, blocks end to end and a few samples too many, and its index table."""
    parts, rows, first = [], [], 0
    for start, count, rate in BLOCKS:
        parts.append(icp(start + np.arange(count) / rate))
        rows.append((first, ZERO + round(start * 1e6), count, rate))
        first += count
    values = np.concatenate([*parts, np.full(SPARE, 77.0)]).astype(np.float32)
    values[500:520] = INVALID  # no value inside a good block
    rows.insert(1, (6000, ZERO + 70_000_000, 0, 0.0))  # a row without a rate
    return values, np.array(rows, INDEX)


def xml_of_tests(phases: str = "", results: str = "", extra: str = "", tools: str = "", rate: str = "1.50") -> str:
    """The XML of the tests: another tool first, then an infusion test."""
    return f"""<?xml version = "1.0"?>
<ICMAnalysis>
 <Tools>
  <Tool Name="Lower Limit" ClassID="{{AA}}"/>
  <Tool Name="CSF Infusion Test" ClassID="{{BB}}"/>{tools}
 </Tools>
 <AnalysisInstances>
  <SingleAnalysis ClassID="{{AA}}" Status="1"><Selections/><Parameters/>
   <Results><Parameter Name="LLA [mmHg]" Value="60"/></Results></SingleAnalysis>
  <SingleAnalysis ClassID="{{BB}}" Status="1">
   <Variables><Variable Name="Intracranial Pressure (ICP) [mmHg]" AssocTrend="ICP"/></Variables>
   <Selections>
    <Selection Name="Baseline"><TimePeriod StartTime="01/03/2021 16:00:05" EndTime="01/03/2021 16:00:25"/></Selection>
    <Selection Name="Infusion"><TimePeriod StartTime="01/03/2021 16:00:30" EndTime="01/03/2021 16:01:40"/></Selection>
    <Selection Name="Plateau"><TimePeriod StartTime="01/03/2021 16:01:30" EndTime="01/03/2021 16:01:39"/></Selection>
    {phases}
   </Selections>
   <Parameters>
    <Parameter Name="Infusion rate [ml/min]" Value="{rate}"/>
    <Parameter Name="Calculation mode" Value="dynamic"/>
    <Parameter Name="One needle only" Value="yes"/>
   </Parameters>
   <Results>
    <Parameter Name="ICP baseline [mmHg]" Value="8.04"/>
    <Parameter Name="ICP plateau [mmHg]" Value="19.60"/>
    <Parameter Name="Rcsf [mmHg*min/ml]" Value="7.71"/>
    <Parameter Name="Elasticity [1/ml]" Value="0.21"/>
    <Parameter Name="pss [mmHg]" Value="4.10"/>
    <Parameter Name="CSF production rate [ml/min]" Value="0.51"/>
    <Parameter Name="Needle resist. [mmHg*min/ml]" Value="0.90"/>
    {results}
   </Results>
   <Comments>seen by DrWho</Comments>
  </SingleAnalysis>{extra}
 </AnalysisInstances>
</ICMAnalysis>"""


EVENTS_XML = """<?xml version = "1.0"?>
<ICMEvents><EventsConfig/><Events>
 <Event Name="Movement" Group="Infusion Study" User="DrWho" StartTime="01/03/2021 16:00:50"><Comment/></Event>
 <Event Name="CommFailure" Group="#DevStatus#" User="DrWho" StartTime="01/03/2021 15:40:00">
  <FieldValue Name="Device" Value="Monitor"/></Event>
</Events></ICMEvents>"""


def write_icmplus(
    folder: Path,
    name: str = "test.hdf5",
    *,
    index: str = "sibling",
    hours: int = 0,
    attributes: bool = True,
    xml: str | None = None,
    quality: tuple[tuple[float, int], ...] = ((0.0, 0), (20.0, 8192), (22.0, 128), (24.0, 0)),
    **more: Any,
) -> Path:
    """The file. `index`: where the tables stand ("sibling", "attribute", "" for none); `hours`: shift of the marks."""
    import h5py

    text = h5py.string_dtype()
    file = folder / name
    with h5py.File(file, "w", **more) as out:
        if attributes:
            out.attrs["dataStartTime"] = np.array(["2021/03/01 16:00:00"], dtype=object)
            out.attrs["dataEndTime"] = np.array(["2021/03/01 16:02:00"], dtype=object)
            out.attrs["duration"] = np.array(["120 seconds"], dtype=object)
            out.attrs["dataCollectionSoftware"] = np.array(["ICM+ 9.1"], dtype=object)
        values, table = icp_samples()
        pressure = 90.0 + 20.0 * np.sin(2 * np.pi * 1.2 * np.arange(12000) / RATE)
        grades = np.array([(ZERO + round(at * 1e6), bits) for at, bits in quality], QUALITY)
        series = {
            "waves/icp": (values, table, "mmHg", grades),
            "waves/abp": (pressure, np.array([(0, ZERO + 4_000, 12000, RATE)], INDEX), "mmHg", grades[:1]),
            "numerics/pto2": (np.arange(100.0), np.array([(0, ZERO + 2_000_000, 100, 1.0)], INDEX), "mmHg", grades[:0]),
        }
        for key, (samples, rows, unit, grade) in series.items():
            item = out.create_dataset(
                key, data=samples.astype(np.float32), chunks=(1000 if samples.size > 999 else 50,)
            )
            item.attrs["units"] = np.array([unit], dtype=object)
            if index == "sibling":
                out[f"{key}.index"], out[f"{key}.quality"] = rows, grade
            elif index == "attribute":
                item.attrs["index"], item.attrs["quality"] = rows, grade
        out["definitions/qualityRef"] = np.array(
            [(8192, "Data Unavailable"), (128, "Validated Data")], [("indicator", "<u4"), ("description", text)]
        )
        marks = np.dtype([("eventname", text), ("starttime", "<u8"), ("duration", "<u8"), ("comment", text)])
        moved = ZERO + hours * 3_600_000_000
        out["annotations/events"] = np.array(
            [
                ("Infusion Study.Movement", moved + 49_750_000, 2_000_000, "coughed"),
                ("Tilt", moved + 80_000_000, 0, ""),
            ],
            marks,
        )
        out["annotations/notes"] = np.array(
            [(moved + 90_000_000, 0, "zeroed again")], [("starttime", "<u8"), ("duration", "<u8"), ("text", text)]
        )
        out["manualentry/Infusion_Study.Infusion"] = np.array(
            [(moved + 30_000_000, 70_000_000, 1.5, "")],
            [("starttime", "<u8"), ("duration", "<u8"), ("Infusion Rate", "<f4"), ("comment", text)],
        )
        days = (ZERO / 1e6 + 9.0 + 10.0 * np.arange(11)) / 86400.0 + 25569.0
        means = [(day, 8.0 + k, INVALID if k == 3 else 1.0) for k, day in enumerate(days)]
        out["summaries/minutes"] = np.array(means, [("datetime", "<f8"), ("ICP", "<f4"), ("AMP", "<f4")])
        out["patient.info"] = np.array(
            [("name", "Jane Doe"), ("MRN", "MRN4711"), ("dob", "1950-02-03"), ("age", "71 years")],
            [("Field", text), ("Value", text)],
        )
        out["patient.notes"] = np.array(["Jane Doe seen by DrWho"], dtype=object)
        for key, content in (("icmtests", xml_of_tests() if xml is None else xml), ("icmevents", EVENTS_XML)):
            out[f"aux/ICM+/{key}"] = np.array([content], dtype=object)
        out["aux/ICM+/DTAFilesLog"] = np.array([SECRETS[-1]], dtype=object)
    return file
