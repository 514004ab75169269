"""The terminal: the user's sixteen colours on signs and verdict words only, and words where there is none.

A terminal with UTF-8 gets signs and colours. `NO_COLOR`, a pipe, ``TERM=dumb`` or another encoding get words in
ASCII. Results go to stdout, progress and errors to stderr.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sys
import textwrap
import time
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from cisterna.ground.errors import CisternaError

WIDTH = 80
BAR = 30
#: Seconds between two drawings of a progress bar.
_REDRAW = 0.1
_COLOURS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35"}
#: What a thing is -> sign, colour, word that stands for the sign where there are no signs.
SIGNS: Mapping[str, tuple[str, str, str]] = {
    "ok": ("✓", "green", "[ok]"),
    "error": ("✗", "red", "[error]"),
    "none_listed": ("✓", "green", ""),
    "care": ("▲", "yellow", ""),
    "physician": ("⊠", "yellow", ""),
    "stop": ("⊖", "red", ""),
    "supported": ("✓", "green", ""),
    "contradicted": ("✗", "red", ""),
    "undecided": ("=", "", ""),
    "not testable": ("-", "", ""),
    "inside": ("●", "green", ""),
    "HIGH": ("▷", "yellow", ""),
    "LOW": ("◁", "yellow", ""),
    "established": ("●", "", ""),
    "plausible": ("◐", "", ""),
    "contested": ("⊘", "", ""),
    "hypothesis": ("◌", "magenta", "[H]"),
    "measured": ("●", "", ""),
    "derived": ("◐", "", ""),
    "assumed": ("◌", "", ""),
}
_ASCII = str.maketrans(
    {
        "−": "-", "–": "-", "—": "-", "±": "+-", "µ": "u", "μ": "u", "×": "x", "·": ";", "°": "deg", "≥": ">=",
        "≤": "<=", "→": "->", "³": "3", "²": "2", "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "…": "...",
        "ø": "o", "Ø": "O",
        "ß": "ss", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "π": "pi", "σ": "sigma", "≈": "~",
    }
)  # fmt: skip
_POWER = re.compile(r" × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def ascii_text(text: str) -> str:
    """A text in ASCII: units, signs and letters by their nearest spelling.

    Examples
    --------
    >>> ascii_text("−130 µm ± 4.1 × 10⁻⁷ mm²"), ascii_text("Mönch · “a”")
    ('-130 um +- 4.1e-7 mm2', 'Monch; "a"')
    """
    text = _POWER.sub(lambda m: "e" + unicodedata.normalize("NFKD", m.group(1)).replace("−", "-"), text)
    folded = unicodedata.normalize("NFKD", text.replace(" · ", "; ").translate(_ASCII)).translate(_ASCII)
    return "".join(c for c in folded if not unicodedata.combining(c)).encode("ascii", "replace").decode()


class Mark(NamedTuple):
    """A word with its sign and colour; `kind` is a key of `SIGNS`."""

    kind: str
    words: str = ""


Cell = str | Mark


class Terminal:
    """One output stream and what it can show.

    Parameters
    ----------
    stream : text file
        Where lines go.

    Attributes
    ----------
    plain : bool
        Words only, ASCII only: no signs, no colours.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.tty = bool(getattr(stream, "isatty", lambda: False)())
        utf8 = (getattr(stream, "encoding", "") or "").lower().replace("-", "").startswith("utf8")
        refused = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        self.plain = not self.tty or refused or not utf8
        columns = shutil.get_terminal_size((WIDTH, 24)).columns if self.tty else WIDTH
        self.width = max(40, min(columns, WIDTH))

    # --- pieces --------------------------------------------------------------------------------------
    def text(self, text: str) -> str:
        """The text as this stream can show it, without control characters."""
        clean = _CONTROL.sub(" ", text)
        return ascii_text(clean) if self.plain else clean

    def paint(self, text: str, colour: str = "", *, bold: bool = False, dim: bool = False) -> str:
        """The text in one of the terminal's own colours."""
        codes = [c for c, on in (("1", bold), ("2", dim), (_COLOURS.get(colour, ""), bool(colour))) if on and c]
        return f"\033[{';'.join(codes)}m{text}\033[0m" if codes and not self.plain else text

    def shown(self, cell: Cell) -> str:
        """What a cell looks like without colour; its length is its width."""
        if isinstance(cell, str):
            return self.text(cell)
        sign, _, word = SIGNS[cell.kind]
        return " ".join(part for part in (word if self.plain else sign, self.text(cell.words)) if part)

    def render(self, cell: Cell, bold: bool = False) -> str:
        """A cell with its colour."""
        colour = "" if isinstance(cell, str) else SIGNS[cell.kind][1]
        return self.paint(self.shown(cell), colour, bold=bold)

    # --- lines ---------------------------------------------------------------------------------------
    def line(self, *cells: Cell) -> None:
        """One line; marks carry their sign and colour."""
        print("  ".join(self.render(cell) for cell in cells), file=self.stream)

    def verdict(self, mark: Mark, rest: str = "") -> None:
        """A verdict in bold with what belongs to it, wrapped."""
        room = len(self.shown(mark)) + 2
        lines = textwrap.wrap(self.text(rest), self.width, initial_indent=" " * room, subsequent_indent="  ")
        first = lines[0][room:] if lines else ""
        print(f"{self.render(mark, bold=True)}  {first}".rstrip(), file=self.stream)
        for more in lines[1:]:
            print(more, file=self.stream)

    def fact(self, label: str, text: Cell, *, indent: int = 0, width: int = 12) -> None:
        """A label and what is said of it, wrapped under itself."""
        lead = " " * indent + self.text(label).ljust(width)
        if isinstance(text, Mark):
            print(lead + self.render(text), file=self.stream)
            return
        space = max(self.width - len(lead), 20)
        # A path or an identifier is never cut.
        lines = textwrap.wrap(self.text(text), space, break_long_words=False, break_on_hyphens=False) or [""]
        for number, piece in enumerate(lines):
            print((lead if number == 0 else " " * len(lead)) + piece, file=self.stream)

    def title(self, word: str, rest: str = "") -> None:
        """A heading: one word in bold, then what it is about."""
        word = self.text(word)
        lines = textwrap.wrap(self.text(rest), max(self.width - len(word) - 2, 20)) or [""]
        print(f"{self.paint(word, bold=True)}  {lines[0]}".rstrip(), file=self.stream)
        for more in lines[1:]:
            print(" " * (len(word) + 2) + more, file=self.stream)

    def hint(self, text: str) -> None:
        """A quiet remark."""
        for piece in textwrap.wrap(self.text(text), self.width):
            print(self.paint(piece, dim=True), file=self.stream)

    def paragraph(self, text: str) -> None:
        """Running text, wrapped."""
        for piece in textwrap.wrap(self.text(text), self.width):
            print(piece, file=self.stream)

    def blank(self) -> None:
        """An empty line."""
        print(file=self.stream)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[Cell]], gap: int = 2) -> None:
        """Aligned columns. A heading that begins with ``>`` right-aligns its column (numbers).

        The last column is cut at the width of a terminal; in a pipe it stays whole.
        """
        right = [head.startswith(">") for head in heads]
        names = [head.lstrip(">") for head in heads]
        widths = [max(len(self.shown(row[k])) for row in [names, *rows]) for k in range(len(heads))]
        room = self.width - sum(widths[:-1]) - gap * (len(heads) - 1)

        def row_text(row: Sequence[Cell], bold: bool = False) -> str:
            parts = []
            for k, cell in enumerate(row):
                seen = self.shown(cell)
                last = k == len(row) - 1
                if last and self.tty and len(seen) > room >= 4:
                    seen, cell = self._cut(seen, room), self._cut(seen, room)
                space = "" if last and not right[k] else " " * (widths[k] - len(seen))
                parts.append(space + self.render(cell, bold) if right[k] else self.render(cell, bold) + space)
            return (" " * gap).join(parts).rstrip()

        print(row_text(names, bold=True), file=self.stream)
        if not self.plain:
            total = sum(widths[:-1]) + gap * (len(heads) - 1) + min(widths[-1], max(room, 4))
            print("─" * min(total, self.width), file=self.stream)
        for row in rows:
            print(row_text(row), file=self.stream)

    def _cut(self, text: str, room: int) -> str:
        dots = "..." if self.plain else "…"
        return text if len(text) <= room else text[: room - len(dots)].rstrip() + dots


