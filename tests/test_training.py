"""The loop does what the equations say, over every example, and ends when and as it says."""

import numpy as np
import pytest
from conftest import targets
from sklearn.linear_model import LogisticRegression

from shoal import (
    Callback,
    DivergedError,
    EarlyStopping,
    Examples,
    InputError,
    Member,
    Network,
    equations,
    train_population,
)
from shoal import train as train_network
from shoal.engine import NumpyEngine, default_engine
from shoal.optimizers import Adam, GradientDescent

M = 50
pytestmark = pytest.mark.usefixtures("default")


def start(output="sigmoid", n_h=4, n_y=1, activation="tanh"):
    return Network(3, n_h, n_y, activation, output).initialise("gaussian", 0.5, 1)


def examples(m=M, n_y=1, output="sigmoid", seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(3, m))
    return Examples(X, targets(output, n_y, X, random))


def trained(network=None, data=None, **settings):
    network = network or start()
    return network, train_network(network, data or examples(), **settings)


class Spy(NumpyEngine):
    """Notes which examples each update sees; their numbers are in the first row of X."""

    def __init__(self):
        self.batches = []

    def cost_and_gradient(self, network, X, Y, w=None, m=None):
        self.batches.append(X[0].astype(int).tolist())
        return super().cost_and_gradient(network, X * 0, Y, w, m)

    def epochs(self, size):
        seen = [number for batch in self.batches for number in batch]
        return [seen[i : i + size] for i in range(0, len(seen), size)]


def spied(m=23, batch_size=5, network=None, **settings):
    data, spy = examples(m), Spy()
    data.X[0] = np.arange(m)
    trained(network, data, batch_size=batch_size, engine=spy, **settings)
    return spy


# ---- full batch ----


@pytest.mark.parametrize("n_h", [0, 4])
@pytest.mark.parametrize(
    ("output", "n_y"), [("sigmoid", 1), ("sigmoid", 3), ("softmax", 3), ("identity", 2)]
)
def test_full_batch_is_the_plain_loop_of_the_course_bit_for_bit_on_numpy(output, n_y, n_h):
    data = examples(M, n_y, output)
    network = start(output, n_h, n_y)
    g1, g2 = network.g1, network.g2
    parameters, costs = start(output, n_h, n_y).parameters, []
    for _ in range(30):
        forward = equations.forward(data.X, parameters, g1, g2)
        costs.append(equations.cost(forward.Z2, data.Y, g2))
        gradients = equations.backward(data.X, data.Y, forward, parameters, g1)
        parameters = equations.update(parameters, gradients, 0.3)
    _, history = trained(
        network, data, optimizer=GradientDescent(0.3), max_epochs=30, engine=NumpyEngine()
    )
    for ours, plain in zip(network.parameters, parameters, strict=True):
        assert np.array_equal(ours, plain)
    assert history["cost"] == costs


def test_the_default_is_full_batch_descent_with_the_alpha_of_the_course():
    explicit, _ = trained(optimizer=GradientDescent(1.2), batch_size=M, max_epochs=20)
    assert np.array_equal(trained(max_epochs=20)[0].theta, explicit.theta)


# ---- mini-batches ----


def test_mini_batches_see_each_example_exactly_once_in_each_epoch():
    spy = spied(m=23, batch_size=5, max_epochs=6)
    assert [len(batch) for batch in spy.batches] == [5, 5, 5, 5, 3] * 6
    for epoch in spy.epochs(23):
        assert sorted(epoch) == list(range(23))
    assert len({tuple(epoch) for epoch in spy.epochs(23)}) == 6  # a new order each time


def test_without_shuffling_the_batches_keep_the_order_of_the_examples():
    assert spied(shuffle=False, max_epochs=2).epochs(23) == [list(range(23))] * 2


def test_the_order_depends_on_the_seed_and_the_epoch_alone():
    order = spied(max_epochs=4, seed=3).epochs(23)
    assert spied(max_epochs=2, seed=3, first_epoch=2).epochs(23) == order[2:]
    others = {"network": start(n_h=0), "optimizer": Adam(0.1), "batch_size": 7, "l2": 1.0}
    assert spied(max_epochs=4, seed=3, **others).epochs(23) == order
    assert spied(max_epochs=4, seed=4).epochs(23) != order


