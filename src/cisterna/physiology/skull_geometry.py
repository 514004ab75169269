"""Shape of the skull as numbers: plates, suture lines, pressure areas and hand contacts, in head radii.

The vault is an ellipsoid about ``centre``. A suture is a chain of points on it between two plates; a joint
of the face is a chain off it. Everything is divided by the geometric-mean half axis R, and a plate's
rotation is counted as R times its angle, so one set of matrices serves every head size (`skull.condense`
multiplies R back in).

For a line with tangent t, outward r and opening direction n = r x t (towards the plate on the left), and the
jump J = B(second) - B(first), B(p) = [1, -[p]x]:

    K_open = sum J' n n' J dl,   K_slide = sum J' (t t' + r r') J dl,   K_hinge = sum (t . turn)^2 dl.

The push of a uniform inner pressure on a plate needs its border only (Stokes): area vector 1/2 oint p x dp,
moment -1/2 oint |p|^2 dp. Each line counts once with each sign, so the pressure on a closed skull is
balanced exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import UnknownName

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A chain of points between two plates.

    Attributes
    ----------
    name : str
        Name of the suture or joint.
    left, right : str
        Plates to the left and right of the direction of travel, seen from outside.
    points : array, (m, 3)
        Points in head radii from the centre.
    opening : array (3,), optional
        Opening direction of a joint off the vault, from `right` to `left`; None on the vault.
    """

    name: str
    left: str
    right: str
    points: Array
    opening: Array | None = None


@dataclass(frozen=True)
class Pad:
    """A hand's contact: points that share the load equally, each on a plate, and the outward normal."""

    name: str
    plates: tuple[str, ...]
    points: Array
    outward: Array
    radius: float


@partial(
    jax.tree_util.register_dataclass,
    data_fields=[
        "opens",
        "slides",
        "hinges",
        "push",
        "jump",
        "length",
        "touch",
        "outward",
        "reach",
        "width",
        "depth",
        "rigid",
        "spread",
        "area",
    ],
    meta_fields=["plates", "lines", "pads"],
)
@dataclass(frozen=True, eq=False)
class SkullGeometry:
    """Matrices of a skull of unit size; n plates, s lines, m pads. A pytree of its arrays.

    Attributes
    ----------
    plates, lines, pads : tuple of str
        Names.
    opens, slides, hinges : (s, 6n, 6n)
        Quadratic forms of unit line stiffness.
    push : (6n,)
        Load of unit pressure.
    jump : (s, 6n)
        Mean opening of a line.
    length : (s,)
        Length of each line.
    touch : (m, 3, 6n)
        Mean motion of a pad, RAS.
    outward : (m, 3)
        Outward normals.
    reach : (m,)
        Contact radii, cm (they do not scale with the head).
    width, depth : (6n,)
        Read-outs: growth of the width between the parietals, and from forehead to occiput.
    rigid : (6n, 6)
        The six rigid motions.
    spread : (6n, 6n)
        Area-weighted mass matrix of the vault: how a free head carries the reaction of a touch.
    area : (n,)
        Area of each plate; 0 off the vault.
    """

    plates: tuple[str, ...]
    lines: tuple[str, ...]
    pads: tuple[str, ...]
    opens: Array
    slides: Array
    hinges: Array
    push: Array
    jump: Array
    length: Array
    touch: Array
    outward: Array
    reach: Array
    width: Array
    depth: Array
    rigid: Array
    spread: Array
    area: Array

    def plate(self, name: str) -> slice:
        """Columns of a plate."""
        if name not in self.plates:
            raise UnknownName("bone", name, list(self.plates))
        start = 6 * self.plates.index(name)
        return slice(start, start + 6)

    def line(self, name: str) -> list[int]:
        """Indices of a suture: one side, or both when the name has no side.

        Raises
        ------
        CisternaError
            Unknown suture, with the nearest.
        """
        found = [i for i, line in enumerate(self.lines) if line == name or line.rsplit(".", 1)[0] == name]
        if not found:
            raise UnknownName("suture", name, [*self.lines, *{line.split(".")[0] for line in self.lines}])
        return found

    def pad(self, name: str) -> int:
        """Index of a pad."""
        if name not in self.pads:
            raise UnknownName("head station", name, list(self.pads))
        return self.pads.index(name)


def cross_matrix(p: Array) -> Array:
    """Matrix [p]x with [p]x v = p x v."""
    return np.array([[0.0, -p[2], p[1]], [p[2], 0.0, -p[0]], [-p[1], p[0], 0.0]])


def arc(directions: Sequence[Array], shape: Array, per: int = 24) -> Array:
    """Chain along great circles of the unit sphere through `directions`, stretched to the ellipsoid."""
    chain: list[Array] = [directions[0]]
    for a, b in zip(directions[:-1], directions[1:], strict=True):
        angle = np.arccos(np.clip(a @ b, -1.0, 1.0))
        share = np.arange(1, per + 1)[:, None] / per
        chain.extend((np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle))
    return np.asarray(chain) * shape


