"""The pieces of a number are what their definition says, and as fine as the rows can tell."""

import json

import numpy as np
import pytest
from conftest import ENGINES, needs_native
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shoal import Examples, Member, Network, train_population
from shoal.bins import FEW_VALUES, LEAVES, QUANTILES, fit_pieces
from shoal.checkpoint import digest
from shoal.engine.dropout import Dropout
from shoal.engine.lines import SOFT_LIMIT
from shoal.optimizers import Adam
from shoal.piecewise import Pieces, PiecewiseLinear
from shoal.tree_sums import TreeSum, add_part


def test_each_piece_rises_from_0_to_1_where_the_number_crosses_it():
    encoding = PiecewiseLinear([Pieces(0, 1, (0.0, 1.0, 3.0))])
    X = np.array([[-1.0], [0.0], [0.25], [1.0], [2.0], [3.0], [9.0]])
    first = [0, 0, 0.25, 1, 1, 1, 1]
    second = [0, 0, 0, 0, 0.5, 1, 1]
    np.testing.assert_allclose(encoding.transform(X)[:, 1:], np.transpose([first, second]))


def test_the_number_itself_is_scaled_and_clipped_smoothly():
    encoding = PiecewiseLinear([Pieces(10, 2, (0.0, 1.0))])
    scaled = encoding.transform(np.array([[10.0], [10.02], [1e9], [-1e9]]))[:, 0]
    np.testing.assert_allclose(scaled, [0, 0.01, SOFT_LIMIT, -SOFT_LIMIT], rtol=1e-5)


def test_a_feature_of_two_values_stays_as_it_is():
    X = np.array([[0.0], [1.0], [1.0], [0.0]])
    encoding = fit_pieces(X, np.array([0, 1, 1, 0]))
    assert encoding.pieces[0].plain
    np.testing.assert_array_equal(encoding.transform(X), X)


def test_every_one_of_few_values_is_an_edge():
    X = np.repeat([1.0, 2.0, 5.0, 7.0], 10)[:, None]
    (pieces,) = fit_pieces(X, np.tile([0, 1], 20)).pieces
    assert pieces.edges == (1, 2, 5, 7)


