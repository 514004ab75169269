"""Small valid files of every format, written by other programs' writers where there are any."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
from edf_samples import Edf, Sig, breath, pressure

from cisterna.recordings import Recording, write

RATE = 125.0
TIME = np.arange(500) / RATE
ABP = 90.0 + 20.0 * np.sin(2 * np.pi * 1.25 * TIME)
PPG = np.sin(2 * np.pi * 1.25 * TIME - 0.5)


def write_csv(folder: Path) -> Path:
    """A table with a head line, units and times."""
    file = folder / "bed.csv"
    rows = [f"{t:.3f},{a:.2f},{p:.4f}" for t, a, p in zip(TIME, ABP, PPG, strict=True)]
    file.write_text("time [s],ABP [mmHg],PLETH\n" + "\n".join(rows) + "\n")
    return file


def write_tsv_with_sidecar(folder: Path) -> Path:
    """A table without head, named by its side-car in the BIDS spelling."""
    file = folder / "bed_physio.tsv"
    file.write_text("\n".join(f"{a:.2f}\t{p:.4f}" for a, p in zip(ABP, PPG, strict=True)) + "\n")
    said = {"Columns": ["abp", "ppg"], "SamplingFrequency": RATE, "StartTime": -2.5, "abp": {"Units": "mmHg"}}
    file.with_suffix(".json").write_text(json.dumps(said))
    return file


def write_npy(folder: Path) -> Path:
    """One array with a side-car."""
    file = folder / "abp.npy"
    np.save(file, ABP)
    file.with_suffix(".json").write_text(json.dumps({"columns": ["abp"], "units": {"abp": "mmHg"}, "rate": RATE}))
    return file


def write_hdf5(folder: Path) -> Path:
    """Datasets with units and a time dataset whose clock does not begin at 0."""
    import h5py

    file = folder / "bed.h5"
    with h5py.File(file, "w") as out:
        for name, values, unit in (("t", TIME + 900.0, "s"), ("abp", ABP, "mmHg"), ("ppg", PPG, "")):
            item = out.create_dataset(name, data=values, compression="gzip", shuffle=True)
            item.attrs["units"] = unit
    return file


def write_netcdf(folder: Path) -> Path:
    """A Recording saved by itself, with two rates, events and provenance."""
    return example_recording().only("abp", "ppg").save(folder / "bed.nc")


def write_wfdb(folder: Path, form: str = "212", name: str = "bed") -> Path:
    """A record of two rates (ECG twice the frame rate), one uncalibrated signal, invalid samples at the start."""
    import wfdb

    ecg = np.round(200 * np.exp(-(((np.arange(1000) / 250.0) % 0.8 - 0.2) ** 2) / 2e-4)).astype(int)
    abp = np.round((ABP - 80.0) * 16).astype(int)
    ppg = np.round(PPG * 1000).astype(int)
    lowest = {"212": -2048, "16": -32768, "516": -32768}[form]
    abp[:5] = lowest
    wfdb.wrsamp(
        name,
        fs=RATE,
        units=["mV", "mmHg", "NU"],
        sig_name=["II", "ABP", "PLETH"],
        e_d_signal=[ecg, abp, ppg],
        samps_per_frame=[2, 1, 1],
        fmt=[form] * 3,
        adc_gain=[200.0, 16.0, 1000.0],
        baseline=[0, -1280, 0],
        write_dir=str(folder),
    )
    return folder / f"{name}.hea"


def example_recording() -> Recording:
    """Two rates, a signal with places, missing samples, events and provenance."""
    icp = ABP / 10.0
    icp[40:60] = np.nan
    levels = np.outer(np.ones(100), [9.0, 10.0, 14.0])
    return (
        Recording()
        .with_title("bed 4", start="2024-03-01T10:00:00")
        .with_signal("abp", ABP, rate=RATE, unit="mmHg", level_ref="heart", origin="measured", own_name="ART")
        .with_signal("icp", icp, rate=RATE, unit="mmHg", level_ref="foramen_monro", origin="measured")
        .with_signal("ppg", PPG[::5], rate=RATE / 5, unit="", origin="measured")
        .with_signal(
            "pressure_csf", levels, rate=25.0, unit="mmHg", level_ref="local", coords={"place": ["FM", "C3", "S2"]}
        )
        .with_signal("spo2", [97.0, 98.0, 96.5], time=[0.0, 1.1, 3.9], unit="%", origin="measured")
        .with_events([(1.0, 0.5, "cough"), (0.2, 0.0, "müde <b>")])
        .with_provenance(version="1", seed=7, changed={"csf_production": 0.5})
    )


def write_edf(folder: Path, kind: str = "EDF+C") -> Path:
    """Two rates and an annotation, byte by byte; EDF+D has a gap, BDF 24 bits and triggers."""
    notes = {1: [b"+1.5\x150.25\x14cough\x14\x00"]}
    if kind == "BDF":
        status = Sig("Status", np.arange(500) // 125, 125, "Boolean", ("-1", "1"), ("-8388608", "8388607"))
        return Edf([pressure(), breath(), status], width=3).write(folder / "bed.bdf")
    onsets = [0, 1, 5, 6] if kind == "EDF+D" else ()
    return Edf([pressure(), breath()], kind, onsets=onsets, notes=notes).write(folder / "bed.edf")


def write_bids(folder: Path) -> Path:
    """A packed table without head, its side-car, a trigger and the events of the task."""
    file = folder / "sub-01_task-rest_physio.tsv.gz"
    rows = [f"{a:.2f}\t{p:.4f}\t{k // 50 % 2}" for k, (a, p) in enumerate(zip(ABP, PPG, strict=True))]
    file.write_bytes(gzip.compress(("\n".join(rows) + "\n").encode(), mtime=0))
    said = {"Columns": ["abp", "cardiac", "trigger"], "SamplingFrequency": RATE, "StartTime": -2.5}
    (folder / "sub-01_task-rest_physio.json").write_text(json.dumps(said | {"abp": {"Units": "mmHg"}}))
    (folder / "sub-01_task-rest_events.tsv").write_text("onset\tduration\ttrial_type\n-1\t0.5\tcough\n")
    return file


def write_record(folder: Path) -> Path:
    """A WFDB record with marks beside it, as written here."""
    return write(example_recording().only("abp", "icp", "ppg"), folder / "bed.hea")


#: The files of each format; the damage test spreads its variants over them.
WRITERS = {
    "bids": [write_bids],
    "edf": [write_edf, lambda folder: write_edf(folder, "EDF+D"), lambda folder: write_edf(folder, "BDF")],
    "table": [write_csv, write_tsv_with_sidecar],
    "numpy": [write_npy],
    "hdf5": [write_hdf5],
    "netcdf": [write_netcdf],
    "wfdb": [
        write_wfdb,
        lambda folder: write_wfdb(folder, "516"),
        lambda folder: write_wfdb(folder, "16"),
        write_record,
    ],
}
