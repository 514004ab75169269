"""The sagittal body: one person, one quantity as colour, drawn to the construction of the atlas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10
from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters
from cisterna.outside.figures import canal, surface
from cisterna.outside.figures.head import draw_brain, draw_cavity
from cisterna.outside.figures.legend import posture_glyph, tide_bar
from cisterna.outside.figures.numerals import fmt
from cisterna.outside.figures.scene import Scene
from cisterna.outside.figures.spine import build_spine
from cisterna.outside.figures.svg import leader, line, svg, text, text_width
from cisterna.outside.figures.vertebrae import draw_vertebrae

#: Air around the skin, mm.
_AIR = 4.0
_LEVEL_NAMES = ("C1", "C4", "C7", "T3", "T6", "T9", "L1", "L3", "L5", "S2")
_LARGE, _SMALL = 1000.0, 550.0
_HEAD_LENGTH = 182.0


def default_exaggeration(height_px: float) -> float:
    """How many times too wide sac and cord are drawn: 1.45 large, 1.55 on a page, 1.7 small."""
    return 1.7 if height_px < _SMALL else 1.55 if height_px < _LARGE else 1.45


def make_scene(
    values: Mapping[str, float],
    scale: tuple[float, float],
    *,
    k: float,
    origin: tuple[float, float],
    unit: str = "mmHg",
    quantity: str = "pressure",
    prefix: str = "body",
    exaggeration: float = 1.45,
    parameters: Parameters | None = None,
    volumes: Mapping[str, float] | None = None,
    stature_mm: float | None = None,
    head_length_mm: float | None = None,
    neck_flexion: float = 0.0,
    lumbar_flexion: float = 0.0,
    curvature: float = 1.0,
    conus_level: str | None = None,
) -> Scene:
    """Everything the parts of one body share; see `sagittal_body` for the meaning of the arguments."""
    size: dict[str, Any] = {"w": exaggeration, "curvature": curvature, "stature_mm": stature_mm}
    size["conus_level"] = conus_level
    spine = build_spine(parameters, neck_flexion=neck_flexion, lumbar_flexion=lumbar_flexion, **size)
    neutral = build_spine(parameters, **size) if neck_flexion or lumbar_flexion else None
    head = head_length_mm / _HEAD_LENGTH if head_length_mm else spine.scale
    nod = neck_flexion + lumbar_flexion
    shares = dict(volumes or {})
    return Scene(
        spine, k, origin, values, scale, unit, quantity, prefix, head, spine.scale, nod, shares, neutral
    )  # fmt: skip


def anatomy(scene: Scene) -> str:
    """Skin, bones, brain and the filled canal, without anything laid on top."""
    below = surface.draw_skin(scene) + draw_cavity(scene) + draw_vertebrae(scene)
    return below + canal.draw_canal(scene) + draw_brain(scene)


def extent(scene: Scene, touch: Mapping[str, Any] | None = None) -> tuple[float, float, float, float]:
    """Most anterior, posterior, superior and inferior drawn coordinate of a body (k = 1), mm with a little air."""
    points = [*surface.silhouette(scene), scene.spine.point(scene.spine.end)]
    if touch:
        points = points + [(-x, -y) for x, y in surface.hand_points(scene, touch)]
    a, s = [p[0] for p in points], [p[1] for p in points]
    return max(a) + _AIR, min(a) - _AIR, max(s) + _AIR, min(s) - _AIR


def level_labels(scene: Scene, levels: Sequence[str], x: float) -> str:
    """Names of levels at the right, each with a pale line from the skin."""
    out = ""
    for level in levels:
        y = scene.along(scene.spine.level_q(level))[1]
        edge = scene.xy(surface.skin_at(scene, level))[0]
        start = min(edge - 14 * scene.k, x - 40)
        out += line((start, y), (x - 8, y), "rule", 1.0)
        out += text(x, y + 4, level, size=12, fill="ink2", bold=True)
    return out


def value_labels(scene: Scene, labels: Mapping[str, Any], x: float) -> str:
    """Bold line and note at the right, with a leader from inside the canal of their level."""
    out = ""
    for level, content in labels.items():
        first, second = content if isinstance(content, (tuple, list)) else (content, "")
        a = scene.along(scene.spine.level_q(level), scene.spine.offset(scene.spine.level_q(level)))
        out += leader((x - 5, a[1]), a)
        out += text(x, a[1] - 2 if second else a[1] + 4, str(first), size=12, bold=True)
        if second:
            out += text(x, a[1] + 14, str(second), size=12, fill="ink2")
    return out


def sagittal_body(
    values: Mapping[str, float],
    *,
    scale: tuple[float, float],
    unit: str = "mmHg",
    quantity: str = "pressure",
    arrows: Mapping[str, float] | None = None,
    stations: Sequence[Mapping[str, Any]] = (),
    touch: Mapping[str, Any] | None = None,
    restrictions: Mapping[str, float] | None = None,
    load: Mapping[str, float] | None = None,
    labels: Mapping[str, Any] | None = None,
    levels: Sequence[str] | None = None,
    height_px: float = 760.0,
    title: str = "",
    desc: str = "",
    exaggeration: float | None = None,
    heading: str = "",
    posture: str = "",
    note: bool = True,
    prefix: str = "body",
    **person: Any,
) -> str:
    """The body cut in the midline, facing left, head up.

    Parameters
    ----------
    values : mapping
        Place -> number in `unit`. Places: ``cortical lateral third aqueduct fourth cisterna_magna basal`` and the
        levels FM, C1..S2; ``cranial`` fills all cranial spaces. Missing levels are interpolated along the canal;
        an empty mapping draws quiet fluid.
    scale : (low, high)
        Limits of the colour scale. Give pictures that are compared the same limits.
    arrows : mapping, optional
        Level -> stroke volume in mL, double arrows.
    stations : sequence of mappings
        ``name``, ``at`` (a named station, a level or (anterior, superior) in mm), ``felt`` (True, False, None),
        ``loaded``, ``displacement`` in metres (halo: one ring per decade from 1 nm), ``label``.
    touch : mapping, optional
        ``at``, ``direction`` (anterior, superior), ``label``: a hand with the arrow of its force.
    restrictions : mapping, optional
        Level -> share of the area lost (0..1), two wedges.
    load : mapping, optional
        Level -> load of the dura as share of the largest (0..1), line width.
    labels : mapping, optional
        Level -> text or (bold text, note) at the right.
    levels : sequence, optional
        Level names at the right; by default ten on pictures from 550 px without `labels`.
    height_px : float
        Height of the drawing at 1x.
    title, desc : str
        The finding, and what is drawn; both are made from the numbers when empty.
    exaggeration : float, optional
        How many times too wide sac and cord are drawn; 1.45 large, 1.55 on a page, 1.7 below 550 px.
    heading : str
        A word over the head ("before").
    posture : str
        The posture the numbers belong to (supine, seated, ...), told by a glyph and in words.
    note : bool
        Confess the exaggeration under the body.
    prefix : str
        Start of every id; give each body on a page its own.
    **person
        ``parameters``, ``volumes`` (space -> share of its default volume), ``stature_mm``, ``head_length_mm``
        (182 in the adult drawn),
        ``neck_flexion``, ``lumbar_flexion`` (degrees), ``curvature``, ``conus_level``.

    Returns
    -------
    str
        One ``<svg>`` element.

    Raises
    ------
    CisternaError
        Unknown place, level or station, or a colour scale without extent.

    Examples
    --------
    >>> drawing = sagittal_body({"cranial": -5, "FM": 0, "S2": 43}, scale=(-15, 45))
    >>> "<title>S2: 43 mmHg</title>" in drawing
    True
    """
    if not height_px > 100:
        raise CisternaError("a body needs more than 100 px of height", where="height_px", found=f"{height_px:g}")
    w = exaggeration if exaggeration is not None else default_exaggeration(height_px)
    foot = (20.0 if note else 4.0) + (24.0 if posture else 0.0)
    head_room = 22.0 if heading else 2.0
    common: dict[str, Any] = {
        "unit": unit,
        "quantity": quantity,
        "prefix": prefix,
        "exaggeration": w,
        **person,
    }
    front, back, top, bottom = extent(make_scene(values, scale, k=1.0, origin=(0.0, 0.0), **common), touch)
    reach = 12.0 if stations else 2.0
    k = (height_px - foot - head_room - (8.0 if stations else 0.0)) / (top - bottom)
    reach = max(reach, max((_halo_px(s, k) for s in stations), default=0.0))
    origin = (front * k + reach, top * k + head_room + (8.0 if stations else 0.0))
    scene = make_scene(values, scale, k=k, origin=origin, **common)
    shown = levels if levels is not None else (_LEVEL_NAMES if height_px >= _SMALL and not labels else ())
    right = origin[0] - back * k + reach
    if touch and touch.get("label"):
        right = max(right, max(x for x, _ in surface.hand_points(scene, touch)) + text_width(str(touch["label"]), 12))
    out = anatomy(scene)
    out += canal.dura_load(scene, load or {})
    out += canal.flow_arrows(scene, arrows or {}) + canal.wedges(scene, restrictions or {})
    out += surface.draw_stations(scene, stations) + surface.draw_hand(scene, touch)
    if shown:
        out += level_labels(scene, shown, right + 8)
        right += 36
    if labels:
        x = right + 4
        out += value_labels(scene, labels, x)
        lines = [t for c in labels.values() for t in ((c,) if isinstance(c, str) else c)]
        right = x + max(text_width(str(t), 12, True) for t in lines) + 4
    if heading:
        out += text(4, 15, heading, size=13, fill="ink2", bold=True)
    if posture:
        out += posture_glyph(posture, 4, height_px - (24 if note else 8))
    if note:
        remark = f"Canal and cord drawn {w:g} × too wide."
        out += text(4, height_px - 5, remark, size=10.5, fill="ink3")
        right = max(right, 8 + text_width(remark, 10.5))
    return svg(out, round(right + 2), height_px, title=title or _title(scene), desc=desc or _desc(scene, w),
               prefix=prefix, role="graphics-document")  # fmt: skip


def _halo_px(station: Mapping[str, Any], k: float) -> float:
    moved = abs(float(station.get("displacement") or 0.0))
    return max(log10(moved / 1e-9) if moved > 0 else 0.0, 0.0) * 11.0 * k * 0.8 + 4


def _title(scene: Scene) -> str:
    known = {lv: v for lv in ("FM", "S2") if (v := scene.value(lv)) is not None}
    if not known:
        return "Sagittal body"
    return f"{scene.quantity.capitalize()} from {fmt(known['FM'], scene.unit)} at the foramen magnum to " \
           f"{fmt(known['S2'], scene.unit)} at the end of the sac"  # fmt: skip


def _desc(scene: Scene, w: float) -> str:
    lo, hi = scene.scale
    return (
        f"Midline cut of a person facing left, drawn upright. Colour is {scene.quantity}, {fmt(lo)} to "
        f"{fmt(hi, scene.unit)}; bones and tissue are pale. Sac and cord are drawn {w:g} times too wide."
    )


def tide_legend(lo: float, hi: float, unit: str, *, label: str = "", width: float = 320.0, prefix: str = "tide") -> str:
    """The colour scale as a bar with ticks; the tick at 0 is bold.

    Examples
    --------
    >>> "mmHg" in tide_legend(-15, 45, "mmHg")
    True
    """
    bar = tide_bar(lo, hi, unit, label=label, width=width, prefix=prefix)
    return svg(bar, width + 130, 52 if label else 36, title=f"Colour scale, {fmt(lo)} to {fmt(hi, unit)}",
               desc="Light blue is low, dark violet is high.", prefix=prefix)  # fmt: skip
