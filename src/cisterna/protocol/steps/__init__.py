"""Steps of a timeline: one file each, found by scanning this folder."""
