"""``shoal effects``. Floor 7."""

from pathlib import Path

import click
from rich.markup import escape

from shoal.cli import options
from shoal.cli.console import output, say


@click.command()
@click.argument("model")
@click.argument("table")
@options.written("PICTURE", "A PNG to draw the effects into.")
@options.header
@options.seed
@options.ignore_extra
@options.as_json
def effects(
    model: str, table: str, path: Path | None, header: bool | None, seed: int,
    ignore_extra: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show what each column of TABLE does to the predictions of MODEL.

    TABLE has the target column too; take rows that MODEL did not learn from. The importance of a
    column is how much worse the predictions become when its values are shuffled among the rows.
    """
    from shoal.cli.show_effects import effects_data, show_effects
    from shoal.effects import column_effects
    from shoal.shards import read_like
    from shoal.table_model import TableModel

    if path is not None:
        from shoal.pictures import check_picture_path, plot_effects

        check_picture_path(path)
    fitted = TableModel.load(model)
    rows = read_like(table, fitted.schema, header=header)
    found = column_effects(fitted, rows, ignore_extra=ignore_extra, seed=seed)
    if path is not None:
        plot_effects(found, fitted.target.classes, path)
    if as_json:
        output({"effects": effects_data(found, fitted), "picture": str(path) if path else None})
        return
    show_effects(found, fitted)
    if path is not None:
        say(f"Wrote [bold]{escape(str(path))}[/].")
