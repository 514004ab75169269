"""The reference table on the command line: one shape of JSON for everything observed."""

import json

from cisterna.outside import cli


def test_the_table_prints_what_is_observed(capsys):
    assert cli.run(["table", "--body", "axis", "--json", "--quiet"]) == 0
    rows = json.loads(capsys.readouterr().out)["observed"]
    keys = {"id", "value", "unit", "low", "high", "inside", "source", "range", "role", "status", "group", "basis"}
    assert keys == set(rows[0])
    assert len(rows) == 14 and all(row["inside"] for row in rows)
    votes = {row["group"] or row["range"] for row in rows if row["role"] == "outcome"}
    assert votes == {"icp_rest", "icp_upright", "lp_seated", "c2_flow", "pvi_adult"}


def test_the_printed_table_says_what_counts(capsys):
    assert cli.run(["table", "--body", "axis", "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "counts as" in out and "outcome (icp_rest)" in out
    assert "5 of 5 outcomes of the reference met; beside them, not counted, 8 of 8 further values" in out
