"""File formats, one file each, found by scanning; a new format is one new file here."""
