"""The commands: one file each, found by its name.

A command is a module whose docstring is its help (the first line stands in the list of commands; indented lines
are examples) and which holds a function `command` with typer options, or a `typer.Typer` of that name for a
command with parts. Heavy imports stand inside the functions. Mistakes of the user are raised as CisternaError.
"""
