"""The signature picture: body, aligned profiles along the canal, two enlargements and the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cisterna.outside.figures import canal, enlarge, legend, tokens
from cisterna.outside.figures.body import anatomy, extent, level_labels, make_scene
from cisterna.outside.figures.numerals import fmt
from cisterna.outside.figures.scene import Scene
from cisterna.outside.figures.shapes import linear
from cisterna.outside.figures.spine import LEVELS
from cisterna.outside.figures.style import Axis, nice_ticks, tick_texts
from cisterna.outside.figures.svg import el, group, line, path, polyline_d, svg, text

_WIDTH, _K, _ENLARGED, _W = 1104.0, 1.1, 1.5, 1.55
_PANEL_W, _HEAD_H, _SACRUM_H = 396.0, 384.0, 292.0
_LEVELS = ("C1", "C4", "C7", "T3", "T6", "T9", "L1", "L3", "L5", "S2")


def profile(
    scene: Scene,
    values: Mapping[str, float],
    *,
    x: float,
    width: float,
    name: str,
    unit: str,
    band: Mapping[str, tuple[float, float]] | None = None,
    filled: bool = False,
    stroke: str = "ink",
    note: str = "",
) -> str:
    """A quantity along the canal on the body's own vertical axis, cranium up.

    `filled` paints the area from zero in the colours of the scene's scale; `band` is a published range.
    """
    names = [lv for lv in LEVELS if lv in values]
    ys = [scene.along(scene.spine.level_q(lv))[1] for lv in names]
    numbers = [float(values[lv]) for lv in names]
    every = [*numbers, 0.0, *(v for pair in (band or {}).values() for v in pair)]
    axis = Axis(min(every), max(every) or 1.0, x, x + width)
    ticks = [t for t in nice_ticks(axis.lo, axis.hi, 3)]
    top, bottom = ys[0], ys[-1]
    out = text(x, top - 34, name, size=12, bold=True) + text(x, top - 19, unit, size=11, fill="ink2")
    for value, shown in zip(ticks, tick_texts(ticks), strict=True):
        px = axis(value)
        out += line((px, top - 6), (px, bottom), "ink3" if value == 0 else "grid", 1.0)
        out += text(px, bottom + 16, shown, size=11, fill="ink2", anchor="middle")
    if band:
        inside = [lv for lv in names if lv in band]
        by = [scene.along(scene.spine.level_q(lv))[1] for lv in inside]
        ring = [(axis(band[lv][0]), y) for lv, y in zip(inside, by, strict=True)]
        ring += [(axis(band[lv][1]), y) for lv, y in reversed(list(zip(inside, by, strict=True)))]
        out += path(polyline_d(ring, close=True), fill=stroke, fill_opacity=0.15)
    at = linear(ys, numbers)
    if filled:
        y, zero = top, axis(0.0)
        while y < bottom:
            end = min(y + 4.0, bottom)
            v0, v1 = at(y), at(min(end + 0.6, bottom))
            ring = [
                (zero, y),
                (axis(v0), y),
                (axis(v1), min(end + 0.6, bottom)),
                (zero, min(end + 0.6, bottom)),
            ]
            out += path(polyline_d(ring, close=True), fill=tokens.tide((v0 + v1) / 2, *scene.scale))
            y = end
    out += path(polyline_d(list(zip((axis(v) for v in numbers), ys, strict=True))), stroke=stroke, width=1.8)
    if note:
        out += text(x, bottom + 33, note, size=11, fill="ink3")
    first, last = fmt(numbers[0], unit), fmt(numbers[-1], unit)
    return group(out, name=f"{scene.prefix}-profile-{name.lower().replace(' ', '-')}",
                 title=f"{name}: {first} at {names[0]}, {last} at {names[-1]}")  # fmt: skip


def _enlarged(scene: Scene, x: float, y: float, edge: tuple[float, float]) -> Scene:
    """The same body at 1.5 times the scale with a frame's corner at (x, y)."""
    k = scene.k * _ENLARGED
    origin = (x + edge[0] * k, y + edge[1] * k)
    return Scene(scene.spine, k, origin, scene.values, scene.scale, scene.unit, scene.quantity, scene.prefix,
                 scene.head_scale, scene.body_scale, scene.head_turn, scene.volumes, scene.neutral)  # fmt: skip


