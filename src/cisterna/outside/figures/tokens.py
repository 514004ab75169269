"""Colour tokens of figures, reports and page: light, dark, two scales, and the style sheet made from them.

A token is a name with two colours. In a style sheet it is a custom property (``--bone``); in a drawing it is
a light colour as attribute plus a class whose rule reads the property, so that a drawing looks right in a
viewer that knows no custom properties and follows a dark page in one that does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

#: name -> (light, dark)
TOKENS: dict[str, tuple[str, str]] = {
    "ground": ("#FFFFFF", "#11161A"),
    "panel": ("#F6F7F7", "#181F24"),
    "ink": ("#1B2228", "#E6EBEE"),
    "ink2": ("#4E5A63", "#AEB9C0"),
    "ink3": ("#67727B", "#8B979F"),
    "rule": ("#D5DADD", "#323B42"),
    "grid": ("#E9ECEE", "#242C32"),
    "fluid": ("#2A6FB0", "#6FAEE6"),
    "art": ("#B8403A", "#E0837D"),
    "ven": ("#4A64A8", "#94A9E0"),
    "hand": ("#BF820F", "#E0A33E"),
    "handtext": ("#8A5600", "#E0A33E"),
    "hyp": ("#7A4FA3", "#B896DB"),
    "ok": ("#1E7F73", "#4FBFB0"),
    "care": ("#B0700A", "#E0A33E"),
    "phys": ("#C2541B", "#F08A52"),
    "stop": ("#A81E2D", "#F07682"),
    "membrane": ("#7B8A62", "#A3B386"),
    "bone": ("#EEE5D3", "#3B3832"),
    "bone-line": ("#A99873", "#857A63"),
    "tissue": ("#EADCD5", "#403633"),
    "tissue-line": ("#B0958A", "#8A736A"),
    "cord": ("#F1DDB0", "#5E5032"),
    "cord-line": ("#BF9F5C", "#A8904C"),
    "skin": ("#F7F3EF", "#1A2126"),
    "skin-line": ("#CFC2B8", "#46525A"),
    "disc": ("#DCE3E2", "#2A3335"),
    "quiet-fluid": ("#DDE8F0", "#22323E"),
    "cream": ("#FFF6E6", "#3A2F1B"),
    "position": ("#33475B", "#9DB4CC"),
    "breath": ("#3E96D1", "#3E96D1"),
    "heart": ("#B8403A", "#E0837D"),
    "touch": ("#BF820F", "#E0A33E"),
    "rest": ("#8C979F", "#8C979F"),
    "hypothesis": ("#7A4FA3", "#B896DB"),
}
#: Causes in their fixed order.
CAUSES = ("position", "breath", "heart", "touch", "rest", "hypothesis")
TIDE = ("#CEEFF3", "#92D9EB", "#5FB6E2", "#4C8CD2", "#4E60B8", "#56378F", "#4F1B57")
EBB = ("#006380", "#1E87A5", "#60ABC5", "#A7CFDD", "#F3F3F3", "#EABDA6", "#D88C64", "#B9622F", "#923E00")
EBB_DARK = ("#6ECCEC", "#41A2C0", "#27768E", "#264B57", "#1F1F1F", "#5D3824", "#975028", "#C9703F", "#F49665")
#: The diverging scale is drawn in this many classes (odd: the middle one is zero).
EBB_CLASSES = 41

FONT_PAGE = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif'
FONT_FIGURE = "Helvetica Neue, Arial, Liberation Sans, DejaVu Sans, sans-serif"

_TO_LMS = ((0.4122214708, 0.5363325363, 0.0514459929), (0.2119034982, 0.6806995451, 0.1073969566),
           (0.0883024619, 0.2817188376, 0.6299787005))  # fmt: skip
_TO_LAB = ((0.2104542553, 0.7936177850, -0.0040720468), (1.9779984951, -2.4285922050, 0.4505937099),
           (0.0259040371, 0.7827717662, -0.8086757660))  # fmt: skip
_FROM_LAB = ((1.0, 0.3963377774, 0.2158037573), (1.0, -0.1055613458, -0.0638541728),
             (1.0, -0.0894841775, -1.2914855480))  # fmt: skip
_FROM_LMS = ((4.0767416621, -3.3077115913, 0.2309699292), (-1.2684380046, 2.6097574011, -0.3413193965),
             (-0.0041960863, -0.7034186147, 1.7076147010))  # fmt: skip

Triple = tuple[float, float, float]


def _apply(matrix: Sequence[Sequence[float]], v: Sequence[float]) -> Triple:
    a, b, c = (row[0] * v[0] + row[1] * v[1] + row[2] * v[2] for row in matrix)
    return a, b, c


def oklab(colour: str) -> Triple:
    """OKLab coordinates (lightness 0..1, green-red, blue-yellow) of ``#RRGGBB`` (B. Ottosson 2020).

    Examples
    --------
    >>> [round(x, 3) for x in oklab("#FFFFFF")]
    [1.0, 0.0, 0.0]
    """
    rgb = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in rgb]
    lms = [x ** (1 / 3) for x in _apply(_TO_LMS, linear)]
    lightness, a, b = _apply(_TO_LAB, lms)
    return lightness, abs(a) * (1 if a > 0 else -1), b


def from_oklab(lab: Sequence[float]) -> str:
    """The ``#RRGGBB`` of OKLab coordinates, clipped to sRGB."""
    lms = [x**3 for x in _apply(_FROM_LAB, lab)]
    out = ""
    for x in _apply(_FROM_LMS, lms):
        x = min(max(x, 0.0), 1.0)
        out += f"{round(255 * (12.92 * x if x <= 0.0031308 else 1.055 * x ** (1 / 2.4) - 0.055)):02X}"
    return "#" + out


