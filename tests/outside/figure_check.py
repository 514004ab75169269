"""What every drawing must satisfy, shared by the figure tests."""

import re
import xml.etree.ElementTree as ET

NS = "{http://www.w3.org/2000/svg}"


def checked(drawing: str) -> ET.Element:
    """Parse a drawing; it has title and description, unique ids, resolved references and nothing from outside."""
    root = ET.fromstring(drawing)
    assert root.tag == NS + "svg"
    assert [child.tag for child in root][:2] == [NS + "title", NS + "desc"]
    assert (root[0].text or "").strip() and (root[1].text or "").strip()
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids)), [i for i in ids if ids.count(i) > 1]
    prefix = root.get("id")
    assert all(i.startswith(prefix) for i in ids)
    wanted = set(re.findall(r"url\(#([^)]+)\)", drawing)) | set(re.findall(r'href="#([^"]+)"', drawing))
    wanted |= set((root.get("aria-labelledby") or "").split())
    assert wanted <= set(ids), wanted - set(ids)
    assert not re.findall(r'href="(?!#)', drawing) and "url(http" not in drawing and "@import" not in drawing
    assert "http" not in drawing.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "<script" not in drawing and "nan" not in re.findall(r'[="( ]nan', drawing)
    assert not re.search(r'="[^"]*\b(nan|inf)\b', re.sub(r"<(title|desc|text|tspan)[^>]*>[^<]*", "", drawing))
    for paint in re.findall(r'class="([^"]*)"', drawing):
        for name in paint.split():
            if re.match(r"[fsc]-", name):
                assert f".{name}{{" in drawing, f"no rule for class {name}"
    assert not re.search(r'="-\d[^"]*"[^>]*>-\d', drawing)
    return root


def texts(root: ET.Element) -> list[str]:
    """All texts shown, without titles."""
    return ["".join(e.itertext()) for e in root.iter(NS + "text")]


def by_id(root: ET.Element, name: str) -> ET.Element:
    """The element with an id."""
    return next(e for e in root.iter() if e.get("id") == name)


def part_title(element: ET.Element) -> str:
    """What a part says of itself."""
    return element.find(NS + "title").text
