"""``shoal lab``. Floor 7."""

import click
from rich.markup import escape

from shoal.cli import options
from shoal.cli.console import say


@click.command()
@click.argument("table", required=False)
@click.option(
    "--target",
    "-t",
    metavar="COLUMN",
    help="What to predict: a column's name, or its position.  [default: the likeliest]",
)
@click.option(
    "--port",
    default=8317,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Where to listen on this machine; another one if it is taken.",
)
@click.option("--browser/--no-browser", default=True, help="Whether to open the page.")
@options.threads
def lab(table: str | None, target: str | None, port: int, browser: bool) -> None:
    """Watch a network learn, in the browser: on TABLE, or on points of a formula.

    The page is served from this machine alone, and TABLE never leaves it. Ctrl-C ends it.
    """
    import threading
    import webbrowser

    from shoal.lab.serving import open_lab

    with open_lab(table, target, port) as opened:
        if opened.target:
            say(f"Predicting {escape(opened.target)}; --target COLUMN chooses another.")
        say(f"The lab is at [bold]{escape(opened.link)}[/]")
        say("Whoever has this link may use it. Ctrl-C ends the lab.")
        if browser:
            threading.Thread(target=webbrowser.open, args=(opened.link,), daemon=True).start()
        opened.run()
    say("The lab is closed.")
