"""A lab in this process, asked as the page asks."""

import json

from shoal import Examples, Network, train
from shoal.datasets import planar_flower
from shoal.lab.answers import Answers
from shoal.lab.runs import Runs
from shoal.lab.scenario import Scenario, scenario_from_data
from shoal.optimizers import GradientDescent

PAIR = {"kind": "pair", "x": 0, "y": 1}
START = Scenario().to_data()
FRAME = {"view": PAIR, "map": 0, "units": 0, "findings": False}
CHANGED = START | {
    "held_out": 0.2,
    "changes": [
        {"at": 30, "alpha": 0.4}, {"at": 60, "weights": {"3": 0.25}},
        {"at": 60, "optimizer": "adam", "alpha": 0.02, "batch_size": 50},
    ],
}  # fmt: skip
POINTS = START | {"data": {"kind": "points", "points": [[0.0, 0.5, 0], [1.5, 1, 1], [0, 1, 0]]}}


class Lab:
    """Asks as the page does, and has patience for long ways."""

    def __init__(self):
        self.runs = Runs()
        self.answers = Answers(self.runs, Scenario())

    def __call__(self, kind, **question):
        good, answer = self.answers.answer(kind, question)
        assert good, answer
        return json.loads(json.dumps(answer, allow_nan=False))

    def refusal(self, kind, question):
        good, answer = self.answers.answer(kind, question)
        assert not good
        return answer["error"]

    def frame(self, iteration, scenario=START, **more):
        while True:
            frame = self("frame", scenario=scenario, iteration=iteration, **FRAME | more)
            if frame["iteration"] == iteration or frame["ended"]:
                return frame

    def theta(self, iteration, scenario=START):
        self.frame(iteration, scenario)
        made = [each for each in scenario["changes"] if each["at"] <= iteration]
        timeline = self.runs.timeline(scenario_from_data(scenario | {"changes": made}))
        assert timeline.iteration == iteration
        return timeline.network.theta.copy()


def trained(iterations, alpha=1.2, network=None, first=0, optimizer=None, **options):
    X, Y = planar_flower()
    network = network or Network(2, 4, 1).initialise("gaussian", 0.01, 2)
    train(
        network, Examples(X, Y), optimizer=optimizer or GradientDescent(alpha),
        max_epochs=iterations, first_epoch=first, seed=2, **options,
    )  # fmt: skip
    return network