def body_plate(
    values: Mapping[str, float],
    *,
    scale: tuple[float, float],
    unit: str = "mmHg",
    quantity: str = "mean pressure",
    arrows: Mapping[str, float] | None = None,
    profiles: Sequence[Mapping[str, Any]] = (),
    title: str = "",
    desc: str = "",
    notes: Sequence[str] = (),
    prefix: str = "plate",
    **person: Any,
) -> str:
    """Body with pressure as colour and stroke volume as arrow width, profiles beside it, enlargements, key.

    Parameters
    ----------
    values, scale, unit, quantity, arrows, prefix, **person
        As in `sagittal_body`.
    profiles : sequence of mappings
        Arguments of `profile` after its place: ``name``, ``unit``, ``values`` (level -> number) and any of
        ``band``, ``filled``, ``stroke``, ``note``; up to three.
    notes : sequence of str
        Lines under the key.

    Returns
    -------
    str
        One ``<svg>``, 1104 px wide.
    """
    common: dict[str, Any] = {
        "unit": unit,
        "quantity": quantity,
        "prefix": prefix,
        "exaggeration": _W,
        **person,
    }
    front, back, top, bottom = extent(make_scene(values, scale, k=1.0, origin=(0.0, 0.0), **common))
    height = (top - bottom) * _K + 6
    scene = make_scene(values, scale, k=_K, origin=(front * _K, top * _K), **common)
    drawn = group(anatomy(scene), name=f"{prefix}-anatomy")
    out = drawn + canal.flow_arrows(scene, arrows or {})
    label_x = (front - back) * _K + 2
    out += level_labels(scene, _LEVELS, label_x)
    left, right = label_x + 44, _WIDTH - _PANEL_W - 26
    step = (right - left) / max(len(profiles), 1)
    for i, given in enumerate(profiles[:3]):
        options = dict(given)
        out += profile(scene, options.pop("values"), x=left + i * step, width=min(step - 30, 84), **options)
    x = _WIDTH - _PANEL_W - 0.5
    for what, y, h, edge in (("head", 1.0, _HEAD_H, enlarge.HEAD_FRAME),
                             ("sacrum", _HEAD_H + 22, _SACRUM_H, enlarge.SACRUM_FRAME)):  # fmt: skip
        big = _enlarged(scene, x, y, edge)
        moved = f"translate({big.origin[0]:.2f} {big.origin[1]:.2f}) scale({_ENLARGED}) " \
                f"translate({-scene.origin[0]:.2f} {-scene.origin[1]:.2f})"  # fmt: skip
        copy = el("use", href=f"#{prefix}-anatomy", transform=moved)
        name = "Head" if what == "head" else "Sacral end"
        out += enlarge.frame(copy, x, y, _PANEL_W, h, f"{name}, {_ENLARGED:g} × enlarged", f"{prefix}-{what}")
        label = enlarge.head_labels if what == "head" else enlarge.sacral_labels
        out += label(big, x, y, _PANEL_W, h)
    out += _key(scene, x, _HEAD_H + _SACRUM_H + 44, quantity, unit, bool(arrows), notes)
    lo, hi = scene.scale
    return svg(out, _WIDTH, round(height), title=title or f"{quantity.capitalize()} from head to sacrum", prefix=prefix,
               role="graphics-document",
               desc=desc or f"Midline cut facing left with {quantity} as colour, {fmt(lo)} to {fmt(hi, unit)}, its "
               "profile along the canal, and enlargements of head and sacral end.")  # fmt: skip


def _key(scene: Scene, x: float, y: float, quantity: str, unit: str, arrows: bool, notes: Sequence[str]) -> str:
    name = quantity[0].upper() + quantity[1:]
    out = legend.tide_bar(*scene.scale, "", label=f"{name}, {unit}", width=236, x=x, y=y, prefix=f"{scene.prefix}-tide")
    if arrows:
        out += legend.stroke_key(scene.k, x + 272, y + 10)
    out += legend.tissue_key(x, y + 98)
    lines = (f"The canal and cord are drawn {scene.spine.w:g} × too wide, so that the fluid is visible;",
             "lengths are true. Bones and tissue stay pale: colour always means a quantity.", *notes)  # fmt: skip
    for i, content in enumerate(lines):
        out += text(x, y + 152 + 16 * i, content, size=11, fill="ink2")
    out += legend.length_bar(scene.k, x, y + 168 + 16 * len(lines), what="body at left")
    return group(out, name=f"{scene.prefix}-key", title="Key")
