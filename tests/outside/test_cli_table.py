"""The reference table on the command line: one shape of JSON for everything observed."""

import json

from cisterna.outside import cli


def test_the_table_prints_what_is_observed(capsys):
    assert cli.run(["table", "--body", "axis", "--json", "--quiet"]) == 0
    rows = json.loads(capsys.readouterr().out)["observed"]
    assert {"id", "value", "unit", "low", "high", "inside", "source"} == set(rows[0])
    assert len(rows) == 14 and all(row["inside"] for row in rows)
