"""Clients from files: good ones are read, bad ones are told with place and mend."""

import json

import pytest

from cisterna.ground.errors import CisternaError
from cisterna.sessions.screening import screen_file

GOOD = {"id": "A", "age_years": 40, "answers": {"shunt": "working"}}


def test_json_object_list_and_jsonl_give_the_same(tmp_path):
    for name, text in (
        ("a.json", json.dumps(GOOD)),
        ("b.json", json.dumps([GOOD])),
        ("c.jsonl", "\ufeff" + json.dumps(GOOD) + "\n\n"),
    ):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        results = screen_file(path)
        assert [(r.id, r.verdict) for r in results] == [("A", "physician_first")]


@pytest.mark.parametrize(
    ("name", "content", "what", "place"),
    [
        ("a.jsonl", b'{"id": 1}\n{"id": \n', "no valid JSON", "line 2"),
        ("a.json", b'{"id": "x",\n "answers": {,}}', "no valid JSON", "line 2"),
        ("a.jsonl", b'{"id": 1}\n[1, 2]\n', "a line is no client", "line 2"),
        ("a.json", b"[1]", "a client is no object", "item 1"),
        ("a.json", b"[]", "no client in the file", "a.json"),
        ("a.json", b"  \n", "the file is empty", "a.json"),
        ("a.json", b"", "the file is empty", "a.json"),
        ("a.json", b"\x89PNG\x00\x01", "no text file", "a.json"),
        ("a.jsonl", b'{"id": 1}\n{"id": "\xff"}', "not UTF-8", "line 2"),
        ("a.json", b"[" * 100_000, "nested too deep", "a.json"),
        ("a.json", b'{"age_years": NaN}', "number cannot be read", "a.json"),
        ("a.json", b'{"age_years": ' + b"9" * 5000 + b"}", "number cannot be read", "a.json"),
        ("a.txt", b"{}", "what kind of file", "a.txt"),
        ("a.jsonl", b'{"id": "' + b"x" * 300_000 + b'"}', "line is too long", "line 1"),
        ("a.json", b'{"answers": [1]}', "answers is no object", ""),
    ],
)
def test_a_bad_file_is_told_in_one_message(tmp_path, name, content, what, place):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CisternaError) as caught:
        screen_file(path)
    assert what in str(caught.value) and place in str(caught.value) and caught.value.mend


def test_missing_folder_and_huge_file(tmp_path):
    huge = tmp_path / "huge.jsonl"
    with huge.open("wb") as stream:
        stream.truncate(6_000_000)
    for path, what in ((tmp_path / "none.json", "no such file"), (tmp_path, "folder"), (huge, "too large")):
        with pytest.raises(CisternaError, match=what):
            screen_file(path)
