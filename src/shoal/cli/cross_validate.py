"""``shoal cross-validate``. Floor 7."""

from typing import Any

import click

from shoal.cli import options
from shoal.cli.choices import choices, training_choices
from shoal.cli.console import ProgressBar, output, progress_bar


@click.command("cross-validate")
@click.argument("table")
@training_choices
@click.option(
    "--folds", default=5, show_default=True, type=click.IntRange(2, 100),
    help="So many times, measure on one part what was learned from the others.",
)  # fmt: skip
@options.header
@options.seed
@options.threads
@options.as_json
def cross_validate(
    table: str, target: str, folds: int, header: bool | None, seed: int, as_json: bool,
    **chosen: Any,
) -> None:  # fmt: skip
    """Say how good networks trained on TABLE are, with how far off that may be; write nothing."""
    from shoal.cli.show import show_notes
    from shoal.cli.show_measures import cross_validation_data, show_cross_validation
    from shoal.cross_validation import cross_validate as validate
    from shoal.tables import read_table

    asked = choices(**chosen)
    rows = read_table(table, header=header)
    with progress_bar(shown=not as_json) as bar:
        found = validate(
            rows, target, folds=folds, seed=seed, callbacks=[ProgressBar(bar)], **asked
        )
    if as_json:
        output(cross_validation_data(found))
        return
    show_notes(list(found.notes))
    show_cross_validation(found)
