"""Guarantee: each peer makes the same training, at its best, with its preparations outside of time.

A peer is set up with a work (imports, copies, compilation and warm-up) and then run for a number
of passes; it returns the seconds and the last cost of each network. A cost is kept for each pass.
"""

import time
import warnings
from itertools import pairwise
from typing import Any

import numpy as np
from work import Array, Work


class Peer:
    """Trains the networks of a work one after another; a class below says how."""

    def __init__(self, work: Work, X: Array, Y: Array, threads: int) -> None:
        self.work, self.X, self.Y, self.threads = work, X, Y, threads
        self.prepare()

    def prepare(self) -> None:
        """Do what is not timed."""

    def run(self, passes: int) -> tuple[float, list[float]]:
        """Train; return the seconds and the cost in the last pass of each network."""
        results = [self.train(start, passes) for start in self.work.starts()]
        return sum(seconds for seconds, _ in results), [cost for _, cost in results]

    def train(self, start: Array, passes: int) -> tuple[float, float]:
        """Train one network; return the seconds and the cost in the last pass."""
        raise NotImplementedError

    def batches(self) -> list[slice]:
        """Return the slices of a pass."""
        m, size = self.work.m, self.work.batch_size or self.work.m
        return [slice(i, j) for i, j in pairwise([*range(0, m, size), m])]


class Shoal(Peer):
    """Shoal's native engine; several networks one after another."""

    def prepare(self) -> None:  # noqa: D102
        from shoal.engine.native_engine import NativeEngine  # noqa: PLC0415

        self.engine: Any = NativeEngine(self.threads)

    def members(self, starts: list[Array]) -> list[Any]:
        """Return the networks at their starts, with what belongs to them."""
        from shoal import Member, Network  # noqa: PLC0415
        from shoal.optimizers import GradientDescent  # noqa: PLC0415

        work, members = self.work, []
        for start in starts:
            network = Network(work.n_x, work.n_h, 1, dtype=np.float32)
            network.theta[:] = start
            members.append(Member(network, GradientDescent(work.alpha)))
        return members

    def population(self, starts: list[Array], passes: int) -> tuple[float, list[float]]:
        """Train networks side by side."""
        from shoal import Examples, train_population  # noqa: PLC0415

        work, members = self.work, self.members(starts)
        begin = time.perf_counter()
        histories = train_population(
            members, Examples(self.X.T, self.Y.T), max_epochs=passes, batch_size=work.batch_size,
            shuffle=work.shuffle, engine=self.engine,
        )  # fmt: skip
        seconds = time.perf_counter() - begin
        return seconds, [float(history["cost"][-1]) for history in histories]

    def train(self, start: Array, passes: int) -> tuple[float, float]:  # noqa: D102
        seconds, (cost,) = self.population([start], passes)
        return seconds, cost


class ShoalPopulation(Shoal):
    """Shoal's native engine; several networks side by side."""

    def run(self, passes: int) -> tuple[float, list[float]]:  # noqa: D102
        return self.population(self.work.starts(), passes)


class ShoalNumpy(Shoal):
    """Shoal on NumPy."""

    def prepare(self) -> None:  # noqa: D102
        from shoal.engine import NumpyEngine  # noqa: PLC0415

        self.engine = NumpyEngine()


class ScikitLearn(Peer):
    """MLPClassifier from the given start; only its loop is timed, not its checks of the input."""

    def prepare(self) -> None:  # noqa: D102
        from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

        class FromStart(MLPClassifier):  # type: ignore[misc]
            def _initialize(self, *args: Any) -> None:
                super()._initialize(*args)
                W1, b1, W2, b2 = self.start_
                self.coefs_, self.intercepts_ = [W1, W2], [b1, b2]

            def _fit_stochastic(self, *args: Any) -> None:
                begin = time.perf_counter()
                super()._fit_stochastic(*args)
                self.seconds_ = time.perf_counter() - begin

        work = self.work
        self.model: Any = FromStart(
            (work.n_h,), activation="tanh", solver="sgd", alpha=0.0, momentum=0.0,
            nesterovs_momentum=False, learning_rate="constant", learning_rate_init=work.alpha,
            batch_size=work.batch_size or work.m, n_iter_no_change=10**9, tol=0.0,
            shuffle=work.shuffle and work.batch_size is not None, random_state=0,
        )  # fmt: skip

    def train(self, start: Array, passes: int) -> tuple[float, float]:  # noqa: D102
        self.model.max_iter, self.model.start_ = passes, self.work.split(start)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # all iterations were made: that is what we want
            self.model.fit(self.X, self.Y.ravel().astype(np.int64))
        return self.model.seconds_, float(self.model.loss_curve_[-1])
