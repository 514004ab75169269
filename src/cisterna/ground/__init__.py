"""Units, parameters with provenance, sources, names and errors: what every other floor stands on."""
