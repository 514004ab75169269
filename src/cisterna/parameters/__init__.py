"""Parameter files (CSV): `reference.csv` holds published values, the files beside it the parts' own numbers."""
