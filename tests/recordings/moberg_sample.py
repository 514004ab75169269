"""A folder in the layout of a Moberg archive, made here byte by byte from the published description.

Nobody was measured. ABP as 4-byte integers at 125 Hz whose messages come every 0.256 s, with trembling stamps and a
gap; ICP as floats at 125 Hz; EEG as 3-byte integers, two columns, at 256 Hz; a numeric every 5 s; quality and alarms
that are no samples.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

ZERO = round(datetime(2022, 5, 4, 10, 0, 0, tzinfo=UTC).timestamp() * 1e6)
#: Words that must never leave the archive.
SECRETS = ("Doe", "MRN4711", "1950-02-03", "DrWho")
RATE, EEG_RATE = 125.0, 256.0
#: A gap of ABP: samples before it, and its length (s).
BEFORE, GAP = 1920, 7.0
COUNT = 4096
PERSON = "<PatientInfo><PatientLastName>Doe</PatientLastName><MRN>MRN4711</MRN><Birth>1950-02-03</Birth></PatientInfo>"
EVENTS = """<Events>
<Event><Name>Turned</Name><StartTime>2022-05-04T12:00:10.5</StartTime><Duration>2.0</Duration>
<Description>by DrWho</Description></Event>
<Event><Name>Suction</Name><StartTime>2022-05-04T12:00:21</StartTime><Duration/><Description/></Event>
</Events>"""


def index_bytes(rows: list[tuple[int, int, float, int]]) -> bytes:
    """Records of the index: first sample, time (us), interval (us), kind of the samples."""
    out = b""
    for first, time, step, kind in rows:
        whole = int(step)
        fraction = round((step - whole) * 2**32)
        out += first.to_bytes(8, "little") + time.to_bytes(8, "little") + fraction.to_bytes(4, "little")
        out += whole.to_bytes(4, "little") + bytes([kind, 0]) + (4).to_bytes(2, "little")
    return out


def abp(at: np.ndarray) -> np.ndarray:
    """Pressure over time, mmHg."""
    return 90.0 + 25.0 * np.sin(2 * np.pi * 1.2 * at)


def write_moberg(folder: Path, gap: float = GAP, person: bool = True, jitter: float = 0.02) -> Path:
    """The archive; gives the file of its ICP samples."""
    rng = np.random.default_rng(0)
    folder.mkdir(exist_ok=True)

    def put(name: str, data: bytes, index: bytes, settings: str | None) -> Path:
        file = folder / f"{name},data"
        file.write_bytes(data)
        (folder / f"{name},index").write_bytes(index)
        if settings is not None:
            (folder / f"{name},settings").write_text(settings, encoding="latin-1")
        return file

    message = 32
    rows = []
    for first in range(0, COUNT, message):
        at = first / RATE + (gap if first >= BEFORE else 0.0)
        # The first stamp after a break is where the run is put: no tremble there.
        shake = 0.0 if first in (0, BEFORE) else jitter * rng.uniform(-1, 1)
        rows.append((first, ZERO + round((at + shake) * 1e6), 1e6 / RATE, 0x84))
    k = np.arange(COUNT)
    pressure = abp(k / RATE + np.where(k >= BEFORE, gap, 0.0))
    # -1000..1000 stand for -250..250 mmHg.
    put(
        "ABP,na,SampleSeries,Integer,IntelliVue",
        np.round(pressure * 4.0).astype("<i4").tobytes(),
        index_bytes(rows),
        "<Settings><Units>mmHg</Units><SampleConversion>-1000,1000,-250,250</SampleConversion></Settings>",
    )
    icp = put(
        "ICP,na,SampleSeries,Float,Licox",
        (10.0 + np.sin(2 * np.pi * 1.2 * np.arange(2500) / RATE)).astype("<f4").tobytes(),
        index_bytes([(0, ZERO + 2_000_000, 1e6 / RATE, 0x86)]),
        "<Settings><Units>mmHg</Units></Settings>",
    )
    eeg = np.stack([np.arange(-600, 600), 5 * np.arange(600, -600, -1)], axis=1).astype("<i4")
    put(
        "EEG,Composite,SampleSeries,Composite,Amp",
        eeg.view(np.uint8).reshape(-1, 2, 4)[:, :, :3].tobytes(),
        index_bytes([(0, ZERO + 500_000, 1e6 / EEG_RATE, 0x85)]),
        "<Settings><Units>uV</Units><SampleConversion>-8388608,8388608,-83886.08,83886.08</SampleConversion>"
        '<CompositeElements><Element type="EEG,Fp1,SampleSeries"/><Element type="EEG,Fp2,SampleSeries"/>'
        "</CompositeElements></Settings>",
    )
    put(
        "HR,na,Numeric,Float,IntelliVue",
        np.array([70, 71, np.nan, 73, 74], "<f4").tobytes(),
        index_bytes([(i, ZERO + 1_000_000 + i * 5_000_000, 5e6, 0x86) for i in range(5)]),
        None,
    )
    put(
        "ABP,na,WaveQuality,Integer,IntelliVue",
        b"good" * 4,
        index_bytes([(0, ZERO, 1e6, 0x84)]),
        None,
    )
    put("CO2,na,SampleSeries,Integer,IntelliVue", np.arange(99, dtype="<i4").tobytes(),
        index_bytes([(0, ZERO, 16000.0, 0x84)]), "<Settings><Units>mmHg</Units></Settings>")  # fmt: skip
    (folder / "Events.xml").write_text(EVENTS)
    if person:
        (folder / "patient.info").write_text(PERSON)
    return icp


def write_segmented(folder: Path) -> Path:
    """Two segments, half a minute apart."""
    for k, shift in enumerate((0, 30_000_000)):
        segment = folder / f"Segment_00{k + 1}"
        segment.mkdir(parents=True)
        name = segment / "ICP,na,SampleSeries,Float,Licox"
        Path(f"{name},data").write_bytes(np.full(500, 10.0 + k, "<f4").tobytes())
        Path(f"{name},index").write_bytes(index_bytes([(0, ZERO + shift, 8000.0, 0x86)]))
        Path(f"{name},settings").write_text("<Settings><Units>mmHg</Units></Settings>")
    (folder / "admission.info").write_text(PERSON)
    return folder
