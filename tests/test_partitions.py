"""Parts add up to the whole, in the same bits wherever they lie."""

import numpy as np
import pytest
from conftest import ENGINES
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csc_array
from threadpoolctl import threadpool_limits

from shoal import (
    Callback,
    Checkpoint,
    EarlyStopping,
    Examples,
    Member,
    Network,
    train,
    train_population,
)
from shoal.engine import NumpyEngine
from shoal.engine.dropout import Dropout
from shoal.errors import DivergedError, InputError
from shoal.optimizers import Adam, GradientDescent, Momentum, ScaledAdam
from shoal.partition_descent import cost_and_gradient
from shoal.partitions import InMemory, OnDisk
from shoal.tree_sums import TreeSum


def examples(m=1000, n_x=6, dtype=np.float64, weighted=False, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n_x, m)).astype(dtype)
    Y = (np.sin(2 * X[:1]) + X[1:2] * X[2:3] > 0).astype(dtype)
    w = random.uniform(0.1, 3, (1, m)).astype(dtype) if weighted else None
    return Examples(X, Y, w)


def network(n_x=6, activation="tanh", dtype=np.float64):
    return Network(n_x, 9, 1, activation, dtype=dtype).initialise("scaled", random_state=1)


def on_disk(given_examples, size, folder):
    parts = InMemory(given_examples, size)
    return OnDisk.write(folder, (parts.load(i) for i in range(len(parts.sizes))))


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
@pytest.mark.parametrize("weighted", [False, True])
def test_full_batches_over_parts_are_those_over_the_whole(engine, weighted):
    whole = examples(weighted=weighted)
    one, other = network(), network()
    expected = train(one, whole, max_epochs=30, l2=0.5, engine=engine)
    found = train(other, InMemory(whole, 170), max_epochs=30, l2=0.5, engine=engine)
    np.testing.assert_allclose(other.theta, one.theta, rtol=1e-10)
    np.testing.assert_allclose(found["cost"], expected["cost"], rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_lbfgs_over_parts_comes_to_the_minimum_of_the_whole(weighted):
    whole = examples(weighted=weighted)
    costs = [
        train(Network(6, 0, 1), each, optimizer="lbfgs", l2=1.0, tol=1e-9)["cost"][-1]
        for each in (whole, InMemory(whole, 99))
    ]
    assert costs[1] == pytest.approx(costs[0], rel=1e-9)


WAYS = {
    "all at once": {},
    "batches": {"batch_size": 32},
    "batches in order": {"batch_size": 32, "shuffle": False},
    "batches of whole parts": {"batch_size": 250},
}
OPTIMIZERS = {
    "descent": lambda: GradientDescent(0.3), "momentum": lambda: Momentum(0.05),
    "adam": lambda: Adam(0.01), "scaled": lambda: ScaledAdam(6, 9, 0.01),
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parts_on_disk_give_the_bits_of_parts_in_memory(engine, way, optimizer, dtype, tmp_path):
    whole, made = examples(500, dtype=dtype, weighted=True), []
    for parts in (InMemory(whole, 130), on_disk(whole, 130, tmp_path)):
        trained = network(dtype=dtype)
        options = WAYS[way] | {"optimizer": OPTIMIZERS[optimizer](), "engine": engine}
        history = train(trained, parts, max_epochs=5, l2=0.1, seed=3, **options)
        made.append((trained.theta.tobytes(), history["cost"]))
    assert made[0] == made[1]


def test_a_single_part_in_batches_is_the_whole_but_for_its_order():
    whole = examples()
    one, other = network(), network()
    train(one, whole, max_epochs=4, batch_size=50, shuffle=False, l2=2.0)
    train(other, InMemory(whole, 1000), max_epochs=4, batch_size=50, shuffle=False, l2=2.0)
    assert one.theta.tobytes() == other.theta.tobytes()


def test_batches_within_parts_are_those_of_the_whole_where_they_meet():
    whole = examples(weighted=True)
    one, other = network(), network()
    expected = train(one, whole, max_epochs=4, batch_size=50, shuffle=False, l2=2.0)
    found = train(other, InMemory(whole, 200), max_epochs=4, batch_size=50, shuffle=False, l2=2.0)
    np.testing.assert_allclose(other.theta, one.theta, rtol=1e-12)
    np.testing.assert_allclose(found["cost"], expected["cost"], rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_batches_of_whole_parts_are_those_of_the_whole(weighted):
    whole = examples(weighted=weighted)
    one, other = network(), network()
    expected = train(one, whole, max_epochs=9, batch_size=400, shuffle=False, l2=2.0)
    found = train(other, InMemory(whole, 200), max_epochs=9, batch_size=400, shuffle=False, l2=2.0)
    np.testing.assert_allclose(other.theta, one.theta, rtol=1e-10)
    np.testing.assert_allclose(found["cost"], expected["cost"], rtol=1e-12)


def test_a_training_that_ends_within_its_first_batch_of_parts_has_no_pass():
    class Stop(Callback):
        def on_tick(self, state):
            state.stop("enough")

    untouched, stopped = network(), network()
    history = train(
        stopped, InMemory(examples(), 100), max_epochs=3, batch_size=300, callbacks=[Stop()]
    )
    assert len(history) == 0
    assert stopped.theta.tobytes() == untouched.theta.tobytes()


def test_the_order_of_parts_and_rows_changes_with_the_pass_and_the_seed():
    whole, parts = examples(), InMemory(examples(), 100)
    seen = []

    class Kept(InMemory):
        def load(self, i):
            seen.append(i)
            return super().load(i)

    train(network(), Kept(whole, 100), max_epochs=3, batch_size=50, seed=1)
    made = seen[-30:]  # the rest was for the check
    passes = [made[k : k + 10] for k in range(0, 30, 10)]
    assert [sorted(each) for each in passes] == [list(range(10))] * 3
    assert passes[0] != passes[1] != passes[2]
    costs = {
        tuple(train(network(), parts, max_epochs=2, batch_size=50, seed=s)["cost"]) for s in (1, 2)
    }
    assert len(costs) == 2


def test_many_networks_share_the_parts_and_each_is_as_if_alone():
    parts, validation = (
        InMemory(examples(800, dtype=np.float32), 150),
        examples(100, dtype=np.float32, seed=5),
    )

    def member(seed):
        start = network(activation="relu", dtype=np.float32)
        start.initialise("scaled", random_state=seed)
        stop = EarlyStopping(patience=3)
        return Member(
            start, ScaledAdam(6, 9, 0.02), 1.0, None, validation, [stop], Dropout(0.2, seed)
        )

    together = [member(seed) for seed in range(3)]
    histories = train_population(together, parts, max_epochs=12, batch_size=64)
    for seed, (each, history) in enumerate(zip(together, histories, strict=True)):
        alone = member(seed)
        (own,) = train_population([alone], parts, max_epochs=12, batch_size=64)
        assert alone.network.theta.tobytes() == each.network.theta.tobytes()
        assert own.columns == history.columns


@pytest.mark.parametrize("way", ["all at once", "batches"])
def test_a_training_over_parts_is_resumed_to_the_same_bits(way, tmp_path):
    whole = examples(400)
    (tmp_path / "parts").mkdir()
    parts = on_disk(whole, 90, tmp_path / "parts")
    straight = network()
    train(straight, parts, optimizer=Adam(0.01), max_epochs=20, **WAYS[way])

    class Crash(Callback):
        def on_epoch_end(self, state):
            if len(state.history) == 11:
                raise KeyboardInterrupt

    folder = tmp_path / "kept"
    with pytest.raises(KeyboardInterrupt):
        train(
            network(), parts, optimizer=Adam(0.01), max_epochs=20, callbacks=[Crash()],
            checkpoint=Checkpoint(folder, seconds=0.0), **WAYS[way],
        )  # fmt: skip
    resumed = network()
    checkpoint = Checkpoint(folder, resume=True, seconds=0.0)
    train(resumed, parts, optimizer=Adam(0.01), max_epochs=20, checkpoint=checkpoint, **WAYS[way])
    assert resumed.theta.tobytes() == straight.theta.tobytes()


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
@pytest.mark.parametrize(
    "way", [{}, {"batch_size": 50}, {"batch_size": 250}],
    ids=["all at once", "batches", "batches of whole parts"],
)  # fmt: skip
def test_a_divergence_over_parts_is_named(engine, way):
    with pytest.raises(DivergedError):
        train(
            network(activation="relu"), InMemory(examples(), 100), max_epochs=500, engine=engine,
            optimizer=GradientDescent(1e200), **way,
        )  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
@pytest.mark.parametrize("way", [{}, {"batch_size": 50}], ids=["all at once", "batches"])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("Y", 7.0, "Y has values"), ("Y", np.nan, "Y holds"), ("w", -1.0, "w holds")],
)
def test_each_part_is_checked_before_it_is_learned_from(engine, way, name, value, said):
    whole = examples(weighted=True)
    getattr(whole, name)[0, 700] = value
    with pytest.raises(InputError, match=said):
        train(network(), InMemory(whole, 200), max_epochs=2, engine=engine, **way)


def test_parts_are_written_into_a_folder_that_holds_none(tmp_path):
    kept = on_disk(examples(300, weighted=True), 100, tmp_path / "whole")
    with pytest.raises(InputError, match="holds parts already"):
        on_disk(examples(200, seed=1), 100, tmp_path / "whole")
    assert OnDisk(tmp_path / "whole").fingerprint == kept.fingerprint
    assert kept.load(2).w is not None

    def interrupted():
        yield InMemory(examples(300, seed=2), 100).load(0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        OnDisk.write(tmp_path / "cut off", interrupted())
    with pytest.raises(InputError, match="does not hold all parts"):
        OnDisk(tmp_path / "cut off")


def test_what_parts_cannot_do_is_refused_with_a_sentence(tmp_path):
    whole = examples(100)
    with pytest.raises(InputError, match="a part has 0 examples"):
        InMemory(whole, 0)
    with pytest.raises(InputError, match="does not hold all parts"):
        OnDisk(tmp_path)
    with pytest.raises(InputError, match="X has the shape"):
        train(network(n_x=5), InMemory(whole, 40), max_epochs=1)
    with pytest.raises(InputError, match="give no w"):
        train_population([Member(network(), w=np.ones((1, 100)))], InMemory(whole, 40))
    relu = network(activation="relu")
    with pytest.raises(InputError, match="dropout is made in batches"):
        train_population([Member(relu, dropout=Dropout(0.5))], InMemory(whole, 40))
    with pytest.raises(InputError, match="one or more"):
        InMemory(whole.take(np.arange(0)), 10)
    with pytest.raises(InputError, match="there are no parts"):
        OnDisk.write(tmp_path, iter(()))
    with pytest.raises(InputError, match="dense"):
        InMemory(Examples(csc_array(whole.X), whole.Y), 10)
    parts = on_disk(whole, 40, tmp_path / "new" / "folder")
    path = tmp_path / "new" / "folder" / "000001-X.npy"
    for damage in (lambda: path.write_bytes(path.read_bytes()[:-9]), path.unlink):
        damage()
        with pytest.raises(InputError, match="part 1 is not whole"):
            train(network(), parts, max_epochs=1)


@given(terms=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=70))
def test_a_tree_of_sums_depends_on_the_number_of_terms_alone(terms):
    def tree(values):
        """Cut off the largest power of two below the length."""
        if len(values) == 1:
            return values[0]
        half = 1 << (len(values) - 1).bit_length() - 1
        return tree(values[:half]) + tree(values[half:])

    total = TreeSum[float]()
    for key, term in enumerate(terms):
        total.add(key, term)
    assert total.total() == tree(terms)


@given(
    keys=st.sets(st.integers(0, 300), min_size=1, max_size=60),
    size=st.sampled_from([1, 4, 32]),
    seed=st.integers(0, 9),
)
def test_neighbours_may_be_added_up_before_they_meet_the_others(keys, size, seed):
    terms = dict(zip(sorted(keys), np.random.default_rng(seed).normal(size=len(keys)), strict=True))
    straight, blocks = TreeSum[float](), TreeSum[float]()
    for key, term in terms.items():
        straight.add(key, term)
    for start in range(0, 301, size):
        block = TreeSum[float]()
        inside = [key for key in terms if start <= key < start + size]
        for key in inside:
            block.add(key, terms[key])
        if inside:
            blocks.add(start, block.total())
    assert blocks.total() == straight.total()


def test_the_sums_of_numpy_do_not_depend_on_the_threads_that_its_library_may_use():
    random = np.random.default_rng(0)
    X, Y = random.normal(size=(200, 3000)), random.integers(0, 2, (1, 3000)).astype(float)
    network = Network(200, 128, 1).initialise("scaled", random_state=0)
    parts = InMemory(Examples(X, Y), 1000)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            found.append(cost_and_gradient(NumpyEngine(), network, parts).gradient.tobytes())
    assert found[0] == found[1]
