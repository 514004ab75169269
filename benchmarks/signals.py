"""Detectors beside other open programs on real recordings, and the time of a day of ICP and ABP.

    python benchmarks/signals.py                  everything, a table
    python benchmarks/signals.py --only day       one group (see --list)
    python benchmarks/signals.py --json           the same as JSON

NeuroKit2, BioSPPy and HeartPy are compared with when they are installed, and named as absent when not; none of them
is needed by cisterna. Real recordings are read in ../shared/data; without that folder only the day is measured.

A beat counts as found within 0.15 s of a reference beat, the usual delay of the channel taken off: R wave, foot and
peak of one beat are a fixed time apart. The reference is what two programs at least agree on, within 0.06 s, in the
ECG, or in the arterial pressure where the ECG is too coarse; with one program alone it is that program's.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
#: A beat is found within this of the reference, and two programs agree within this, s.
WITHIN, AGREE = 0.15, 0.06
MIMIC = "3029993 3083337 3094054 3262086 3269261 3367596 3379471 3463681 3600995 3645431".split()
COLUMNS = ["RESP", "PLETH", "ECG II", "ECG V", "ECG AVR", "ABP", "ICP"]


class Row(NamedTuple):
    """One line of the table."""

    group: str
    what: str
    program: str
    value: str


# --- programs: (samples, rate, kind) -> times of beats, or None for a kind they do not know ------------------
def cisterna_beats(x: Array, rate: float, kind: str) -> Array | None:
    from cisterna.signals import find_beats

    return find_beats(x, rate, kind)


def neurokit2_beats(x: Array, rate: float, kind: str) -> Array | None:
    import neurokit2 as nk

    hertz = int(round(rate))
    if kind == "ecg":
        at = nk.ecg_findpeaks(nk.ecg_clean(x, sampling_rate=hertz), sampling_rate=hertz)["ECG_R_Peaks"]
    else:
        at = nk.ppg_findpeaks(nk.ppg_clean(x, sampling_rate=hertz), sampling_rate=hertz)["PPG_Peaks"]
    return np.asarray(at, dtype=np.float64) / rate


def biosppy_beats(x: Array, rate: float, kind: str) -> Array | None:
    from biosppy.signals import abp, ecg, ppg

    if kind == "ecg":
        return np.asarray(ecg.hamilton_segmenter(x, rate)["rpeaks"], dtype=np.float64) / rate
    if kind == "ppg":
        return np.asarray(ppg.find_onsets_elgendi2013(x, rate)["onsets"], dtype=np.float64) / rate
    return np.asarray(abp.find_onsets_zong2003(x, rate)["onsets"], dtype=np.float64) / rate


def heartpy_beats(x: Array, rate: float, kind: str) -> Array | None:
    import heartpy

    if kind == "ecg":
        return None  # made for the light plethysmogram
    work, _ = heartpy.process(x, rate, bpmmax=220)
    kept = np.asarray(work["binary_peaklist"], dtype=bool)
    return np.asarray(work["peaklist"], dtype=np.float64)[kept] / rate


def cisterna_breaths(x: Array, rate: float, kind: str) -> float:
    from cisterna.signals import find_breaths, per_minute

    return per_minute(find_breaths(x, rate, kind))


def neurokit2_breaths(x: Array, rate: float, kind: str) -> float:
    import neurokit2 as nk

    hertz = int(round(rate))
    found = nk.rsp_findpeaks(nk.rsp_clean(x, sampling_rate=hertz), sampling_rate=hertz)
    return float(60 * rate / np.median(np.diff(found["RSP_Peaks"])))


def biosppy_breaths(x: Array, rate: float, kind: str) -> float:
    from biosppy.signals import resp

    return float(60 * np.median(resp.resp(x, rate, show=False)["resp_rate"]))


BEATS = {
    "cisterna": cisterna_beats,
    "neurokit2": neurokit2_beats,
    "biosppy": biosppy_beats,
    "heartpy": heartpy_beats,
}
BREATHS = {"cisterna": cisterna_breaths, "neurokit2": neurokit2_breaths, "biosppy": biosppy_breaths}


def there(program: str) -> bool:
    """Whether a program is installed."""
    return importlib.util.find_spec(program) is not None


def filled(x: Array) -> Array:
    """Samples without gaps, as the other programs need them: a straight line over what is missing."""
    known = np.flatnonzero(np.isfinite(x))
    return np.interp(np.arange(x.size), known, x[known])


def tried(find: Callable[[Array, float, str], Any], x: Array, rate: float, kind: str, mine: bool) -> Any:
    """What a program finds, or the name of the error it ends with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return find(x if mine else filled(x), rate, kind)
        except Exception as error:  # other people's programs: whatever it is, it is told
            return type(error).__name__


# --- scores ------------------------------------------------------------------------------------------------
def agreed(found: list[Array]) -> Array:
    """Beats that two programs at least find."""
    if len(found) == 1:
        return found[0]
    first, others = found[0], found[1:]
    pairs = [(a, c) for k, a in enumerate(others) for c in others[k + 1 :]]
    extra = [b for a, c in pairs for b in a if near(first, b) > AGREE >= near(c, b)]
    kept = [b for b in first if any(near(a, b) <= AGREE for a in others)]
    both = np.sort(np.array([*kept, *extra]))
    return both[np.append(True, np.diff(both) > AGREE)] if both.size else both


