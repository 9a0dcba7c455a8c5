"""``shoal predict``. Floor 7."""

from collections.abc import Iterable, Iterator
from typing import Any

import click

from shoal.cli import cluster, options
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
@cluster.dask
@options.header
@options.ignore_extra
@options.as_json
@options.quiet
def predict(
    model: str, table: str, path: str, address: str | None, header: bool | None, ignore_extra: bool,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Predict each row of TABLE with MODEL: the likeliest label, and each label's probability.

    The rows keep their order. The columns may stand in any order; the target may be among them.
    TABLE may be larger than memory: it is read in blocks; a file OUT is there whole or not at all.
    """
    from shoal.atomic import check_writable
    from shoal.drift import Spreads
    from shoal.shards import Predictor, blocks_of, find_shards, one_of_each
    from shoal.table_model import TableModel
    from shoal.table_writing import table_format, table_writer

    if path != "-":
        options.must_differ(path, table, model)
        table_format(path)
        check_writable(path)
    fitted = TableModel.load(model)
    spreads, notes = Spreads(fitted.profiles), list[str]()

    def told(those: Iterable[str]) -> None:
        notes[:] = one_of_each([*notes, *those])

    def predicted() -> Iterator[dict[str, Any]]:
        if address is not None:
            found = find_shards(table, header=header, schema=fitted.schema)
            with cluster.connected(address) as place:
                for blocks in place.each(Predictor(fitted, found, ignore_extra), found.shards):
                    for each in blocks:
                        yield each.columns
                        told(each.notes)
                        spreads.merge(each.spreads)
            return
        for block in blocks_of(table, fitted.schema, header=header):
            yield fitted.prediction_columns(block, ignore_extra)
            told(block.notes)
            spreads.add(block)

    if as_json and path == "-":
        whole: dict[str, list[Any]] = {}
        for columns in predicted():
            for name, values in columns.items():
                whole.setdefault(name, []).extend(values.tolist())
        output(whole)
    else:
        with table_writer(path) as writer:
            for columns in predicted():
                writer.write(columns)
    notes += spreads.notes()
    if not quiet:
        for note in notes:
            click.echo(f"Note: {note}", err=True)
    if path != "-" and as_json:
        output({"rows": spreads.rows, "output": path, "notes": notes})
    elif path != "-" and not quiet:
        click.echo(f"Wrote {spreads.rows:,} rows to {path}.", err=True)
