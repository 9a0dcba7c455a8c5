"""What cannot be learned or predicted from is refused in a sentence, by every engine."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from conftest import needs_native

from shoal import Examples, InputError, Network, train
from shoal.engine.dropout import Dropout
from shoal.optimizers import Adam, GradientDescent, Momentum

X = np.random.default_rng(0).normal(size=(3, 40))
Y = (X[:1] > 0).astype(float)


def network(n_h=4):
    return Network(3, n_h, 1).initialise("scaled", 1, 0)


@pytest.mark.parametrize(
    "form",
    [np.asarray, np.asfortranarray, scipy.sparse.csc_array, scipy.sparse.lil_array],
)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("n_h", [0, 4, 40])
def test_nothing_is_predicted_from_nan_and_infinity(engine, n_h, bad, form):
    damaged = X.copy()
    damaged[1, 7] = bad  # a tanh of infinity would be 1
    with pytest.raises(InputError, match="X holds NaN or infinity"):
        engine.predict(network(n_h), form(damaged))


def test_large_numbers_are_predicted_from_though_their_sum_is_none(engine):
    assert np.isfinite(engine.predict(network(), np.full((3, 200), 1e307))).all()


@pytest.mark.parametrize("n_h", [4, 40])
def test_what_is_infinite_in_the_network_s_precision_is_not_predicted_from(engine, n_h):
    single = Network(3, n_h, 1, dtype=np.float32).initialise("scaled", 1, 0)
    with pytest.raises(InputError, match="numbers beyond float32"):
        engine.predict(single, np.full((3, 9), 1e300))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_parameters_that_diverged_are_not_predicted_from(engine, name, bad):
    diverged = network()
    getattr(diverged.parameters, name)[0, 0] = bad  # b1 of infinity would be a unit at 1
    with pytest.raises(InputError, match="the network's parameters hold NaN or infinity"):
        engine.predict(diverged, X)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_validation_part_with_nan_or_infinity_is_refused(engine, bad):
    damaged = X.copy()
    damaged[1, 7] = bad
    with pytest.raises(InputError, match="X holds NaN or infinity"):
        train(network(), Examples(X, Y), validation=Examples(damaged, Y), engine=engine)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (X.astype(complex), "X holds complex128"),
        (X.astype(str), "X holds <U"),
        (X.astype(object), "X holds object"),
        (X.astype("M8[s]"), "X holds datetime64"),
        (np.ma.masked_less(X, 0), "X is a masked array"),
        (pd.DataFrame(X), "X is a DataFrame"),
        (X.tolist(), "X must be an array of two dimensions"),
        (X[0], "X must be an array of two dimensions"),
    ],
    ids=["complex", "text", "objects", "dates", "masked", "a frame", "a list", "one dimension"],
)
def test_what_is_no_table_of_numbers_is_not_taken_for_one(engine, array, said):
    with pytest.raises(InputError, match=said):
        engine.predict(network(), array)


@pytest.mark.parametrize("name", ["Y", "w"])
@pytest.mark.parametrize("kind", [complex, str, object])
def test_targets_and_weights_that_are_no_numbers_are_refused(engine, name, kind):
    arrays = {"Y": Y, "w": np.ones_like(Y)}
    arrays[name] = arrays[name].astype(kind)
    with pytest.raises(InputError, match=f"{name} holds "):
        train(network(), Examples(X, **arrays), engine=engine)


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint64])
def test_a_seed_may_be_a_number_of_numpy(engine, kind):
    ours, theirs = network(), network()
    settings = {"batch_size": 8, "max_epochs": 2, "engine": engine}
    train(ours, Examples(X, Y), seed=kind(3), **settings)
    train(theirs, Examples(X, Y), seed=3, **settings)
    assert ours.theta.tobytes() == theirs.theta.tobytes()


def test_whole_numbers_of_numpy_do_not_overflow(engine):
    history = train(
        network(), Examples(X, Y), max_epochs=np.int8(60), first_epoch=np.int8(100), engine=engine
    )
    assert len(history) == 60


def test_a_learning_rate_may_be_an_array_of_one_number(engine):
    ours, theirs = network(), network()
    for each, alpha in ((ours, np.array(0.1)), (theirs, 0.1)):
        train(each, Examples(X, Y), optimizer=GradientDescent(alpha), max_epochs=2, engine=engine)
    assert ours.theta.tobytes() == theirs.theta.tobytes()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: GradientDescent("0.1"), "learning rate is '0.1'"),
        (lambda: GradientDescent(None), "learning rate is None"),
        (lambda: GradientDescent(10**400), "learning rate is 1000"),
        (lambda: Momentum(0.1, "x"), "beta is 'x', but must be a number, 0 or more and below 1"),
        (lambda: Adam(beta2=1j), "beta2 is 1j"),
        (lambda: Adam(epsilon=np.inf), "epsilon is inf"),
        (lambda: Dropout("half"), "dropout rate is 'half'"),
        (lambda: train(network(), Examples(X, Y), l2=None), "l2 is None"),
    ],
)
def test_a_parameter_that_is_no_such_number_is_named(make, said):
    with pytest.raises(InputError, match=said):
        make()


@needs_native
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"reproducible": "no"}, "reproducible is 'no', but must be True, False or None"),
        ({"instructions": "AVX-9"}, "instructions is 'AVX-9', but must be one of"),
    ],
)
def test_a_setting_of_the_native_engine_that_is_none_is_named(settings, said):
    from shoal.engine.native_engine import NativeEngine  # noqa: PLC0415

    with pytest.raises(InputError, match=said):
        NativeEngine(**settings)
