"""``shoal inspect``. Floor 7."""

import click

from shoal.cli import options
from shoal.cli.console import output, say


@click.command()
@click.argument("model")
@options.as_json
def inspect(model: str, as_json: bool) -> None:
    """Show what MODEL was trained on, what it reads, and its network (all numbers with --json)."""
    from shoal.cli.show import model_data, show_columns, show_network, show_notes
    from shoal.table_model import TableModel

    fitted = TableModel.load(model)
    if as_json:
        networks = [
            {name: values.tolist() for name, values in network.parameters._asdict().items()}
            | {"history": history.columns}
            for network, history in zip(
                fitted.ensemble.networks, fitted.ensemble.histories, strict=True
            )
        ]
        output(
            model_data(fitted)
            | {
                "features": fitted.encoder.features,
                "pieces": fitted.pieces.to_data(),
                "networks": networks,
            }
        )
        return
    show_network(fitted)
    say(f"Fingerprint of the parameters: {fitted.fingerprint}")
    show_columns(fitted)
    show_notes(fitted.record["notes"])