def near(times: Array, at: float) -> float:
    return float(np.min(np.abs(times - at))) if times.size else np.inf


def score(found: Array, reference: Array) -> tuple[float, float]:
    """Sensitivity and positive predictive value over the common span, the usual delay taken off."""
    period = float(np.median(np.diff(reference)))
    gap = found[:, None] - reference
    nearest = gap[np.argmin(np.abs(gap), axis=0), np.arange(reference.size)]
    found = found - float(np.median(nearest))
    first, last = max(found[0], reference[0]) + period, min(found[-1], reference[-1]) - period
    asked, told = (v[(v > first) & (v < last)] for v in (reference, found))
    hit = np.mean([near(found, b) <= WITHIN for b in asked])
    true = np.mean([near(reference, b) <= WITHIN for b in told])
    return float(hit), float(true)


GROUPS: dict[str, Callable[[], list[Row]]] = {}


def group(function: Callable[[], list[Row]]) -> Callable[[], list[Row]]:
    """Register a group of measurements under the name of its function."""
    GROUPS[function.__name__] = function
    return function


def compared(name: str, what: str, signal: tuple[Array, float, str], reference: Array, delay: float = 0.0) -> list[Row]:
    rows = []
    for program, find in BEATS.items():
        if not there(program):
            continue
        began = time.perf_counter()
        found = tried(find, *signal, mine=program == "cisterna")
        spent = time.perf_counter() - began
        if found is None:
            continue
        if isinstance(found, str) or found.size < 3:
            rows.append(Row(name, what, program, f"none ({found if isinstance(found, str) else 'no beats'})"))
            continue
        hit, true = score(found + delay, reference)
        told = f"Se {100 * hit:5.1f} %  PPV {100 * true:5.1f} %  {60 / np.median(np.diff(found)):6.1f} /min"
        rows.append(Row(name, what, program, f"{told}  {1e3 * spent:6.0f} ms"))
    return rows


@group
def beats() -> list[Row]:
    """Beats in ECG, arterial pressure, plethysmogram and ICP: sensitivity, positive predictive value, median rate."""
    from cisterna.recordings import load

    rows = []
    for file, ecg, pulses in (
        ("wfdb/mixedsignals", "ecg_ii", ("abp", "ppg")),
        ("wfdb/03700181", "ecg", ("abp",)),
        ("wfdb/a103l", "ecg_ii", ("ppg",)),
        ("wfdb/041s/041s", "ecg_v", ("abp", "ppg")),
    ):
        rec = load(DATA / file)
        found = [
            at
            for program, find in BEATS.items()
            if there(program)
            for at in [tried(find, rec.values(ecg), rec.rate(ecg), "ecg", program == "cisterna")]
            if at is not None and not isinstance(at, str)
        ]
        reference = agreed(found) + float(rec.time(ecg)[0])
        for name in (ecg, *pulses):
            kind = "ecg" if name == ecg else name
            what = f"{Path(file).name} {name}, {reference.size} beats"
            start = float(rec.time(name)[0])
            rows += compared("beats", what, (rec.values(name), rec.rate(name), kind), reference, start)
    return rows


@group
def mimic() -> list[Row]:
    """ICP, arterial pressure and plethysmogram of ten people at 25 Hz, all together."""
    from cisterna.recordings import load

    told: dict[tuple[str, str], list[tuple[float, float]]] = {}
    lost: dict[tuple[str, str], int] = {}
    for record in MIMIC:
        rec = load(DATA / "icp_mimic" / f"mimic_{record}_25hz_zscored.csv", rate=25.0, columns=COLUMNS)
        found = {
            (program, name): tried(find, rec.values(name), 25.0, name, program == "cisterna")
            for program, find in BEATS.items()
            if there(program)
            for name in ("abp", "icp", "ppg")
        }
        # Foot and peak differ by more than programs agree within: each is brought to the feet first.
        feet = found["cisterna", "abp"]
        arrays = [a for (_, name), a in found.items() if name == "abp" and not isinstance(a, str) and a.size > 3]
        reference = agreed([a - np.median([a[np.argmin(np.abs(a - b))] - b for b in feet]) for a in arrays])
        for key, at in found.items():
            if isinstance(at, str) or at.size < 3:
                lost[key] = lost.get(key, 0) + 1
            else:
                told.setdefault(key, []).append(score(at, reference))
    rows = []
    for (program, name), scores in told.items():
        hit, true = np.mean(scores, axis=0)
        worst = min(min(s) for s in scores)
        gone = f", {lost[program, name]} records without an answer" if (program, name) in lost else ""
        text = f"Se {100 * hit:5.1f} %  PPV {100 * true:5.1f} %  worst {100 * worst:5.1f} %{gone}"
        rows.append(Row("mimic", f"{name}, {len(scores)} records", program, text))
    return sorted(rows, key=lambda row: row.what)


