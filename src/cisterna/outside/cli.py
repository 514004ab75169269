"""The command `cisterna`: finds its commands by file name, imports only the one asked for, tells every error one way.

Exit codes: 0 done; 1 a fault of the program; 2 a mistake in the input or the call; 130 interrupted.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cisterna import __version__
from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.outside import terminal
from cisterna.outside.terminal import Mark

_FOLDER = Path(__file__).parent / "commands"
_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}


@lru_cache(maxsize=1)
def commands() -> dict[str, str]:
    """Name of each command -> its line in the help, read from the files without importing them."""
    found = {}
    for file in sorted(_FOLDER.glob("*.py")):
        if not file.stem.startswith("_"):
            doc = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
            found[file.stem.replace("_", "-")] = doc.partition("\n")[0].rstrip(".")
    return found


def _load(name: str) -> Any:
    """The command of one file, with the module's docstring as its help."""
    module = import_module(f"cisterna.outside.commands.{name.replace('-', '_')}")
    made, about = module.command, _help(module.__doc__ or "")
    if isinstance(made, typer.Typer):
        return _with_parts(made, about)
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(help=about, context_settings=_SETTINGS)(made)
    return typer.main.get_command(single)


def _help(doc: str) -> str:
    """A docstring as help: paragraphs are filled, indented ones (examples) stay as they are."""
    paragraphs = ["\b\n" + p if p.startswith("    ") else p for p in doc.strip().split("\n\n")]
    return "\n\n".join(paragraphs)


def _with_parts(made: typer.Typer, about: str) -> Any:
    """A command with parts, set up like all others."""
    made.info.help, made.info.context_settings = about, _SETTINGS
    made.rich_markup_mode, made._add_completion = None, False
    for part in made.registered_commands:
        part.context_settings = _SETTINGS
    return typer.main.get_command(made)


class Commands(TyperGroup):
    """The group whose members are the files of the folder `commands`."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(commands())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _load(cmd_name) if cmd_name in commands() else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in commands() and not args[0].startswith("-"):
            raise UnknownName("command", args[0], list(commands()))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(commands().items()))


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    context_settings=_SETTINGS,
    invoke_without_command=True,
    help="Open computational laboratory of the craniosacral system. Not medical advice.",
    epilog="One command in detail: cisterna COMMAND --help. Colours off: NO_COLOR=1.",
)


def _version(asked: bool) -> None:
    if asked:
        print(f"cisterna {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


def run(words: Sequence[str]) -> int:
    """Run one command line and return its exit code; what a mistake says goes to stderr."""
    terminal.written.clear()
    try:
        group = typer.main.get_command(app)
        with group.make_context("cisterna", list(words)) as context:
            code = group.invoke(context)
        sys.stdout.flush()
        return code if isinstance(code, int) and not isinstance(code, bool) else 0
    except typer.Exit as leave:
        return int(leave.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except BrokenPipeError:
        return _closed()
    except CisternaError as error:
        return tell(error, "--json" in words)
    except Exception as error:
        if hasattr(error, "format_message"):  # the option parser's family of errors
            return tell(_usage(error, words), "--json" in words)
        if isinstance(error, ModuleNotFoundError) and error.name in ("jax", "jaxlib"):
            what, mend = "this command needs the model extra", "pip install 'cisterna[model]'"
            return tell(CisternaError(what, found=str(error), mend=mend), "--json" in words)
        return _fault(error)


def tell(error: CisternaError, as_json: bool = False) -> int:
    """Tell a mistake: what, where, found, mend, and what was written; the exit code is 2."""
    if as_json:
        terminal.emit(error.as_dict())
    screen = terminal.err()
    screen.verdict(Mark("error", error.what.split("\n")[0]))
    for more in error.what.split("\n")[1:]:
        screen.line("  " + more.strip())
    for label, text in error.lines():
        screen.fact(label, text, indent=2, width=8)
    if terminal.written:
        for path in terminal.written:
            screen.fact("written", str(path), indent=2, width=8)
        screen.hint("  exit 2")
    else:
        screen.hint("  nothing was written · exit 2")
    return 2


def _usage(error: Any, words: Sequence[str] = ()) -> CisternaError:
    context = getattr(error, "ctx", None)
    # An option without its value is told without its command.
    named = f"cisterna {words[0]}" if words and words[0] in commands() else "cisterna"
    path = context.command_path if context else named
    option = getattr(error, "option_name", "")
    if option and hasattr(error, "possibilities"):
        known = [name for p in context.command.params for name in (*p.opts, *p.secondary_opts)] if context else []
        return UnknownName("option", option, [name for name in known if name.startswith("-")], where=path)
    return CisternaError(error.format_message().rstrip("."), where=path, mend=f"see {path} --help")


def _interrupted() -> int:
    screen = terminal.err()
    kept = f"; written: {', '.join(map(str, terminal.written))}" if terminal.written else "; nothing was written"
    screen.line(f"interrupted{kept}")
    return 130


def _closed() -> int:
    """The reader of the pipe has gone: no more output, and nothing to say at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _fault(error: Exception) -> int:
    if os.environ.get("CISTERNA_DEBUG"):
        raise error
    said = f"{type(error).__name__}: {error}".split("\n")[0][:200]
    screen = terminal.err()
    screen.verdict(Mark("error", "a fault of the program, please report it"), said)
    for path in terminal.written:
        screen.fact("written", str(path), indent=2, width=8)
    screen.hint("  CISTERNA_DEBUG=1 shows where it happened · exit 1")
    return 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the command `cisterna`."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    main()
