"""``shoal predict``. Floor 7."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from shoal.cli import cluster, options
from shoal.cli.console import output

if TYPE_CHECKING:
    from shoal.drift import Spreads
    from shoal.shards import Predicted
    from shoal.table_model import TableModel


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
    from shoal.table_model import TableModel
    from shoal.table_writing import table_format, table_writer

    if path != "-":
        options.must_differ(path, table, model)
        table_format(path)
        check_writable(path)
    fitted = TableModel.load(model)
    found = _Found(Spreads(fitted.profiles))
    predicted = _predicted(fitted, table, address, header, ignore_extra)
    if as_json and path == "-":
        whole: dict[str, list[Any]] = {}
        for each in predicted:
            for name, values in found.told(each).items():
                whole.setdefault(name, []).extend(values.tolist())
        output(whole)
    else:
        with table_writer(path) as writer:
            for each in predicted:
                writer.write(found.told(each))
    notes = [*found.notes, *found.spreads.notes()]
    if not quiet:
        for note in notes:
            click.echo(f"Note: {note}", err=True)
    if path != "-" and as_json:
        output({"rows": found.spreads.rows, "output": path, "notes": notes})
    elif path != "-" and not quiet:
        click.echo(f"Wrote {found.spreads.rows:,} rows to {path}.", err=True)


@dataclass
class _Found:
    """How the rows that were predicted are spread, and what was noted, each kind once."""

    spreads: "Spreads"
    notes: tuple[str, ...] = ()

    def told(self, predicted: "Predicted") -> dict[str, Any]:
        """Count a block in; return its columns."""
        from shoal.shards import one_of_each

        self.spreads.merge(predicted.spreads)
        self.notes = one_of_each((*self.notes, *predicted.notes))
        return predicted.columns


def _predicted(
    model: "TableModel", table: str, address: str | None, header: bool | None, ignore_extra: bool
) -> "Iterator[Predicted]":
    """Yield what is predicted of a table, block by block, here or on a cluster."""
    from shoal.shards import Predicted, Predictor, blocks_of, find_shards

    if address is None:
        for block in blocks_of(table, model.schema, header=header):
            yield Predicted.of(model, block, ignore_extra)
        return
    found = find_shards(table, header=header, schema=model.schema)
    with cluster.connected(address) as place:
        for blocks in place.each(Predictor(model, found, ignore_extra), found.shards):
            yield from blocks
