"""``shoal predict``. Floor 7."""

import click

from shoal.cli import options
from shoal.cli.console import output


@click.command()
@click.argument("model")
@click.argument("table")
@click.option(
    "--output",
    "-o",
    "path",
    default="-",
    metavar="OUT",
    help="CSV, or by its ending .tsv or .parquet; - is standard output.  [default: -]",
)
@options.header
@options.ignore_extra
@options.as_json
@options.quiet
def predict(
    model: str, table: str, path: str, header: bool | None, ignore_extra: bool,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Predict each row of TABLE with MODEL: the likeliest label, and each label's probability.

    The rows keep their order. The columns may stand in any order; the target may be among them.
    """
    from shoal.atomic import check_writable
    from shoal.drift import drift
    from shoal.table_model import TableModel
    from shoal.tables import read_table, table_format, write_table

    if path != "-":
        options.must_differ(path, table, model)
        table_format(path)
        check_writable(path)
    fitted = TableModel.load(model)
    rows = read_table(table, schema=fitted.schema, header=header)
    columns = fitted.prediction_columns(rows, ignore_extra)
    notes = [*rows.notes, *drift(fitted.profiles, rows)]
    if not quiet:
        for note in notes:
            click.echo(f"Note: {note}", err=True)
    if as_json and path == "-":
        output({name: values.tolist() for name, values in columns.items()})
        return
    write_table(columns, path)
    if as_json:
        output({"rows": rows.n_rows, "output": path, "notes": notes})
    elif not quiet and path != "-":
        click.echo(f"Wrote {rows.n_rows:,} rows to {path}.", err=True)