@group
def breaths() -> list[Row]:
    """Breathing rate beside the figure of the table of the recordings."""
    from cisterna.recordings import load

    asked: list[tuple[str, str, str, float, dict[str, Any]]] = [
        ("wfdb/03700181", "resp", "volume", 18.0, {}),
        ("wfdb/041s/041s", "resp", "volume", 14.0, {}),
        ("wfdb/mixedsignals", "resp", "volume", 6.25, {}),
        ("resp/physio_resp1_airflow_1000hz.npy", "resp", "flow", 6.0, {"columns": ["airflow"], "rate": 1000.0}),
        ("resp/physio_resp4_co2_60hz.npy", "co2", "co2", 15.2, {"columns": ["co2"], "rate": 60.0}),
    ]
    rows = []
    for file, name, kind, figure, ask in asked:
        rec = load(DATA / file, **ask, **({"units": "none"} if ask else {}))
        for program, find in BREATHS.items():
            if there(program):
                rate = tried(find, rec.values(name), rec.rate(name), kind, program == "cisterna")
                text = f"none ({rate})" if isinstance(rate, str) else f"{rate:5.1f} /min"
                rows.append(Row("breaths", f"{Path(file).stem[:20]} {name}, {figure:g} /min", program, text))
    return rows


_MAKE = """
import sys
import numpy as np
from cisterna.recordings import Recording, write

rate, seconds = 125.0, 86400
t = np.arange(int(rate * seconds)) / rate
rng = np.random.default_rng(0)
knots = np.arange(0, seconds + 40, 20.0)
slow, own, pace = (np.interp(t, knots, rng.standard_normal(knots.size)) for _ in range(3))
phase = np.cumsum(1.2 + 0.04 * pace) / rate
pulse = np.exp(-((((phase % 1) - 0.25) / 0.1) ** 2)) + 0.3 * np.exp(-((((phase % 1) - 0.5) / 0.1) ** 2))
breath = np.sin(2 * np.pi * 0.25 * t)
abp = 85 + 5 * slow + 35 * pulse + breath + 0.3 * rng.standard_normal(t.size)
icp = 12 + slow + 2 * own + 0.3 * breath + (2 + 0.2 * own) * pulse + 0.05 * rng.standard_normal(t.size)
for k in range(200):
    a = int(rng.uniform(0, t.size - 3000))
    icp[a : a + 1500] = np.nan
rec = Recording().with_signal("icp", icp, rate=rate, unit="mmHg", level_ref="foramen_monro", own_name="ICP")
write(rec.with_signal("abp", abp, rate=rate, unit="mmHg", level_ref="heart", own_name="ABP"), sys.argv[1])
"""
_DAY = """
import resource, sys, time
from cisterna.signals.evaluate import evaluate_file
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began, busy = time.perf_counter(), time.process_time()
found = evaluate_file(sys.argv[1])
spent, busy = time.perf_counter() - began, time.process_time() - busy
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(spent, busy, after / 1024, before / 1024, found.result("beats", "icp").value, found.result("prx").value)
"""


@group
def day() -> list[Row]:
    """A made day of ICP and ABP at 125 Hz through `evaluate_file`: wall and processor time and peak memory."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("hea", "edf"):
            file = f"{folder}/day.{ending}"
            subprocess.run([sys.executable, "-c", _MAKE, file], check=True)
            done = subprocess.run([sys.executable, "-c", _DAY, file], check=True, capture_output=True, text=True)
            spent, busy, peak, before, beats_found, prx = (float(v) for v in done.stdout.split())
            text = f"{spent:.1f} s ({busy:.1f} s of processor), peak {peak:.0f} MiB ({before:.0f} before)"
            text += f", {beats_found:.0f} beats, PRx {prx:.2f}"
            rows.append(Row("day", f"24 h, ICP and ABP, 125 Hz, .{ending}", "cisterna", text))
    return rows


def machine() -> str:
    """What it runs on, and how busy that is."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    return f"{platform.machine()}, {os.cpu_count()} cores, {versions}{load}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=list(GROUPS), action="append", help="one group; may be repeated")
    parser.add_argument("--list", action="store_true", help="the groups and what each measures")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    if asked.list:
        for name, function in GROUPS.items():
            print(f"{name:<10}{(function.__doc__ or '').splitlines()[0]}")
        return
    notes = [f"{p} is not installed: left out (optional)" for p in (*BEATS,) if not there(p)]
    names = asked.only or list(GROUPS)
    if not DATA.is_dir():
        notes.append("no ../shared/data: real recordings are left out")
        names = [name for name in names if name == "day"]
    if asked.json:
        rows = [row._asdict() for name in names for row in GROUPS[name]()]
        print(json.dumps({"machine": machine(), "notes": notes, "rows": rows}, indent=2))
        return
    print(machine(), *notes, sep="\n")
    for name in names:
        for row in GROUPS[name]():
            print(f"{row.what:<40} {row.program:<10} {row.value}", flush=True)


if __name__ == "__main__":
    main()