def out() -> Terminal:
    """The terminal on stdout, as it is now."""
    return Terminal(sys.stdout)


def err() -> Terminal:
    """The terminal on stderr, as it is now."""
    return Terminal(sys.stderr)


# --- machine-readable output and files -----------------------------------------------------------------
def emit(value: Any, *, line: bool = False) -> None:
    """Print a value as JSON; what is not finite becomes null. `line`: without line breaks (JSON lines)."""
    print(json.dumps(plain_data(value), indent=None if line else 2, allow_nan=False))


def plain_data(value: Any) -> Any:
    """A value as JSON can hold it: NumPy numbers become plain, what is not finite null."""
    if isinstance(value, Mapping):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain_data(item) for item in value]
    if hasattr(value, "tolist"):  # a NumPy scalar or array
        return plain_data(value.tolist())
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if value is None or isinstance(value, (str, int, bool)):
        return value
    return str(value)


#: Files written since the program began: an error says whether there are any.
written: list[Path] = []


def write_text(path: str | Path, text: str) -> Path:
    """Write a text file whole or not at all.

    Raises
    ------
    CisternaError
        The folder is missing or cannot be written to.
    """
    target = Path(path)
    if target.is_dir() or not target.parent.is_dir():
        found = "a folder" if target.is_dir() else f"no folder '{target.parent}'"
        mend = "give a file in a folder that exists"
        raise CisternaError("the file cannot be written here", str(target), found, mend)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, target)
    except OSError as error:
        raise CisternaError("the file cannot be written", str(target), error.strerror or str(error)) from error
    finally:
        beside.unlink(missing_ok=True)
    written.append(target)
    return target


