"""Small SNIRF, MATLAB, NumPy archive and flow curve files, by other programs' writers where there are any."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

RATE = 25.0
TIME = np.arange(300) / RATE
ICP = 12.0 + np.sin(2 * np.pi * 1.1 * TIME)
LIGHT = np.column_stack([1.0 + 0.01 * np.sin(2 * np.pi * (0.1 + 0.1 * k) * TIME) for k in range(3)])


def write_snirf(folder: Path, name: str = "run.snirf", text: Any = None, **tags: str) -> Path:
    """Three columns of light, one auxiliary signal on its own clock and one that is all zero, stimuli."""
    import h5py

    def put(group: Any, key: str, value: str) -> None:
        group[key] = value if text is None else text(value)

    file = folder / name
    with h5py.File(file, "w") as out:
        put(out, "formatVersion", "1.1")
        nirs = out.create_group("nirs")
        meta = {"TimeUnit": "s", "LengthUnit": "mm", "FrequencyUnit": "mHz", "SubjectID": "Jane Doe"}
        meta |= {"MeasurementDate": "2021-03-01", "MeasurementTime": "16:00:00.5Z"} | tags
        for key, value in meta.items():
            put(nirs, f"metaDataTags/{key}", value)
        nirs["probe/wavelengths"] = [690.0, 830.0]
        nirs["data1/dataTimeSeries"], nirs["data1/time"] = LIGHT, TIME
        for k, (source, detector, wave) in enumerate(((1, 1, 1), (1, 2, 1), (1, 1, 2)), start=1):
            one = nirs.create_group(f"data1/measurementList{k}")
            one["sourceIndex"], one["detectorIndex"], one["wavelengthIndex"] = source, detector, wave
            one["dataType"], one["dataTypeIndex"] = 1, 1
        put(nirs, "aux1/name", "ICP")
        nirs["aux1/dataTimeSeries"], nirs["aux1/time"], nirs["aux1/timeOffset"] = ICP[:100, None], [0.0, 0.1], [2.0]
        put(nirs, "aux2/name", "trigger in")
        nirs["aux2/dataTimeSeries"], nirs["aux2/time"] = np.zeros(300), TIME
        put(nirs, "stim1/name", "tap")
        nirs["stim1/data"] = [[3.0, 1.5, 1.0], [7.0, 0.0, 1.0]]
    return file


def write_mat5(folder: Path, name: str = "bed.mat", packed: bool = True, **more: Any) -> Path:
    """Vectors with a rate, a text, a cell and a struct, by SciPy."""
    from scipy.io import savemat

    cell = np.empty((1, 2), dtype=object)
    cell[0, 0], cell[0, 1] = "a", np.arange(3)
    file = folder / name
    variables = {"icp": ICP, "icp_units": "mmHg", "fs": RATE, "marks": np.arange(4), "notes": cell, "who": "J"}
    inside = {"abp": 90.0 + ICP, "units": "mmHg"}
    savemat(file, {**variables, "other": inside, **more}, do_compression=packed)
    return file


def write_mat73(folder: Path, name: str = "bed.mat") -> Path:
    """What MATLAB writes with -v7.3: 512 bytes of text, then HDF5 with arrays transposed and texts as numbers."""
    import h5py

    file = folder / name
    with h5py.File(file, "w", userblock_size=512) as out:
        for key, value, kind in (
            ("icp", ICP[:, None], "double"),
            ("t", TIME[:, None], "double"),
            ("t_units", np.frombuffer(b"s", np.uint8).astype(np.uint16)[:, None], "char"),
            ("icp_units", np.frombuffer(b"mmHg", np.uint8).astype(np.uint16)[:, None], "char"),
            ("bed/abp", 90.0 + ICP[:, None], "double"),
            ("bed/fs", np.array([[RATE]]), "double"),
        ):
            out[key] = value
            out[key].attrs["MATLAB_class"] = np.bytes_(kind)
        out["bed"].attrs["MATLAB_class"] = np.bytes_("struct")
        out.create_group("#refs#")
    with file.open("r+b") as raw:
        head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Mar  1 16:00:00 2021 HDF5 schema 1.00 ."
        raw.write(head.ljust(124) + b"\x00\x02IM")
    return file


def write_npz(folder: Path, name: str = "bed.npz", **more: Any) -> Path:
    """Arrays by name, packed."""
    file = folder / name
    np.savez_compressed(file, icp=ICP, icp_units="mmHg", ppg=LIGHT[:, 0], fs=RATE, **more)
    return file


#: One cycle of flow at 58 beats a minute, 32 phases, mm3/s; mean of the curve and its swing are chosen.
BPM, PHASES = 58, 32
CYCLE = 60.0 / BPM
FLOW = 150.0 + 2000.0 * np.sin(2 * np.pi * np.arange(PHASES) / PHASES)


def write_export(folder: Path, name: str = "c2_c3.txt") -> Path:
    """The export of the PC-MRI program: a head, then blocks of one number a line, times in ms rounded to whole."""
    step = CYCLE / PHASES
    blocks = {
        "DEBIT_mm3/sec": [f"{q:.3f}" for q in FLOW],
        "SURFACE_mm2": ["179.250"] * PHASES,
        "VOLUME_DPL mm3": [f"{v:.4f}" for v in np.concatenate([[0.0], np.cumsum(FLOW[:-1]) * step])],
        "Axe des Temps": [f"{round(1000 * k * step):.3f}" for k in range(PHASES)],
    }
    lines = ["EXAMEN   2012091230", "SERIE    801 ", "NIVEAU   C2_C3", f"BPM        {BPM}", "VMAX             -NaN"]
    for key, values in blocks.items():
        lines += [key, *(f"----------        {value}" for value in values)]
    file = folder / name
    file.write_text("\n".join(lines) + "\n")
    return file


def write_commented(folder: Path, name: str = "inflow.csv") -> Path:
    """A table whose first line says behind # what its columns are; uneven times."""
    at = np.array([0.04, 0.07, 0.08, 0.1, 0.15, 0.22, 0.3, 0.45, 0.6, 0.8, 1.0])
    file = folder / name
    rows = [f"{t:.18e},{1e3 * np.sin(6.28 * t):.18e}" for t in at]
    file.write_text("# time [s], flow in mm^3/s\n" + "\n".join(rows) + "\n")
    return file


def write_phases(folder: Path, name: str = "sub1.tsv") -> Path:
    """A table over phase with a side-car that says so."""
    file = folder / name
    rows = [f"{k / 20:.2f}\t{0.1 * np.sin(k):.5f}\t{np.cos(k):.5f}" for k in range(20)]
    file.write_text("phase\taqueduct\tcanal\n" + "\n".join(rows) + "\n")
    said = {"kind": "flow curve", "cycle": 0.9, "units": {"aqueduct": "mL/s", "canal": "mL/s"}, "region": "spine"}
    file.with_suffix(".json").write_text(json.dumps(said))
    return file
