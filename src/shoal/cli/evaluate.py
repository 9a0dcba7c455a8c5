"""``shoal evaluate``. Floor 7."""

import click

from shoal.cli import options
from shoal.cli.console import output


@click.command()
@click.argument("model")
@click.argument("table")
@options.header
@options.ignore_extra
@options.as_json
def evaluate(
    model: str, table: str, header: bool | None, ignore_extra: bool, as_json: bool
) -> None:
    """Measure MODEL on TABLE, which has the target column too."""
    from shoal.cli.show import evaluation_data, show_evaluation, show_notes
    from shoal.table_evaluation import evaluate as evaluate_model
    from shoal.table_model import TableModel
    from shoal.tables import read_table

    fitted = TableModel.load(model)
    rows = read_table(table, schema=fitted.schema, header=header)
    evaluation = evaluate_model(fitted, rows, ignore_extra)
    if as_json:
        output(evaluation_data(evaluation))
        return
    show_notes(evaluation.notes)
    show_evaluation(evaluation)
