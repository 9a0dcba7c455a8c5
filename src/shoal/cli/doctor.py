"""``shoal doctor``. Floor 7."""

import platform
from typing import Any

import click

from shoal import __version__
from shoal.cli import options
from shoal.cli.console import output


@click.command()
@options.as_json
def doctor(as_json: bool) -> None:
    """Show which engine runs here, with which instructions and on how many threads."""
    facts = _facts()
    if as_json:
        output(facts)
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' '):{width}}  {value}")


def _facts() -> dict[str, Any]:
    import numpy as np

    from shoal.engine import default_engine

    return {
        "shoal": __version__,
        **default_engine().facts(),
        "machine": f"{platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