def blend(stops: Sequence[str], t: float) -> str:
    """The colour at `t` (0..1, clipped) of even stops, interpolated in OKLab."""
    place = min(max(t, 0.0), 1.0) * (len(stops) - 1)
    i = min(int(place), len(stops) - 2)
    a, b = oklab(stops[i]), oklab(stops[i + 1])
    return from_oklab([p + (q - p) * (place - i) for p, q in zip(a, b, strict=True)])


@lru_cache(maxsize=4096)
def _tide(step: int) -> str:
    return blend(TIDE, step / 1000)


def tide(value: float, lo: float = 0.0, hi: float = 1.0) -> str:
    """Colour of an amount on the sequential scale; values outside take the end colours.

    Examples
    --------
    >>> tide(0), tide(1)
    ('#CEEFF3', '#4F1B57')
    """
    if hi <= lo:
        raise ValueError(f"colour scale needs hi > lo, got {lo} to {hi}")
    return _tide(round(1000 * min(max((value - lo) / (hi - lo), 0.0), 1.0)))


def ebb(value: float, limit: float = 1.0, dark: bool = False) -> str:
    """Colour of a signed value on the diverging scale, symmetric about zero (petrol -, rust +)."""
    if limit <= 0:
        raise ValueError(f"colour limit must be above 0, got {limit}")
    return blend(EBB_DARK if dark else EBB, (value / limit + 1) / 2)


def ebb_class(value: float, limit: float = 1.0) -> int:
    """Which of the `EBB_CLASSES` classes a signed value falls in; the middle one holds zero.

    Examples
    --------
    >>> ebb_class(0.0), ebb_class(-1.0), ebb_class(1.0)
    (20, 0, 40)
    """
    t = (min(max(value / limit, -1.0), 1.0) + 1) / 2
    return round(t * (EBB_CLASSES - 1))


def _ebb_tokens() -> dict[str, tuple[str, str]]:
    steps = [i / (EBB_CLASSES - 1) for i in range(EBB_CLASSES)]
    return {f"ebb-{i}": (blend(EBB, t), blend(EBB_DARK, t)) for i, t in enumerate(steps)}


TOKENS.update(_ebb_tokens())


def light(name: str) -> str:
    """Light colour of a token; any other paint (``none``, ``#4C8CD2``, ``url(...)``) is handed through."""
    return TOKENS[name][0] if name in TOKENS else name


_PROPERTY = {"f": "fill", "s": "stroke", "c": "stop-color"}
_NAMES = "|".join(sorted(map(re.escape, TOKENS), key=len, reverse=True))
_CLASS = re.compile(rf'\b([fsc])-({_NAMES})(?=[\s"])')


def class_rules(drawing: str) -> str:
    """The style rules of the colour classes (``f-bone``, ``s-ink``, ``c-skin``) a drawing uses."""
    found = sorted({m.groups() for part in re.findall(r'class="[^"]*"', drawing) for m in _CLASS.finditer(part)})
    return "".join(f".{p}-{n}{{{_PROPERTY[p]}:var(--{n},{TOKENS[n][0]})}}" for p, n in found)


def _properties(mode: int, names: Iterable[str] = tuple(TOKENS)) -> str:
    return ";".join(f"--{name}:{TOKENS[name][mode]}" for name in names)


def css() -> str:
    """Custom properties of all tokens: light, dark where the system asks for it, print always light.

    ``data-theme="light"`` or ``"dark"`` on the root element overrides the system on screen.
    """
    light_rule, dark_rule = _properties(0), _properties(1)
    return (
        f":root{{color-scheme:light;{light_rule}}}\n"
        "@media screen and (prefers-color-scheme:dark){"
        f":root:not([data-theme=light]){{color-scheme:dark;{dark_rule}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark_rule}}}}}\n"
        "@media print{:root{color-scheme:light}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}\n"
    )


def standalone_css() -> str:
    """Dark rules for a drawing kept as a file of its own."""
    return f"@media screen and (prefers-color-scheme:dark){{:root{{{_properties(1)}}}}}"
