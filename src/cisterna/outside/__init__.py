"""The outside: command line, figures, report."""
