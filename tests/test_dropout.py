"""Units are dropped, and features scaled, by the same formulas in every engine."""

import numpy as np
import pytest
from conftest import needs_native

from shoal.engine import NumpyEngine, default_engine
from shoal.engine.dropout import Dropout
from shoal.errors import InputError
from shoal.examples import Examples, Member
from shoal.network import Network
from shoal.optimizers import Adam, GradientDescent, ScaledAdam
from shoal.training import train_population

EPSILON = 1e-3  # or the rounding of tiny gradients would be divided by itself


def examples(m=257, n_x=11, n_y=1, dtype=np.float64, contiguous=True):
    X = np.random.default_rng(5).normal(size=(m, n_x)).T.astype(dtype)
    Y = (X[:n_y] > 0).astype(dtype)
    return Examples(np.asfortranarray(X) if contiguous else np.ascontiguousarray(X), Y)


def trained(engine, n_h=37, batch_size=50, scaled=True, rate=0.25, epochs=3, **data):
    """Return the parameters and costs of two networks."""
    given = examples(**data)
    members = []
    for seed in (1, 2):
        network = Network(len(given.X), n_h, len(given.Y), "relu", dtype=given.X.dtype)
        network.initialise("scaled", random_state=seed)
        adam = Adam(0.01, epsilon=EPSILON)
        if scaled:
            adam = ScaledAdam(network.n_x, n_h, 0.01, epsilon=EPSILON)
        members.append(Member(network, adam, 0.5, dropout=Dropout(rate, seed) if rate else None))
    histories = train_population(
        members, given, max_epochs=epochs, batch_size=batch_size, seed=3, engine=engine
    )
    theta = np.concatenate([member.network.theta for member in members])
    return theta, np.array([history["cost"] for history in histories])


KINDS = {
    "batches": {},
    "full batch": {"batch_size": None},
    "few units": {"n_h": 5, "n_x": 4},
    "one unit": {"n_h": 1, "n_x": 1},
    "many features": {"n_h": 3, "n_x": 100},
    "several outputs": {"n_h": 300, "n_x": 20, "n_y": 3},
    "wide": {"n_h": 600, "n_x": 900, "m": 120, "epochs": 1},
    "dropout alone": {"scaled": False},
    "scales alone": {"rate": 0},
}


@needs_native
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_native_engine_has_the_same_formulas_and_bits_with_any_threads(kind, dtype):
    from shoal.engine.native_engine import NativeEngine  # noqa: PLC0415

    theta, costs = trained(NumpyEngine(), dtype=dtype, **kind)
    bits = set()
    for reproducible in (False, True):
        for instructions in NativeEngine.known_instructions(reproducible):
            for threads, contiguous in ((1, True), (3, True), (2, False)):
                engine = NativeEngine(
                    threads=threads, reproducible=reproducible, instructions=instructions,
                    share_all=True,
                )  # fmt: skip
                found, its_costs = trained(engine, dtype=dtype, contiguous=contiguous, **kind)
                tolerance = 1e-11 if dtype == np.float64 else 1e-4
                assert np.abs(found - theta).max() < tolerance * np.abs(theta).max()
                np.testing.assert_allclose(its_costs, costs, rtol=tolerance)
                bits.add((reproducible, found.tobytes(), its_costs.tobytes()))
    assert len(bits) == len({reproducible for reproducible, *_ in bits})


def test_dropout_drops_the_share_it_should_and_keeps_the_mean():
    factors = Dropout(0.3, 7).factors(np.arange(20_000, dtype=np.uint32), 50, step=4)
    dropped = factors == 0
    assert dropped.mean() == pytest.approx(0.3, abs=0.002)
    assert np.abs(dropped.mean(axis=0) - 0.3).max() < 0.35  # no example
    assert np.abs(dropped.mean(axis=1) - 0.3).max() < 0.02  # and no unit is special
    assert factors.mean() == pytest.approx(1, abs=0.003)
    assert set(np.unique(factors)) == {0, 2**32 / (2**32 - int(0.3 * 2**32))}


def test_another_step_seed_unit_or_example_drops_independently():
    rows = np.arange(4000, dtype=np.uint32)
    first = Dropout(0.5, 0).factors(rows, 30, 0) == 0
    for other in (
        Dropout(0.5, 0).factors(rows, 30, 1) == 0,
        Dropout(0.5, 1).factors(rows, 30, 0) == 0,
        np.roll(first, 1, axis=0),
        np.roll(first, 1, axis=1),
    ):
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.02


def test_what_is_dropped_does_not_depend_on_the_batch():
    rows = np.arange(100, dtype=np.uint32)
    whole = Dropout(0.5).factors(rows, 8, 3)
    np.testing.assert_array_equal(Dropout(0.5).factors(rows[40:], 8, 3), whole[:, 40:])