# --- progress ------------------------------------------------------------------------------------------
class Progress:
    """A named step with a bar on a terminal, one line at its end in a pipe, nothing when quiet.

    Examples
    --------
    >>> with Progress("evaluation", quiet=True) as step:
    ...     step(0.5, "sacrum, 10 s of 20 s")
    """

    def __init__(self, name: str, quiet: bool = False, terminal: Terminal | None = None) -> None:
        self.name, self.quiet = name, quiet
        self.terminal = terminal or err()
        self.share, self.now = 0.0, ""
        self._began = self._drawn = 0.0

    def __enter__(self) -> Progress:
        self._began = time.monotonic()
        self._draw()
        return self

    def __call__(self, share: float, now: str = "") -> None:
        """Say how far the step is (0 to 1) and what happens now."""
        self.share, self.now = min(max(share, 0.0), 1.0), now
        if time.monotonic() - self._drawn >= _REDRAW:
            self._draw()

    def model_time(self, t: float, end: float, _samples: Any = None) -> None:
        """The same, for `simulate`: model time reached and its end, s."""
        self(t / end if end > 0 else 1.0, f"{_clock(t)} of {_clock(end)}")

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        if self.quiet:
            return
        terminal, seconds = self.terminal, f"{time.monotonic() - self._began:.1f} s"
        if kind is not None and issubclass(kind, Exception):  # the error itself is told by the caller
            if not terminal.plain:
                terminal.stream.write("\r\033[K")
        elif terminal.plain:
            state = "done" if kind is None else f"{100 * self.share:.0f} %"
            text = seconds if kind is None else f"{self.now or seconds}"
            print(f"{terminal.text(self.name):<18} {state:<6} {terminal.text(text)}", file=terminal.stream)
        elif kind is None:
            self.share = 1.0
            self._draw(f"{terminal.paint('✓', 'green')} {seconds}\n")
        else:
            self._draw(f"  stopped  {self.now}\n")
        terminal.stream.flush()

    def _draw(self, end: str = "") -> None:
        terminal = self.terminal
        if self.quiet or terminal.plain:
            return
        self._drawn = time.monotonic()
        done = round(BAR * self.share)
        bar = terminal.paint("━" * done, "green" if self.share >= 1 else "yellow")
        bar += terminal.paint("╌" * (BAR - done), dim=True)
        name, room = terminal.text(self.name)[:18], terminal.width - BAR - 25
        tail = end or "  " + terminal.text(self.now)[:room]
        terminal.stream.write(f"\r\033[K  {name:<18} {bar} {tail}")
        terminal.stream.flush()


def _clock(seconds: float) -> str:
    """Model time in words: seconds below two minutes, then minutes and seconds."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
