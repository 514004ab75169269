"""From a person to a network that runs: blueprint, assembly, solver, bodies."""
