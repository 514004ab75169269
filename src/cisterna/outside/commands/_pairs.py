"""NAME=VALUE words of a command line."""

from __future__ import annotations

from collections.abc import Sequence

from cisterna.ground.errors import CisternaError

#: Option -> a word it takes.
_EXAMPLES = {
    "--set": '--set "csf_production=0.5 mL/min"',
    "--units": "--units abp=mmHg, or --units mmHg for a file with one channel",
    "--channels": "--channels icp=ICP,abp=ABP",
}


def pairs(words: Sequence[str], option: str, bare: bool = False) -> dict[str, str]:
    """A mapping from words such as ``csf_production=0.5 mL/min``; with `bare`, a word without a name is kept as "".

    Raises
    ------
    CisternaError
        No name, no value, several pairs in one word, or a name twice.

    Examples
    --------
    >>> pairs(["csf_production=0.5 mL/min"], "--set")
    {'csf_production': '0.5 mL/min'}
    """
    given: dict[str, str] = {}
    for text in words:
        key, equals, value = (part.strip() for part in text.partition("="))
        if bare and not equals and text.strip():
            key, equals, value = "", "=", text.strip()
        elif not equals or not key or not value:
            what = "a unit is stated as [CHANNEL=]UNIT" if bare else "a value is set as NAME=VALUE"
            raise CisternaError(what, option, text or "nothing", f"write e.g. {_EXAMPLES.get(option, option)}")
        if "=" in value:
            raise CisternaError(f"several pairs in one {option}", option, text, f"repeat it: {_apart(text, option)}")
        if key in given:
            name = f"'{key}'" if key else "the unit"
            mend = f"give {name} once"
            raise CisternaError(f"{name} is given twice", option, f"{given[key]}, then {value}", mend)
        given[key] = value
    return given


def _apart(text: str, option: str) -> str:
    """The pairs of one word, an option for each.

    Examples
    --------
    >>> _apart("a=1 mL,b=2", "--set")
    '--set "a=1 mL" --set "b=2"'
    """
    pieces: list[str] = []
    for piece in text.replace(";", ",").split(","):
        if "=" in piece or not pieces:
            pieces.append(piece.strip())
        else:
            pieces[-1] += f",{piece}"
    return " ".join(f'{option} "{piece}"' for piece in pieces)
