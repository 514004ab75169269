"""Hypotheses of the therapy, one file each; a new file with a `Hypothesis` is found by itself."""