def test_the_gradient_under_dropout_is_that_of_the_cost_under_dropout():
    given = examples(m=40, n_x=3)
    dropout = Dropout(0.4, 3)

    def cost_after(theta):
        network = Network(3, 6, 1, "relu")
        network.theta[:] = theta
        member = Member(network, Adam(1e-300), dropout=dropout)
        (history,) = train_population([member], given, max_epochs=1, engine=NumpyEngine())
        return history["cost"][0]

    network = Network(3, 6, 1, "relu").initialise("scaled", random_state=0)
    before = network.theta.copy()
    train_population([Member(network, GradientDescent(1.0), dropout=dropout)], given, max_epochs=1)
    gradient = before - network.theta
    for i in range(len(before)):
        step = 1e-6 * np.eye(len(before))[i]
        slope = (cost_after(before + step) - cost_after(before - step)) / 2e-6
        assert gradient[i] == pytest.approx(slope, abs=1e-8)


def test_scaled_adam_is_adam_on_the_factors_as_autograd_has_it():
    torch = pytest.importorskip("torch")
    given = examples(m=50, n_x=4)
    network = Network(4, 7, 1, "tanh").initialise("scaled", random_state=0)
    V, b1, W2, b2 = (torch.tensor(p.copy(), requires_grad=True) for p in network.parameters)
    s = torch.ones(4, dtype=torch.float64, requires_grad=True)
    theirs = torch.optim.Adam([{"params": [V, b1, W2, b2]}, {"params": [s], "lr": 0.06}], lr=0.01)
    X, Y = torch.tensor(given.X), torch.tensor(given.Y)
    for _ in range(30):
        theirs.zero_grad()
        W1 = V * s
        Z2 = W2 @ torch.tanh(W1 @ X + b1) + b2
        J = torch.nn.functional.binary_cross_entropy_with_logits(Z2, Y)
        J = J + 0.5 / (2 * 50) * ((W1**2).sum() + (W2**2).sum())
        J.backward()
        theirs.step()
    train_population([Member(network, ScaledAdam(4, 7, 0.01), 0.5)], given, max_epochs=30)
    np.testing.assert_allclose(network.parameters.W1, (V * s).detach().numpy(), rtol=1e-6)
    np.testing.assert_allclose(network.parameters.W2, W2.detach().numpy(), rtol=1e-6)


def test_dropout_is_for_relu_and_its_rate_a_share():
    network = Network(4, 7, 1, "tanh").initialise("scaled", random_state=0)
    with pytest.raises(InputError, match="dropout needs hidden units with ReLU"):
        train_population([Member(network, dropout=Dropout(0.5))], examples(n_x=4), max_epochs=1)
    with pytest.raises(InputError, match="dropout rate is 1"):
        Dropout(1.0)


@pytest.mark.parametrize("shape", [(40, 7), (5, 300), (7, 4)])
def test_an_optimizer_for_another_shape_is_refused(shape):
    network = Network(4, 7, 1, "relu").initialise("scaled", random_state=0)
    with pytest.raises(InputError, match="give it one of its own"):
        train_population([Member(network, ScaledAdam(*shape))], examples(n_x=4), max_epochs=1)
    with pytest.raises(InputError, match="no features to scale"):
        ScaledAdam(4, 0)


@pytest.mark.parametrize("engine", [NumpyEngine, default_engine])
def test_weights_that_were_changed_between_two_runs_are_where_it_goes_on(engine):
    given = examples(m=60, n_x=4)
    network = Network(4, 7, 1, "relu").initialise("scaled", random_state=0)
    adam = ScaledAdam(4, 7, 1e-5)
    train_population([Member(network, adam)], given, max_epochs=20, engine=engine())
    network.parameters.W1[:] = 1.5
    train_population([Member(network, adam)], given, max_epochs=1, engine=engine())
    assert np.abs(network.parameters.W1 - 1.5).max() < 1e-3


@pytest.mark.parametrize("engine", [NumpyEngine, default_engine])
def test_passes_may_be_made_at_once_or_one_by_one(engine):
    given = examples(m=60, n_x=4)

    def theta(*counts):
        network = Network(4, 7, 1, "relu").initialise("scaled", random_state=0)
        member = Member(network, ScaledAdam(4, 7, 0.01), dropout=Dropout(0.3, 5))
        first = 0
        for count in counts:
            train_population(
                [member], given, max_epochs=count, first_epoch=first, batch_size=16, engine=engine()
            )
            first += count
        return network.theta.tobytes()

    assert theta(6) == theta(1, 2, 3)
