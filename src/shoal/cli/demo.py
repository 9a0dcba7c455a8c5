"""``shoal demo``. Floor 7."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from shoal.cli import options
from shoal.cli.console import ProgressBar, console, output, progress_bar, say

if TYPE_CHECKING:
    from shoal.activations import Array
    from shoal.network import Network


@click.command()
@click.option(
    "--output",
    "-o",
    "path",
    type=click.Path(path_type=Path),
    default=Path("shoal-demo.png"),
    show_default=True,
    help="The picture to write.",
)
@options.as_json
@options.quiet
def demo(path: Path, as_json: bool, quiet: bool) -> None:
    """Train the course's network on its flower of 400 points, and draw what it learned.

    Four tanh units, 10,000 iterations of gradient descent with alpha = 1.2 on all points at once.
    """
    from shoal.cli.drawing import draw_boundary
    from shoal.datasets import planar_flower
    from shoal.examples import Examples
    from shoal.network import Network
    from shoal.pictures import check_picture_path, plot_boundary
    from shoal.training import train

    check_picture_path(path)
    X, Y = planar_flower()
    network = Network(n_x=2, n_h=4, n_y=1).initialise("gaussian", 0.01, random_state=2)
    with progress_bar(shown=not (quiet or as_json)) as bar:
        history = train(network, Examples(X, Y), max_epochs=10_000, callbacks=[ProgressBar(bar)])
    line = Network(n_x=2, n_h=0, n_y=1)  # logistic regression, which may start at zero
    train(line, Examples(X, Y), optimizer="lbfgs")
    accuracy, accuracy_of_line = (_accuracy(each, X, Y) for each in (network, line))
    plot_boundary(network, X, Y, history, path)
    table = {i: history["cost"][i] for i in range(0, 10_000, 1000)}
    if as_json:
        output(
            {
                "cost": table,
                "accuracy": accuracy,
                "accuracy_of_logistic_regression": accuracy_of_line,
                "picture": str(path),
            }
        )
        return
    if quiet:
        return
    say("The flower: 400 points, 2 inputs, 4 tanh hidden units, 1 sigmoid output")
    for iteration, cost in table.items():
        say(f"  cost after iteration {iteration:>5}: {cost:.6f}")
    say(f"  accuracy: {int(100 * accuracy)} %")
    say(f"  accuracy of logistic regression: {int(100 * accuracy_of_line)} %")
    screen = console()
    screen.print(draw_boundary(network, X, Y, screen.width))
    say(f"Wrote [bold]{escape(str(path))}[/]. Next: shoal train TABLE --target COLUMN")


def _accuracy(network: "Network", X: "Array", Y: "Array") -> float:
    return float(((network.forward(X).A2 > 0.5) == Y).mean())
