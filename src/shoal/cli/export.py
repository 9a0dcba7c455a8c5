"""``shoal export``. Floor 7."""

from pathlib import Path

import click

from shoal.cli import options
from shoal.cli.console import output


@click.command()
@click.argument("model")
@click.argument("table")
@options.written("FILE", "The file to write; .onnx, .py, .c, .js or .json says how.", required=True)
@options.header
@options.ignore_extra
@options.as_json
@options.quiet
def export(
    model: str, table: str, path: Path, header: bool | None, ignore_extra: bool,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Write MODEL so that other programs predict with it.

    \b
    .onnx   columns in, probabilities and labels out; takes shoal[onnx]
    .py     a readable Python file that needs NumPy alone, and reads tables
    .json   everything as data
    .c .js  the networks alone, as C99 or a JavaScript module

    Before FILE is written it predicts rows of TABLE as MODEL does, with gaps and unseen values too;
    TABLE need not have the target column.
    """  # noqa: D301  (click wants the control character, not its name)
    from shoal.export import check_export_path, export_model
    from shoal.shards import read_like
    from shoal.table_model import TableModel

    options.must_differ(str(path), table, model)
    check_export_path(path)
    fitted = TableModel.load(model)
    rows = read_like(table, fitted.schema, header=header)
    done = export_model(fitted, rows, path, ignore_extra=ignore_extra)
    if as_json:
        output({"output": str(path), "rows": done.rows, "difference": done.difference})
    elif not quiet:
        click.echo(
            f"Wrote {path}. On {done.rows:,} rows its probabilities are those of the model, but for"
            f" {done.difference:.1g}.",
            err=True,
        )
