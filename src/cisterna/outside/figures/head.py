"""The head of the sagittal body: skull, fluid spaces, brain, ventricles, membranes, bones of the face.

The cavity is filled as cortical space and the cisterns are painted over it; then come brain, brainstem and
cerebellum, so that every gap between brain and dura is fluid by construction.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache
from typing import Any

from cisterna.outside.figures.canal import dura_edge, rim_point
from cisterna.outside.figures.scene import SPACES, Scene
from cisterna.outside.figures.shapes import centroid, flatten, outline, scale_volume, smooth_d, table, walk
from cisterna.outside.figures.svg import Point, el, group, path, polyline_d

_NOTCH, _SPACING, _SEED = 2.3, 13.0, 11
_CONVEXITY = 14  # the first points of the cerebrum up to the occipital pole
_FOLIUM, _BRANCHES, _VERMIS = 4.2, 10, (-11.0, 36.0)
_ADHESION = (26.5, 62.5)


@lru_cache(maxsize=1)
def _gyri() -> tuple[list[Point], list[list[Point]]]:
    """Outline of the cerebrum with its notches, and the sulcus lines that start in them, in mm."""
    draw = random.Random(_SEED)
    points = outline("cerebrum")
    dense = flatten(points, parts=12)
    split = 12 * _CONVEXITY
    rim, base = walk(dense[: split + 1], 1.0), dense[split + 1 :]
    middle = centroid(dense)
    notches, at = [0], 0
    while at < len(rim) - 6:
        at += round(_SPACING * draw.uniform(0.72, 1.3))
        notches.append(min(at, len(rim) - 1))
    inward = []
    for i, p in enumerate(rim):
        q, r = rim[max(i - 1, 0)], rim[min(i + 1, len(rim) - 1)]
        n = (r[1] - q[1], q[0] - r[0])
        size = math.hypot(*n) or 1.0
        side = 1.0 if (middle[0] - p[0]) * n[0] + (middle[1] - p[1]) * n[1] > 0 else -1.0
        inward.append((side * n[0] / size, side * n[1] / size))
    shaped = []
    for first, last in zip(notches, notches[1:], strict=False):
        for i in range(first, last):
            u = (i - first) / (last - first)
            depth = _NOTCH * (1 - math.sqrt(max(4 * u * (1 - u), 0.0)) ** 0.8)
            shaped.append((rim[i][0] + depth * inward[i][0], rim[i][1] + depth * inward[i][1]))
    sulci = []
    for i in notches[1:-1]:
        (a, s), (na, ns) = rim[i], inward[i]
        length, lean = draw.uniform(5, 15), draw.choice((-1, 1)) * draw.uniform(0.15, 0.45)
        steps = [(_NOTCH + length * t, lean * length * t * t) for t in (0.0, 0.5, 1.0)]
        sulci.append([(a + d * na - b * ns, s + d * ns + b * na) for d, b in steps])
    return [*shaped, *base], sulci


@lru_cache(maxsize=1)
def _folia() -> tuple[list[tuple[Point, Point]], list[list[Point]]]:
    """Ticks along the outline of the cerebellum and the branches of its white matter, in mm."""
    draw = random.Random(_SEED)
    rim = flatten(outline("cerebellum"), parts=10)
    middle = centroid(rim)
    outer = [p for p in rim if math.dist(p, _VERMIS) > 15]
    ticks = []
    for p in walk(outer, 5.2)[1:-1]:
        size = math.dist(p, middle)
        n = ((middle[0] - p[0]) / size, (middle[1] - p[1]) / size)
        depth = _FOLIUM * draw.uniform(0.6, 1.0)
        ticks.append((p, (p[0] + depth * n[0], p[1] + depth * n[1])))
    branches = []
    for i in range(_BRANCHES):
        angle = math.radians(72 + (276 - 72) * i / (_BRANCHES - 1))
        ray = (math.cos(angle), math.sin(angle))
        reach = max(
            (p[0] - _VERMIS[0]) * ray[0] + (p[1] - _VERMIS[1]) * ray[1]
            for p in rim
            if abs((p[0] - _VERMIS[0]) * ray[1] - (p[1] - _VERMIS[1]) * ray[0]) < 2.0
        )
        reach = 0.84 * reach
        branches.append([(_VERMIS[0] + t * reach * ray[0], _VERMIS[1] + t * reach * ray[1]) for t in (0.0, 1.0)])
        for t, turn in ((0.42, 34), (0.62, -34), (0.8, 30)):
            twig = math.radians(turn)
            way = (
                ray[0] * math.cos(twig) - ray[1] * math.sin(twig),
                ray[0] * math.sin(twig) + ray[1] * math.cos(twig),
            )
            root = (_VERMIS[0] + t * reach * ray[0], _VERMIS[1] + t * reach * ray[1])
            size = 0.22 * reach
            branches.append([root, (root[0] + size * way[0], root[1] + size * way[1])])
    return ticks, branches


def ventricle(name: str, volumes: dict[str, float] | None = None) -> list[Point]:
    """Outline of a fluid shape in mm, grown with the share of its default volume."""
    ratio = (volumes or {}).get("lateral" if name == "lateral_horns" else name, 1.0)
    points = outline(name)
    return scale_volume(points, ratio) if ratio != 1.0 else points


def _bones(scene: Scene) -> str:
    ring = [smooth_d(scene.head(outline("outer")), close=False)]
    ring += [smooth_d(scene.head(outline(n)), close=False, move=False) for n in ("skullbase", "clivus", "inner")]
    line = scene.lw(0.9)
    face = "".join(
        path(smooth_d(scene.head(outline(n))), fill="bone", stroke="bone-line", width=line)
        for n in ("nasal_bone", "palate", "mandible")
    )
    holes = "".join(
        path(smooth_d(scene.head(outline(n))), fill="skin", stroke="bone-line", width=0.8 * line)
        for n in ("frontal_sinus", "sphenoid_sinus")
    )
    skull = path("".join(ring) + "Z", fill="bone", stroke="bone-line", width=line)
    return group(face, name=f"{scene.prefix}-face", title="Bones of the face") + group(
        skull + holes, name=f"{scene.prefix}-skull", title="Skull"
    )


def _space(scene: Scene, place: str, d: str, **attributes: Any) -> str:
    """A filled fluid shape with name, title and value."""
    value = scene.value(place)
    return group(
        path(d, fill=scene.colour(value), **attributes), name=f"{scene.prefix}-{place}",
        title=scene.told(SPACES[place], value), data_value=None if value is None else f"{value:.6g}",
    )  # fmt: skip


def _inside_dura(scene: Scene) -> str:
    """Path data of everything inside the dura down to C1: what the cisterns are cut to."""
    front = [dura_edge(scene, 1, q) for q in (20.0, 12.0, 8.0, 4.0)] + [rim_point(scene, 1)]
    d = polyline_d(front) + smooth_d(scene.head(outline("clivus")), close=False, move=False)
    d += smooth_d(scene.head(outline("inner")), close=False, move=False)
    return d + "".join("L" + polyline_d([dura_edge(scene, -1, q)])[1:] for q in (4.0, 8.0, 12.0, 20.0)) + "Z"


def draw_cavity(scene: Scene) -> str:
    """Skull, face and the fluid between brain and dura."""
    d = smooth_d(scene.head(outline("clivus")), close=False)
    d += smooth_d(scene.head(outline("inner")), close=False, move=False) + "Z"
    out = _bones(scene) + _space(scene, "cortical", d)
    clip = f"{scene.prefix}-inside"
    out += el("defs", el("clipPath", path(_inside_dura(scene), fill="ink"), id=clip))
    quad = path(smooth_d(scene.head(outline("quadrigeminal"))), fill=scene.colour(scene.value("basal")))
    for place in ("basal", "cisterna_magna"):
        out += _space(scene, place, smooth_d(scene.head(outline(place))), clip_path=f"url(#{clip})")
    return out + group(quad, name=f"{scene.prefix}-quadrigeminal",
                       title=scene.told("Quadrigeminal cistern", scene.value("basal")))  # fmt: skip


def _nervous(scene: Scene) -> str:
    brain, sulci = _gyri()
    thin = scene.lw(0.9)

    def tissue(d: str) -> str:
        return path(d, fill="tissue", stroke="tissue-line", width=thin)

    lines = "".join(smooth_d(scene.head(s), close=False) for s in sulci)
    lines += "".join(smooth_d(scene.head([(a, s) for a, s in pts]), close=False) for pts in table()["sulci"])
    cerebrum = tissue(polyline_d(scene.head(brain), close=True)) + path(lines, stroke="tissue-line", width=thin)
    callosum = path(smooth_d(scene.head(outline("callosum"))), fill="bone", stroke="tissue-line", width=thin)
    ticks, branches = _folia()
    white = "".join(polyline_d(scene.head(b)) for b in branches)
    folia = "".join(polyline_d(scene.head(t)) for t in ticks)
    cerebellum = tissue(smooth_d(scene.head(outline("cerebellum"))))
    cerebellum += path(white, stroke="bone", width=scene.lw(1.7), stroke_linecap="round")
    cerebellum += path(folia, stroke="tissue-line", width=thin)
    p = scene.prefix
    return (
        group(cerebrum, name=f"{p}-cerebrum", title="Cerebrum")
        + group(callosum, name=f"{p}-callosum", title="Corpus callosum")
        + group(cerebellum, name=f"{p}-cerebellum", title="Cerebellum")
        + group(tissue(smooth_d(scene.head(outline("brainstem")))), name=f"{p}-brainstem", title="Brainstem")
    )


def _ventricles(scene: Scene) -> str:
    volumes = dict(scene.volumes)

    def shape(name: str) -> str:
        return smooth_d(scene.head(ventricle(name, volumes)))

    lateral = scene.value("lateral")
    edge: dict[str, Any] = {"stroke": "tissue-line", "width": scene.lw(0.7)}
    out = path(smooth_d(scene.head(outline("monro")), close=False), stroke=scene.colour(lateral),
               width=2.6 * scene.head_scale * scene.k)  # fmt: skip
    x, y = scene.head([_ADHESION])[0]
    out += _space(scene, "third", shape("third"), stroke="ground", width=scene.lw(1.3))
    out += el("ellipse", cx=x, cy=y, rx=3.6 * scene.k, ry=2.6 * scene.k, fill="tissue")
    out += _space(scene, "fourth", shape("fourth"), **edge)
    aqueduct = scene.value("aqueduct")
    pipe = path(smooth_d(scene.head(outline("aqueduct")), close=False), stroke=scene.colour(aqueduct),
                width=2.4 * scene.head_scale * scene.k, stroke_linecap="round")  # fmt: skip
    out += group(pipe, name=f"{scene.prefix}-aqueduct", title=scene.told(SPACES["aqueduct"], aqueduct))
    horns = path(shape("lateral_horns"), fill=scene.colour(lateral), stroke="tissue-line", width=scene.lw(0.8),
                 fill_opacity=0.38, stroke_dasharray=f"{2.2 * scene.k:.1f} {1.6 * scene.k:.1f}")  # fmt: skip
    out += group(horns, name=f"{scene.prefix}-lateral-horns",
                 title="Other horns of the lateral ventricle, projected from beside the midline")  # fmt: skip
    return out + _space(scene, "lateral", shape("lateral"), **edge)


def _membranes(scene: Scene) -> str:
    d = smooth_d(scene.head(outline("clivus")), close=False)
    d += smooth_d(scene.head(outline("inner")), close=False, move=False)
    dura = path(d, stroke="membrane", width=scene.lw(1.4))
    tent = path(smooth_d(scene.head(outline("tentorium")), close=False), stroke="membrane", width=scene.lw(1.9))
    falx = path(smooth_d(scene.head(outline("falx")), close=False), stroke="membrane", width=scene.lw(1.3),
                stroke_dasharray=f"{3.4 * scene.k:.1f} {2.3 * scene.k:.1f}")  # fmt: skip
    p = scene.prefix
    return (
        group(falx, name=f"{p}-falx", title="Free edge of the falx, beside the midline cut")
        + group(dura, name=f"{p}-dura-head", title="Cranial dura")
        + group(tent, name=f"{p}-tentorium", title="Tentorium")
    )


def draw_brain(scene: Scene) -> str:
    """Brain, ventricles and membranes; they lie over the upper end of the canal."""
    return _nervous(scene) + _ventricles(scene) + _membranes(scene)
