"""NAME=VALUE words of a command line."""

from __future__ import annotations

from collections.abc import Sequence

from cisterna.ground.errors import CisternaError


def pairs(words: Sequence[str], option: str, bare: bool = False) -> dict[str, str]:
    """A mapping from words such as ``csf_production=0.5 mL/min``; with `bare`, a word without a name is kept as "".

    Examples
    --------
    >>> pairs(["csf_production=0.5 mL/min"], "--set")
    {'csf_production': '0.5 mL/min'}
    """
    given: dict[str, str] = {}
    for text in words:
        key, equals, value = text.partition("=")
        if bare and not equals and text.strip():
            key, equals, value = "=", "=", text
        if not equals or not key.strip() or not value.strip():
            mend = f'write e.g. {option} "csf_production=0.5 mL/min"'
            raise CisternaError("a value is set as NAME=VALUE", found=text, mend=mend)
        given[key.strip().strip("=")] = value.strip()
    return given
