"""Flow from velocity images: closed forms of tube flow, another reader, aliasing, what cannot be is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import test_damage_layouts as layouts
from nifti_sample import CYCLE, FRAMES, TUBES, VOXEL, nifti, velocities, write_pair

from cisterna.ground.errors import CisternaError
from cisterna.recordings import load
from cisterna.signals import flow_of

WAVE = np.sin(2 * np.pi * np.arange(FRAMES) / FRAMES)


@pytest.mark.parametrize(("packed", "order"), [(True, "<"), (False, ">")])
def test_flow_is_velocity_times_area(tmp_path: Path, packed: bool, order: str) -> None:
    rec = load(write_pair(tmp_path, packed=packed, order=order))
    curve = rec.provenance["flow_curve"]
    assert curve["cycle_s"] == pytest.approx(CYCLE, rel=1e-6) and curve["axis"] == "time"
    _, labels = velocities()
    for name, (n, (_, radius, peak, mean)) in zip(rec.signals, TUBES.items(), strict=True):
        assert rec.unit(name) == "mL/s" and rec.rate(name) == pytest.approx(FRAMES / CYCLE, rel=1e-5)
        # Poiseuille: flow is half the velocity on the axis times the section; voxels make a rough circle.
        section = np.pi * (radius * VOXEL / 10.0) ** 2
        assert rec.values(name) == pytest.approx(0.5 * section * (peak * WAVE + mean), rel=0.03, abs=0.002)
        told = curve["regions"][{1: "aqueduct", 2: "canal"}[n]]
        assert told["area_cm2"] == pytest.approx((labels == n).sum() * (VOXEL / 10.0) ** 2)
        assert told["aliased_voxels"] == 0 and not rec[name].attrs["quality"]
        # The stroke volume of a sine: amplitude times cycle over pi.
        amplitude = 0.5 * section * abs(peak)
        assert flow_of(rec, name).stroke_volume() == pytest.approx(amplitude * CYCLE / np.pi, rel=0.05)


def test_the_flow_is_that_of_another_reader(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel", reason="nibabel is not installed: no other reader to compare with")
    file = write_pair(tmp_path, order=">")
    rec = load(file)
    image, mask = (nibabel.load(tmp_path / f) for f in ("velocity.nii.gz", "velocity_roi.nii.gz"))
    sides = image.header.get_zooms()
    for n, name in enumerate(rec.signals, start=1):
        where = np.asarray(mask.dataobj) == n
        assert rec.values(name) == pytest.approx(
            np.asarray(image.dataobj)[where].sum(axis=0) * float(sides[0] * sides[1]) / 100.0, rel=1e-6, abs=1e-9
        )
    # And an image that the other program writes.
    own, labels = velocities()
    made = nibabel.Nifti1Image(own.astype(np.float32), np.diag([VOXEL, VOXEL, 5.0, 1.0]))
    made.header.set_xyzt_units("mm", "msec")
    made.header["pixdim"][4] = 1000.0 * CYCLE / FRAMES
    nibabel.save(made, tmp_path / "velocity.nii.gz")
    nibabel.save(nibabel.Nifti1Image(labels.astype(np.uint8), made.affine), tmp_path / "velocity_roi.nii.gz")
    again = load(tmp_path / "velocity.nii.gz")
    for name in rec.signals:
        assert again.values(name) == pytest.approx(rec.values(name), abs=0.003)


def test_raw_phase_becomes_velocity_by_venc(tmp_path: Path) -> None:
    said = {"kind": "flow curve", "venc": 12, "phase": 1.0, "regions": {"1": "aqueduct"}}
    own, _ = velocities()
    direct = load(write_pair(tmp_path, steps=2000.0))
    by_phase = load(write_pair(tmp_path, said=said, velocity=own / 12.0, steps=24000.0))
    assert by_phase.signals == ["aqueduct_flow", "region_2_flow"]
    for a, b in zip(by_phase.signals, direct.signals, strict=True):
        assert by_phase.values(a) == pytest.approx(direct.values(b), abs=1e-3)


def test_what_is_aliased_is_told_and_not_unwrapped(tmp_path: Path) -> None:
    own, labels = velocities()
    venc = 6.0
    folded = (own + venc) % (2 * venc) - venc
    beyond = np.abs(own[labels == 2]).max(axis=1) > venc
    said = {"kind": "flow curve", "units": "cm/s", "venc": venc, "regions": {"1": "aqueduct", "2": "canal"}}
    rec = load(write_pair(tmp_path, velocity=folded, said=said))
    regions = rec.provenance["flow_curve"]["regions"]
    assert regions["aqueduct"]["aliased_voxels"] == 0 and regions["canal"]["aliased_voxels"] == beyond.sum() > 5
    assert f"aliased: {beyond.sum()} of" in rec["canal_flow"].attrs["quality"]
    assert rec.values("canal_flow") == pytest.approx(folded[labels == 2].sum(axis=0) * (VOXEL / 10) ** 2, abs=0.01)
    free = load(write_pair(tmp_path, velocity=folded, said={"units": "cm/s"}))
    assert any("no venc" in w for w in free.provenance["warnings"])


def test_a_person_in_the_description_is_not_told(tmp_path: Path) -> None:
    rec = load(write_pair(tmp_path))
    assert "Doe" not in json.dumps(rec.provenance, default=str) + str(rec.dataset.attrs)


_SAID = {"units": "cm/s"}


@pytest.mark.parametrize(
    ("said", "header", "words"),
    [
        ({}, {}, "no unit"),
        ({"units": "mmHg"}, {}, "no unit of velocity"),
        ({"units": "cm/s", "venc": -1}, {}, "'venc' is no number above 0"),
        ({"units": "cm/s", "roi": "../roi.nii"}, {}, "no region"),
        (_SAID, {"units": 2}, "no time from frame to frame"),
        (_SAID, {"units": 16}, "no size of a voxel"),
        (_SAID, {"magic": b"ni1\x00"}, "not NIfTI-1 in one file"),
    ],
)
def test_what_is_not_stated_is_asked_for(tmp_path: Path, said: dict, header: dict, words: str) -> None:
    file = write_pair(tmp_path, said=said, **header)
    with pytest.raises(CisternaError, match=words):
        load(file)


def test_regions_must_lie_on_the_image_and_in_one_slice(tmp_path: Path) -> None:
    own, labels = velocities()
    file = write_pair(tmp_path, packed=False)
    roi = tmp_path / "velocity_roi.nii"
    for data, words in (
        (labels[:-1], "not on the voxels"),
        (labels + 0.5, "no whole numbers"),
        (labels * 0, "holds none"),
    ):
        roi.write_bytes(nifti(data.astype(np.float32)))
        with pytest.raises(CisternaError, match=words):
            load(file)
    place = np.column_stack([np.diag([VOXEL, VOXEL, 5.0]), [0.0, 0.0, 0.0]])
    moved = place + np.array([0, 0, 0, 3.0])
    file.write_bytes(nifti(own.astype(np.float32), sform=place))
    roi.write_bytes(nifti(labels.astype(np.uint8), sform=moved))
    with pytest.raises(CisternaError, match="elsewhere in space"):
        load(file)
    thick = np.repeat(own, 2, axis=2).astype(np.float32)
    file.write_bytes(nifti(thick))
    roi.write_bytes(nifti(np.repeat(labels, 2, axis=2).astype(np.uint8)))
    with pytest.raises(CisternaError, match="several slices"):
        load(file)


def test_two_hundred_damaged_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        layouts.WRITERS, "nifti", [write_pair, lambda folder: write_pair(folder, packed=False, order=">")]
    )
    layouts.test_damaged_layouts_are_refused_or_valid("nifti", tmp_path)