@pytest.mark.parametrize("m", [100, 400, 5000])
def test_there_are_more_pieces_the_more_rows_there_are_and_never_too_many(m):
    X = np.random.default_rng(0).normal(size=(m, 1))
    (pieces,) = fit_pieces(X, np.arange(m) % 2).pieces
    # the splits of the tree come to the quantiles
    assert min(QUANTILES, m // 50) <= pieces.width - 1 <= min(QUANTILES, m // 50) + LEAVES - 1


def test_an_edge_lies_where_the_target_changes():
    x = np.sort(np.random.default_rng(0).uniform(size=2000))
    changes = (0.123, 0.6123)
    labels = ((x > changes[0]) & (x < changes[1])).astype(int)
    (pieces,) = fit_pieces(x[:, None], labels).pieces
    for change in changes:
        assert np.abs(np.array(pieces.edges) - change).min() < 0.002


def test_pieces_survive_json_to_the_bit():
    X = np.random.default_rng(0).normal(size=(300, 3))
    encoding = fit_pieces(X, np.arange(300) % 3)
    again = PiecewiseLinear.from_data(json.loads(json.dumps(encoding.to_data())))
    assert again.pieces == encoding.pieces
    assert again.transform(X).tobytes() == encoding.transform(X).tobytes()


@given(arrays(np.float64, (FEW_VALUES + 9, 2), elements=st.floats(-1e6, 1e6)))
def test_features_are_finite_and_bounded_whatever_the_numbers(X):
    encoding = fit_pieces(X, np.arange(len(X)) % 2)
    features = encoding.transform(X)
    assert features.shape == (len(X), encoding.width)
    for pieces, at in zip(encoding.pieces, np.cumsum([0, encoding.pieces[0].width]), strict=True):
        own = features[:, at : at + pieces.width]
        if not pieces.plain:
            assert np.abs(own[:, 0]).max() <= SOFT_LIMIT * 1.0001
            assert own[:, 1:].min() >= 0
            assert own[:, 1:].max() <= 1


@needs_native
@given(
    arrays(
        st.sampled_from([np.float32, np.float64]), (9, 4),
        elements=st.floats(-1e6, 1e6, width=32) | st.sampled_from([0, 1, np.nan, np.inf, -np.inf]),
    ),
    st.sampled_from(["rows", "columns", "strided"]),
)  # fmt: skip
def test_every_engine_makes_the_same_pieces_to_the_bit(X, layout):
    edges = (-3.0, -1 / 3, 0.1, 0.7, 1e5)
    pieces = [Pieces(0.3, 0.7, edges), Pieces(), Pieces(-1e3, 1e3, edges[:2]), Pieces()]
    encoding = PiecewiseLinear(pieces)
    if layout == "columns":
        X = np.asfortranarray(X)
    elif layout == "strided":
        X = np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3]
    with np.errstate(all="ignore"):  # of infinite numbers, which no table has
        made = [engine.in_pieces(encoding._lines, X) for engine in ENGINES.values()]
    for each in made[1:]:
        np.testing.assert_array_equal(np.signbit(each), np.signbit(made[0]))
        np.testing.assert_array_equal(each, made[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_h", [0, 3, 40])
def test_an_engine_learns_from_lazy_features_as_from_those_that_are_made(engine, n_h, dtype):
    random = np.random.default_rng(0)
    numbers = random.normal(size=(700, 4)).astype(dtype)
    numbers[::2, 3] = 0
    encoding = PiecewiseLinear(
        [Pieces(0.3, 0.7, (-1.0, 0.1, 0.7)), Pieces(), Pieces(0, 1, (0, 1)), Pieces()]
    )
    Y = (numbers[:, :1].T > 0).astype(dtype)
    found = []
    for X in (encoding.lazy(numbers).T, encoding.transform(numbers).T):
        network = Network(encoding.width, n_h, 1, "relu", dtype=dtype)
        network.initialise("scaled", random_state=0)
        dropout = Dropout(0.3, 0) if n_h else None
        member = Member(network, Adam(0.01), dropout=dropout)
        (history,) = train_population(
            [member], Examples(X, Y), max_epochs=3, batch_size=100, engine=engine
        )
        J, gradient = engine.cost_and_gradient(network, X, Y)
        J2, A2 = engine.cost_and_predictions(network, X, Y)
        costs = np.array([*history["cost"], J, J2])
        found.append([network.theta, costs, gradient, A2, engine.predict(network, X)])
    sums_of_their_own = engine.name == "native" and n_h and dtype == np.float32
    for lazy, made in zip(*found, strict=True):
        if sums_of_their_own:
            np.testing.assert_allclose(lazy, made, rtol=1e-4, atol=1e-6)
        else:
            np.testing.assert_array_equal(lazy, made)


def test_a_network_s_sums_of_a_part_in_pieces_are_those_it_has_in_company(engine):
    random = np.random.default_rng(0)
    numbers = random.normal(size=(300, 3)).astype(np.float32)
    encoding = fit_pieces(numbers, (numbers[:, 0] > 0).astype(int))
    part = Examples(encoding.lazy(numbers).T, (numbers[:, :1].T > 0).astype(np.float32))
    networks = [
        Network(encoding.width, 40, 1, "relu", dtype=np.float32).initialise(
            "scaled", random_state=k
        )
        for k in range(3)
    ]

    def gradients(some):
        totals = [TreeSum() for _ in some]
        add_part(totals, engine, some, 0, part, 300.0)
        return [each.total().gradient.tobytes() for each in totals]

    assert gradients(networks) == [gradients([each])[0] for each in networks]


def test_the_checksum_of_lazy_features_depends_on_all_that_they_are_made_of():
    numbers = np.arange(6.0).reshape(3, 2)
    pieces = [Pieces(0, 1, (0.0, 1.0)), Pieces()]
    others = [
        PiecewiseLinear(pieces).lazy(numbers + 1),
        PiecewiseLinear([Pieces(0, 1, (0.0, 2.0)), Pieces()]).lazy(numbers),
        PiecewiseLinear([Pieces(1, 1, (0.0, 1.0)), Pieces()]).lazy(numbers),
    ]
    seen = {digest(each.T) for each in others}
    assert len(seen | {digest(PiecewiseLinear(pieces).lazy(numbers).T)}) == 4


def test_some_of_the_examples_of_lazy_features_are_theirs():
    encoding = PiecewiseLinear([Pieces(0, 1, (0.0, 1.0, 2.0)), Pieces()])
    lazy = encoding.lazy(np.arange(12.0).reshape(2, 6).T / 5).T
    assert lazy.shape == np.asarray(lazy).shape == (4, 6)
    for some in (slice(1, 4), np.array([5, 0, 0])):
        np.testing.assert_array_equal(np.asarray(lazy[:, some]), np.asarray(lazy)[:, some])


def test_features_that_are_not_those_of_the_lines_are_refused(default):
    encoding = PiecewiseLinear([Pieces(), Pieces(0, 1, (0.0, 1.0))])
    with pytest.raises(ValueError, match="X has 3 features, but 2 have lines"):
        encoding.transform(np.zeros((5, 3)))