@pytest.mark.parametrize("batch_size", [None, 7])
def test_training_in_two_goes_equals_training_in_one(batch_size):
    settings = {"batch_size": batch_size, "seed": 5, "optimizer": GradientDescent(0.3)}
    whole, history = trained(max_epochs=9, **settings)
    network, first = trained(max_epochs=4, **settings)
    _, second = trained(network, max_epochs=5, first_epoch=4, **settings)
    assert np.array_equal(network.theta, whole.theta)
    assert first["cost"] + second["cost"] == history["cost"]


@pytest.mark.parametrize("w", [None, np.linspace(0.1, 5, M)[None]])
def test_the_cost_of_an_epoch_is_the_weighted_mean_over_its_examples(w):
    data = examples()
    data.w = w
    for size in (None, 7):
        still = {"optimizer": GradientDescent(1e-300), "batch_size": size, "max_epochs": 1}
        network, history = trained(data=data, **still)
        J = equations.cost(network.forward(data.X).Z2, data.Y, network.g2, w)
        assert history["cost"] == pytest.approx([J], rel=1e-13)


# ---- weights and penalty ----


@pytest.mark.parametrize("l2", [0.0, 3.0])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_whole_weights_are_the_same_as_repeated_examples(optimizer, l2):
    make = {"sgd": lambda: GradientDescent(0.3), "adam": lambda: Adam(0.01)}[optimizer]
    data = examples()
    counts = np.random.default_rng(1).integers(1, 5, M)
    repeated = Examples(np.repeat(data.X, counts, axis=1), np.repeat(data.Y, counts, axis=1))
    weighted = Examples(data.X, data.Y, counts[None].astype(float))
    one, costs = trained(data=weighted, optimizer=make(), max_epochs=30, l2=l2)
    other, same_costs = trained(data=repeated, optimizer=make(), max_epochs=30, l2=l2)
    assert np.allclose(one.theta, other.theta, rtol=1e-12, atol=1e-13)
    assert costs["cost"] == pytest.approx(same_costs["cost"], rel=1e-12)


# ---- optimisers ----


def trained_by_torch(data, make, steps):
    """Train the start in PyTorch; return theta."""
    torch = pytest.importorskip("torch")
    X, Y = torch.tensor(data.X), torch.tensor(data.Y)
    W1, b1, W2, b2 = parameters = [torch.tensor(p, requires_grad=True) for p in start().parameters]
    optimizer = make(torch)(parameters)
    for _ in range(steps):
        optimizer.zero_grad()
        logits = W2 @ torch.tanh(W1 @ X + b1) + b2
        torch.nn.functional.binary_cross_entropy_with_logits(logits, Y).backward()
        optimizer.step()
    return np.concatenate([p.detach().numpy().ravel() for p in parameters])


@pytest.mark.parametrize("epsilon", [1e-8, 1e-20])
def test_adam_agrees_with_pytorch_over_50_steps(epsilon):
    def make(torch):
        return lambda parameters: torch.optim.Adam(parameters, lr=0.01, eps=epsilon)

    theirs = trained_by_torch(examples(), make, 50)
    ours, _ = trained(optimizer=Adam(0.01, epsilon=epsilon), max_epochs=50)
    assert np.allclose(ours.theta, theirs, rtol=0, atol=1e-10)
    assert abs(ours.theta - start().theta).max() > 0.1


def test_plain_descent_agrees_with_pytorch_over_50_steps():
    theirs = trained_by_torch(examples(), lambda t: lambda p: t.optim.SGD(p, lr=0.3), 50)
    ours, _ = trained(optimizer=GradientDescent(0.3), max_epochs=50)
    assert np.allclose(ours.theta, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("output", "n_y"), [("sigmoid", 1), ("softmax", 3)])
def test_lbfgs_without_a_hidden_layer_reaches_scikit_learn_s_logistic_regression(output, n_y):
    data, l2 = examples(300, n_y, output), 2.0
    labels = data.Y[0] if n_y == 1 else data.Y.argmax(axis=0)
    reference = LogisticRegression(C=1 / l2, tol=1e-12, max_iter=10_000).fit(data.X.T, labels)
    network, history = trained(
        start(output, 0, n_y), data, optimizer="lbfgs", l2=l2, tol=1e-9, max_epochs=1000
    )
    assert np.allclose(network.parameters.W2, reference.coef_, rtol=0, atol=1e-6)
    b2 = network.parameters.b2.ravel()  # of softmax only its differences matter
    assert np.allclose(np.diff(b2), np.diff(reference.intercept_), rtol=0, atol=1e-6)
    A2 = network.forward(data.X).A2
    A2 = np.concatenate([1 - A2, A2]) if n_y == 1 else A2
    assert np.allclose(A2.T, reference.predict_proba(data.X.T), rtol=0, atol=1e-6)
    assert (np.diff(history["cost"]) <= 0).all()
    assert (
        abs(NumpyEngine().cost_and_gradient(network, data.X, data.Y).gradient[-n_y:]).max() < 1e-9
    )


