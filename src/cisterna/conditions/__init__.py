"""Conditions: one file a pathology, each a named change of the plan."""
