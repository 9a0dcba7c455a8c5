"""Guarantee: the command line parses, calls and prints; what it prints is plain data from below.

Floor 7. Exit codes: 0 done; 2 the input cannot be used, with one sentence that says why; 130
stopped by Ctrl-C; 1 a mistake of Shoal itself.
"""

import io
import os
import sys
import warnings
from contextlib import suppress

import click

from shoal import __version__
from shoal.cli.check import check
from shoal.cli.cross_validate import cross_validate
from shoal.cli.demo import demo
from shoal.cli.doctor import doctor
from shoal.cli.effects import effects
from shoal.cli.evaluate import evaluate
from shoal.cli.export import export
from shoal.cli.inspect import inspect
from shoal.cli.lab import lab
from shoal.cli.plan import plan
from shoal.cli.predict import predict
from shoal.cli.report import report
from shoal.cli.trace import trace
from shoal.cli.train import train
from shoal.errors import InputError

HELP_OPTIONS = ["-h", "--help"]


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": HELP_OPTIONS, "max_content_width": 100},
)
@click.version_option(__version__)
@click.pass_context
def shoal(context: click.Context) -> None:
    """Train a neural network with one hidden layer on a table, and use it.

    \b
    shoal train TABLE --target COLUMN     learn, and say how good it is
    shoal predict MODEL TABLE -o OUT      a label and probabilities for each row

    A TABLE is delimited text (any usual separator, a header or none) or Parquet; - is standard
    input. Set SHOAL_DEBUG=1 to see where an error comes from.
    """  # noqa: D301  (click wants the control character, not its name)
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


COMMANDS = (
    demo, plan, train, predict, evaluate, cross_validate, effects, report, check, trace, export,
    lab, inspect, doctor,
)  # fmt: skip
for command in COMMANDS:
    shoal.add_command(command)


def main() -> None:
    """Run a command; every failure is one sentence and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without → shows ?
    warnings.formatwarning = lambda message, *_: f"shoal: {message}\n"  # as errors are
    try:
        code = shoal(prog_name="shoal", standalone_mode=False)
        sys.stdout.flush()  # while a failure can still be told
    except SystemExit as end:  # 1 is click's own answer to a reader that has seen enough
        code = 0 if end.code == 1 else end.code
    except Exception as error:
        if os.environ.get("SHOAL_DEBUG"):
            raise
        code = _explain(error)
    sys.exit(code)


def _drop_output() -> None:
    """Throw away what could not be written, or Python would try once more at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explain(error: Exception) -> int:
    """Say what went wrong, and return the exit code."""
    match error:
        case InputError():
            text, code = str(error), 2
        case click.UsageError():
            path = error.ctx.command_path if error.ctx else "shoal"
            text, code = f"{error.format_message().rstrip('.')}: see '{path} --help'", 2
        case click.ClickException():
            text, code = error.format_message(), 2
        case click.Abort():
            text, code = "stopped by Ctrl-C", 130
        case BrokenPipeError():  # the reader of our output has seen enough
            _drop_output()
            return 0
        case OSError():
            where = error.filename or "the output"
            if not error.filename:
                _drop_output()
            text, code = f"{where} cannot be used ({error.strerror}): check the place", 2
        case MemoryError():
            text, code = "the table does not fit into memory: give fewer rows", 2
        case _:
            text = (
                f"this should not have happened ({type(error).__name__}: {error}); run again"
                " with SHOAL_DEBUG=1 and report what it prints"
            )
            code = 1
    click.echo(f"shoal: {' '.join(text.split())}", err=True)
    return code