# ---- the end ----


class Recorder(Callback):
    """Keeps theta of each epoch, and stops after an update if asked to."""

    def __init__(self, stop_after=None):
        self.stop_after, self.updates, self.thetas, self.ended = stop_after, 0, [], False

    def on_tick(self, state):
        self.updates += 1
        if self.updates == self.stop_after:
            state.stop("enough")
            state.stop("and this is not the reason")

    def on_epoch_end(self, state):
        self.thetas.append(state.network.theta.copy())

    def on_train_end(self, state):
        self.ended = True


class Often(Callback):
    """Does nothing, so often that no call of an engine takes long."""

    every = 50

    def on_epoch_end(self, state):
        pass


def ticking(stop_after):
    recorder = Recorder(stop_after)
    recorder.every = 10**9  # by ticks alone
    return recorder


@pytest.mark.parametrize("others", [[], [Often()]])
def test_who_ticks_is_asked_however_short_the_calls_of_an_engine_are(others):
    _, history = trained(
        data=examples(9), callbacks=[ticking(3), *others], max_epochs=3_000_000, batch_size=None
    )
    assert history.stop_reason == "enough"


def test_who_ticks_is_asked_in_company():
    members = [Member(start(), GradientDescent(0.1), callbacks=[ticking(3)]) for _ in range(2)]
    for history in train_population(members, examples(9), max_epochs=1_000_000):
        assert history.stop_reason == "enough"


@pytest.mark.parametrize("patience", [1, 7])
def test_early_stopping_waits_for_its_patience_and_restores_the_best(patience):
    held_out, recorder = examples(20, seed=5), Recorder()
    stopping = EarlyStopping(patience=patience, tol=0)
    settings = {"optimizer": Adam(0.005), "batch_size": 5, "max_epochs": 500}
    network, history = trained(validation=held_out, callbacks=[recorder, stopping], **settings)
    costs = history["validation_cost"]
    best = int(np.argmin(costs))
    assert 0 < best == len(costs) - 1 - patience < 400
    assert all(min(costs[:i]) > min(costs[: i + patience]) for i in range(1, len(costs) - patience))
    assert np.array_equal(network.theta, recorder.thetas[best])
    assert default_engine().cost_and_predictions(network, held_out.X, held_out.Y)[0] == costs[best]
    assert "the validation cost did not fall" in history.stop_reason
    assert not history.reached_max_epochs


def test_early_stopping_on_the_cost_puts_nothing_back():
    network, history = trained(
        optimizer=GradientDescent(60), callbacks=[EarlyStopping("cost", 5, 0)], max_epochs=99
    )
    plain, _ = trained(optimizer=GradientDescent(60), max_epochs=len(history))
    assert len(history) < 99
    assert np.array_equal(network.theta, plain.theta)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 0),
        ("batch_size", 2.5),
        ("batch_size", 10**20),
        ("l2", -1.0),
        ("l2", np.inf),
        ("seed", -1),
        ("seed", 10**30),
        ("max_epochs", 0),
        ("max_epochs", 1.5),
        ("first_epoch", -1),
    ],
)
def test_an_argument_that_cannot_be_is_refused_by_name(name, value):
    with pytest.raises(InputError, match=rf"{name} is {value}"):
        trained(**{name: value})


def test_a_callback_that_stops_in_the_middle_of_an_epoch_ends_training():
    recorder = Recorder(stop_after=13)
    numpy = NumpyEngine()  # ticks after each update
    _, history = trained(batch_size=10, max_epochs=50, callbacks=[recorder], engine=numpy)
    assert (recorder.updates, len(history)) == (13, 3)  # two epochs of five, and three updates
    assert (history.stop_reason, history.reached_max_epochs) == ("enough", False)
    assert recorder.ended