def _frames(line: Line, shape: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Midpoints, steps, and unit vectors n, t, r of the pieces of a line."""
    steps = np.diff(line.points, axis=0)
    middles = 0.5 * (line.points[1:] + line.points[:-1])
    t = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    if line.opening is None:
        r = middles / shape**2
    else:
        r = np.cross(t, np.broadcast_to(line.opening, t.shape))
    r = r - t * np.sum(r * t, axis=1, keepdims=True)
    r = r / np.linalg.norm(r, axis=1, keepdims=True)
    return middles, steps, np.cross(r, t), t, r


def _fan(borders: Array, shape: Array, rings: int = 6) -> tuple[Array, Array]:
    """Points and areas that cover a plate, from triangles between its middle and each piece of its border.

    borders : (k, 2, 3) directions of the start and end of each piece on the unit sphere.
    """
    middle = borders.mean(axis=(0, 1))
    middle = middle / np.linalg.norm(middle)
    share = (np.arange(rings + 1) / rings)[:, None, None, None]
    net = middle + share * (borders - middle)
    net = net / np.linalg.norm(net, axis=-1, keepdims=True) * shape
    a, b, c, d = net[:-1, :, 0], net[:-1, :, 1], net[1:, :, 1], net[1:, :, 0]
    areas = 0.5 * np.linalg.norm(np.cross(c - a, d - b), axis=-1)
    return ((a + b + c + d) / 4).reshape(-1, 3), areas.reshape(-1)


def plates_at(directions: Array, borders: Mapping[str, Array]) -> tuple[str, ...]:
    """The plate whose border winds once around each direction (n, 3) of the unit sphere.

    A border winds around none of its plate's directions whose opposite lies in the plate as well: where no border
    winds, the direction is in the plate that holds most of the sphere.
    """
    u = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    e1 = np.cross(u, np.eye(3)[np.argmin(np.abs(u), axis=1)])
    e1 = e1 / np.linalg.norm(e1, axis=1, keepdims=True)
    e2 = np.cross(u, e1)
    names = list(borders)
    turns = np.zeros((len(names), len(u)))
    for k, name in enumerate(names):
        angle = np.arctan2(borders[name] @ e2.T, borders[name] @ e1.T)  # (piece, end, direction)
        step = np.angle(np.exp(1j * (angle[:, 1] - angle[:, 0])))
        turns[k] = np.round(step.sum(axis=0) / (2 * np.pi))
    best = np.argmax(turns, axis=0)
    tied = (turns == turns.max(axis=0)).sum(axis=0) > 1
    if tied.any():
        area = np.array([_solid_angle(borders[name]) for name in names])
        held = np.where(turns == turns.max(axis=0), area[:, None], -1.0)
        best = np.where(tied, np.argmax(held, axis=0), best)
    return tuple(names[k] for k in best)


def _solid_angle(pieces: Array) -> float:
    """Solid angle to the left of a closed border of pieces (k, 2, 3), 0 to 4 pi.

    Signed triangles with one fixed corner, after van Oosterom and Strackee 1983 IEEE Trans Biomed Eng 30:125.
    """
    a, b = (pieces[:, i] / np.linalg.norm(pieces[:, i], axis=1, keepdims=True) for i in (0, 1))
    c = np.array([0.36, 0.48, 0.8])  # any direction that is no corner of a border
    volume = np.cross(a, b) @ c
    angle = 2.0 * np.arctan2(volume, 1.0 + np.sum(a * b, axis=1) + (a + b) @ c)
    return float(angle.sum() % (4.0 * np.pi))


def vault_borders(lines: Sequence[Line], shape: Array) -> dict[str, Array]:
    """Border pieces of each plate on the unit sphere, travelled with the plate to the left: (k, 2, 3)."""
    found: dict[str, list[Array]] = {}
    for line in lines:
        if line.opening is not None:
            continue
        ends = line.points / shape
        forth = np.stack([ends[:-1], ends[1:]], axis=1)
        found.setdefault(line.left, []).append(forth)
        found.setdefault(line.right, []).append(forth[:, ::-1])
    return {name: np.concatenate(pieces) for name, pieces in found.items()}


def disc(direction: Array, radius: float, shape: Array, borders: Mapping[str, Array], name: str) -> Pad:
    """A round contact on the vault: 24 points of equal share within `radius` (head radii) of a direction.

    A pad that lies across a suture loads the plates on both sides.
    """
    u = direction / np.linalg.norm(direction)
    normal = u / shape
    normal = normal / np.linalg.norm(normal)
    e1 = np.cross(normal, np.eye(3)[int(np.argmin(np.abs(normal)))])
    e1 = e1 / np.linalg.norm(e1)
    e2 = np.cross(normal, e1)
    offsets = [
        radius * part * (np.cos(turn) * e1 + np.sin(turn) * e2)
        for part in np.sqrt((np.arange(3) + 0.5) / 3)  # three rings of equal area
        for turn in 2 * np.pi * (np.arange(8) + 0.5) / 8
    ]
    around = (u * shape + np.asarray(offsets)) / shape
    around = around / np.linalg.norm(around, axis=1, keepdims=True)
    return Pad(name, plates_at(around, borders), around * shape, normal, 0.0)


def build(
    plates: Sequence[str],
    lines: Sequence[Line],
    shape: Array,
    pads: Sequence[Pad] = (),
    width: tuple[Pad, Pad] | None = None,
    depth: tuple[Pad, Pad] | None = None,
) -> SkullGeometry:
    """Matrices of a skull from its lines.

    Parameters
    ----------
    plates : sequence of str
        Names; a plate may have no border on the vault (the face).
    lines : sequence of Line
        Sutures and joints, in head radii.
    shape : array (3,)
        Half axes in head radii, right, front, up; their product is 1.
    pads : sequence of Pad
        Hand contacts.
    width, depth : pairs of Pad, optional
        The two ends of the read-outs along x and along y.
    """
    index = {name: 6 * i for i, name in enumerate(plates)}
    size = 6 * len(plates)
    opens, slides, hinges = (np.zeros((len(lines), size, size)) for _ in range(3))
    push, jump, length = np.zeros(size), np.zeros((len(lines), size)), np.zeros(len(lines))
    for k, line in enumerate(lines):
        for name in (line.left, line.right):
            if name not in index:
                raise UnknownName("bone", name, list(plates), where=f"suture {line.name}")
        left, right = (slice(index[name], index[name] + 6) for name in (line.left, line.right))
        middles, steps, n, t, r = _frames(line, shape)
        dl = np.linalg.norm(steps, axis=1)
        # A plate's part in the jump along e at p is e . (u + turn x p), so its row is (e, p x e); right is minus left.
        open_row, along_row, radial_row = (np.hstack([e, np.cross(middles, e)]) for e in (n, t, r))
        turn_row = np.hstack([np.zeros_like(t), t])
        for form, rows in ((opens, [open_row]), (slides, [along_row, radial_row]), (hinges, [turn_row])):
            square = sum(np.einsum("l,li,lj->ij", dl, row, row) for row in rows)
            form[k, left, left], form[k, right, right] = square, square
            form[k, left, right], form[k, right, left] = -square, -square
        length[k] = dl.sum()
        jump[k, left] = dl @ open_row / length[k]
        jump[k, right] = -jump[k, left]
        if line.opening is None:
            force = 0.5 * np.cross(middles, steps).sum(axis=0)
            moment = -0.5 * (np.sum(middles**2, axis=1) @ steps)
            push[left] += np.concatenate([force, moment])
            push[right] -= np.concatenate([force, moment])
    spread, area = np.zeros((size, size)), np.zeros(len(plates))
    for name, pieces in vault_borders(lines, shape).items():
        points, shares = _fan(pieces, shape)
        own = slice(index[name], index[name] + 6)
        spread[own, own] = sum(
            np.einsum("l,li,lj->ij", shares, row, row)
            for row in (np.hstack([np.broadcast_to(e, points.shape), np.cross(points, e)]) for e in np.eye(3))
        )
        area[index[name] // 6] = shares.sum()

    def mean_motion(pad: Pad) -> Array:
        rows = np.zeros((3, size))
        for point, plate in zip(pad.points, pad.plates, strict=True):
            at, share = index[plate], 1.0 / len(pad.plates)
            rows[:, at : at + 3] += share * np.eye(3)
            rows[:, at + 3 : at + 6] -= share * cross_matrix(point)
        return rows

    def growth(pair: tuple[Pad, Pad] | None, axis: int) -> Array:
        return np.zeros(size) if pair is None else (mean_motion(pair[1]) - mean_motion(pair[0]))[axis]

    return SkullGeometry(
        plates=tuple(plates),
        lines=tuple(line.name for line in lines),
        pads=tuple(pad.name for pad in pads),
        opens=opens,
        slides=slides,
        hinges=hinges,
        push=push,
        jump=jump,
        length=length,
        touch=np.asarray([mean_motion(pad) for pad in pads]).reshape(len(pads), 3, size),
        outward=np.asarray([pad.outward for pad in pads]).reshape(len(pads), 3),
        reach=np.asarray([pad.radius for pad in pads]),
        width=growth(width, 0),
        depth=growth(depth, 1),
        rigid=np.tile(np.eye(6), (len(plates), 1)),
        spread=spread,
        area=area,
    )
