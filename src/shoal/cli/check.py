"""``shoal check``. Floor 7."""

import sys
from dataclasses import asdict

import click

from shoal.cli import options
from shoal.cli.console import output

WRONG_GRADIENT = 3  # exit code


@click.command()
@click.argument("model")
@click.argument("table")
@options.network
@options.header
@options.ignore_extra
@options.seed
@options.as_json
def check(
    model: str, table: str, network: int, header: bool | None, ignore_extra: bool, seed: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Check a network of MODEL on the rows of TABLE, which has the target too.

    Its gradient: what back-propagation says is held against differences of the cost and against
    its complex step, in double precision; the exit code is 3 if they differ. And its hidden units:
    copies of each other, saturated or dead ones are named.
    """
    from shoal.cli.show_equations import check_data, show_check, show_findings
    from shoal.diagnosis import OF_THE_EXAMPLES, diagnose
    from shoal.gradient_checks import gradient_check
    from shoal.shards import read_like
    from shoal.table_evaluation import network_examples
    from shoal.table_model import TableModel

    fitted = TableModel.load(model)
    rows = read_like(table, fitted.schema, header=header)
    chosen = options.chosen_network(fitted, network)
    examples = network_examples(fitted, rows, ignore_extra)
    history = fitted.ensemble.histories[network - 1]
    found = gradient_check(chosen, examples.X, examples.Y, seed=seed)
    findings = [
        finding
        for finding in diagnose(chosen, examples.X, examples.Y, history=history, seed=seed)
        if finding.name not in OF_THE_EXAMPLES
    ]
    if as_json:
        output(check_data(found) | {"findings": [asdict(finding) for finding in findings]})
    else:
        show_check(found)
        show_findings(findings)
    if not found.right:
        sys.exit(WRONG_GRADIENT)
