"""NAME=VALUE words of a command line."""

from __future__ import annotations

from collections.abc import Sequence

from cisterna.ground.errors import CisternaError


def pairs(words: Sequence[str], option: str) -> dict[str, str]:
    """A mapping from words such as ``csf_production=0.5 mL/min``.

    Examples
    --------
    >>> pairs(["csf_production=0.5 mL/min"], "--set")
    {'csf_production': '0.5 mL/min'}
    """
    given: dict[str, str] = {}
    for text in words:
        key, equals, value = text.partition("=")
        if not equals or not key.strip() or not value.strip():
            mend = f'write e.g. {option} "csf_production=0.5 mL/min"'
            raise CisternaError("a value is set as NAME=VALUE", found=text, mend=mend)
        given[key.strip()] = value.strip()
    return given
