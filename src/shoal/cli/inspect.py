"""``shoal inspect``. Floor 7."""

import click

from shoal.cli import options
from shoal.cli.console import output


@click.command()
@click.argument("model")
@options.as_json
def inspect(model: str, as_json: bool) -> None:
    """Show what MODEL was trained on, what it reads, and its network (all numbers with --json)."""
    from shoal.cli.show import model_data, show_columns, show_network, show_notes
    from shoal.table_model import TableModel

    fitted = TableModel.load(model)
    if as_json:
        parameters = fitted.network.parameters._asdict()
        output(
            model_data(fitted)
            | {"features": fitted.encoder.features, "history": fitted.history.columns}
            | {name: values.tolist() for name, values in parameters.items()}
        )
        return
    show_network(fitted)
    show_columns(fitted)
    show_notes(fitted.record["notes"])
