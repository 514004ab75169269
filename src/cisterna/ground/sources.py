"""Where numbers come from: digital object identifiers, and the list of sources of what ran."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cisterna.ground.parameter import Parameters

_DOI = re.compile(r"10\.\d{4,9}/[^\s;,)]+")


def dois(source: str) -> list[str]:
    """The DOIs named in a source text.

    Examples
    --------
    >>> dois("Malm et al. 2011 Neurology 76:903 doi:10.1212/WNL.0b013e31820f2dd0")
    ['10.1212/WNL.0b013e31820f2dd0']
    """
    return [doi.rstrip(".") for doi in _DOI.findall(source)]


def doi_share(parameters: Parameters) -> float:
    """Share of parameters whose source names a DOI, 0..1."""
    rows = list(parameters.values())
    return sum(bool(dois(row.source)) for row in rows) / max(len(rows), 1)


def cite(ids: Iterable[str], parameters: Parameters) -> list[str]:
    """The distinct sources of the named parameters, in the order met; assumptions are listed as such."""
    seen: dict[str, None] = {}
    for key in ids:
        seen.setdefault(parameters.peek(key).source, None)
    return list(seen)
