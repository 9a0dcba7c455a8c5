"""``shoal report``. Floor 7."""

from pathlib import Path

import click
from rich.markup import escape

from shoal.cli import options
from shoal.cli.console import output, say


@click.command()
@click.argument("model")
@click.argument("table")
@options.written("PAGE", "The HTML page to write.  [default: MODEL's name with .html]")
@options.header
@options.seed
@options.ignore_extra
@options.threads
@options.as_json
def report(
    model: str, table: str, path: Path | None, header: bool | None, seed: int,
    ignore_extra: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write a page on MODEL: how good it is on TABLE, what it looks at, how it was trained.

    TABLE has the target column too; take rows that MODEL did not learn from. The page is one file
    that needs nothing else.
    """
    from shoal.atomic import write_atomically
    from shoal.cli.choices import training_command
    from shoal.cli.show import show_notes
    from shoal.report import check_page_path, report_html
    from shoal.shards import read_like
    from shoal.table_evaluation import cautions
    from shoal.table_model import TableModel

    path = path or Path(f"{Path(model).stem}.html")
    options.must_differ(str(path), table, model)
    check_page_path(path)
    fitted = TableModel.load(model)
    rows = read_like(table, fitted.schema, header=header)
    command = training_command(fitted)
    notes = cautions(fitted, rows)
    if not as_json:
        show_notes(notes)
    page = report_html(fitted, rows, ignore_extra=ignore_extra, seed=seed, command=command)
    write_atomically(path, page.encode())
    if as_json:
        output({"report": str(path), "notes": notes})
    else:
        say(f"Wrote [bold]{escape(str(path))}[/].")
