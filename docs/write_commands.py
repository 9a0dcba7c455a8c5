"""Write docs/commands.md: the help of every command, as the command prints it."""

from pathlib import Path

import click

from shoal.cli import HELP_OPTIONS, shoal

PAGE = Path(__file__).with_name("commands.md")


def commands_page() -> str:
    """Return the page."""
    parts = ["# Commands\n\nWritten by `make help-pages` from the commands' own help.\n"]
    for name, command in [("shoal", shoal), *sorted(shoal.commands.items())]:
        title = name if command is shoal else f"shoal {name}"
        context = click.Context(
            command, info_name=title, terminal_width=88, help_option_names=HELP_OPTIONS
        )
        parts.append(f"\n## {title}\n\n```text\n{command.get_help(context)}\n```\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(commands_page(), encoding="utf-8")