@pytest.mark.parametrize("optimizer", [GradientDescent(0.3), Adam(), "lbfgs"])
def test_every_column_of_the_history_has_a_value_for_each_epoch(optimizer):
    def share(Y, A2):
        return float(np.mean((A2 > 0.5) == Y))

    for batch_size, recorder in ((None, Recorder()), (20, Recorder()), (20, Recorder(4))):
        _, history = trained(
            optimizer=optimizer, batch_size=batch_size, max_epochs=6, callbacks=[recorder],
            validation=examples(20, seed=9), metrics={"accuracy": share},
        )  # fmt: skip
        assert list(history.columns) == ["epoch", "cost", "validation_cost", "validation_accuracy"]
        assert {len(column) for column in history.columns.values()} == {len(history)}
        assert history["epoch"] == list(range(len(history)))
        assert len(history) == len(recorder.thetas) > 0
        assert history.reached_max_epochs == (history.stop_reason == "all 6 epochs were made")


@pytest.mark.parametrize("batch_size", [None, 10])
def test_a_huge_learning_rate_is_reported_as_divergence(batch_size):
    huge = {"optimizer": GradientDescent(1e3), "batch_size": batch_size}
    with pytest.raises(DivergedError, match=r"epoch \d\d? .*lower the learning rate"):
        trained(start("identity"), examples(output="identity"), **huge)


def test_the_callbacks_end_with_training_whatever_ended_it():
    recorder, data = Recorder(), examples(output="identity")
    with pytest.raises(DivergedError):
        trained(start("identity"), data, optimizer=GradientDescent(1e3), callbacks=[recorder])
    assert recorder.ended


@pytest.mark.parametrize("optimizer", [GradientDescent(0.3), Adam(), "lbfgs"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_features_that_are_not_finite_raise_rather_than_give_a_network(bad, optimizer):
    data = examples()
    data.X[1, 3] = bad
    with pytest.raises(DivergedError) as raised:
        trained(start("identity", 0), data, optimizer=optimizer, max_epochs=5)
    assert raised.value.history.columns == {"epoch": [], "cost": []}


def test_lbfgs_that_starts_at_the_minimum_still_records_its_cost():
    data = examples()
    data.Y[:] = 0.5
    _, history = trained(Network(3, 4, 1), data, optimizer="lbfgs")
    assert history["cost"] == pytest.approx([np.log(2)])


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"Y": np.zeros((2, 5))}, "Y"),
        ({"Y": np.zeros(5)}, "Y"),
        ({"X": np.zeros((5, 2))}, "X"),
        ({"w": np.ones(5)}, "w"),
        ({"w": np.zeros((1, 5))}, "weight"),
        ({"w": -np.ones((1, 5))}, "negative"),
        ({"w": np.full((1, 5), np.nan)}, "w holds NaN"),
        ({"w": np.full((1, 5), 1e36, np.float32)}, "w averages 1e\\+36"),
        ({"w": np.full((1, 5), 1e-310)}, "divide them by their mean"),
        ({"Y": np.full((1, 5), np.inf)}, "Y holds NaN"),
    ],
)
def test_examples_of_another_shape_are_refused_by_name(change, name):
    arrays = {"X": np.zeros((2, 5)), "Y": np.zeros((1, 5)), "w": np.ones((1, 5))} | change
    with pytest.raises(InputError, match=name):
        train_network(Network(2, 3, 1), Examples(**arrays))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_units_that_are_saturated_stay_however_large_the_features_are(dtype):
    data = examples()
    data.X = 1e6 * np.sign(data.X)
    network = Network(3, 4, 1, "tanh", dtype=dtype).initialise("constant", 1)
    before = network.parameters.W1.copy()
    trained(network, Examples(data.X.astype(dtype), data.Y.astype(dtype)), max_epochs=20)
    np.testing.assert_array_equal(network.parameters.W1, before)


def test_early_stopping_without_a_validation_part_says_what_it_lacks():
    with pytest.raises(InputError, match="validation"):
        trained(callbacks=[EarlyStopping()])


def test_an_optimizer_of_an_unknown_kind_is_refused():
    with pytest.raises(InputError, match="adam"):
        trained(optimizer="adam")


def test_targets_that_the_output_cannot_give_are_refused():
    with pytest.raises(InputError, match="sigmoid"):
        train_network(Network(2, 3, 1), Examples(np.zeros((2, 5)), np.full((1, 5), 5.0)))
