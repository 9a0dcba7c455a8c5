"""The native engine gives the same bits however it is run, and NumPy's numbers to rounding."""

import os
import subprocess
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest
from conftest import ENGINES, NATIVE, targets

from shoal import (
    Callback,
    DivergedError,
    EarlyStopping,
    Examples,
    InputError,
    Member,
    Network,
    train,
    train_population,
)
from shoal.engine import Descent, NumpyEngine, Passes, default_engine
from shoal.engine.order import order
from shoal.optimizers import Adam, GradientDescent, Momentum

if not NATIVE:
    pytest.skip("the native engine was not compiled", allow_module_level=True)

from shoal.engine import _native
from shoal.engine.native_engine import NativeEngine

OPTIMIZERS = {
    "descent": lambda: GradientDescent(0.1),
    "momentum": lambda: Momentum(0.03),
    "adam": lambda: Adam(0.003),
}
# (m, n_x, n_h, n_y, output, activation): narrow and wide hidden layers, one tile, many, shares of a
# hidden layer that is too large to be summed twice, tiles that two threads share and three do not
SHAPES = {
    "a tiny net": (61, 2, 4, 1, "sigmoid", "tanh"),
    "a narrow net on many examples": (5000, 7, 3, 2, "softmax", "sigmoid"),
    "few units": (500, 300, 3, 2, "sigmoid", "tanh"),
    "few units on many features": (400, 700, 3, 1, "sigmoid", "tanh"),
    "few units on whole packs": (200, 96, 4, 1, "sigmoid", "relu"),
    "a usual net": (1500, 30, 20, 1, "sigmoid", "relu"),
    "several outputs": (700, 13, 37, 5, "softmax", "leaky_relu"),
    "many units and outputs": (300, 6, 200, 11, "softmax", "tanh"),
    "a regression": (900, 5, 70, 3, "identity", "tanh"),
    "deep sums": (300, 401, 24, 1, "sigmoid", "tanh"),
    "a wide net": (330, 1024, 300, 1, "sigmoid", "relu"),
    "few tiles of much work": (360, 256, 256, 1, "sigmoid", "tanh"),
}
sharing = partial(
    NativeEngine, share_all=True
)  # the work of a test would else be left to one thread
every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def problem(shape, dtype=np.float64, weighted=False, seed=0):
    m, n_x, n_h, n_y, output, activation = shape
    random = np.random.default_rng(seed)
    X = random.normal(size=(m, n_x)).astype(dtype).T
    Y = targets(output, n_y, X, random)
    w = random.uniform(0.1, 3, (1, m)).astype(dtype) if weighted else None
    network = Network(n_x, n_h, n_y, activation, output, dtype).initialise("scaled", 1, seed)
    return network, Examples(X, Y.astype(dtype), w)


def trained(shape, engine, dtype=np.float64, change=lambda X: X, **settings):
    network, examples = problem(shape, dtype, settings.pop("weighted", False))
    examples.X = change(examples.X)
    settings = {"max_epochs": 5, "optimizer": Adam(0.003), "l2": 0.5} | settings
    history = train(network, examples, engine=engine, **settings)
    return network.theta, np.array(history["cost"])


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


# ---- the same bits ----


@every_shape
@every_dtype
@pytest.mark.parametrize("batch_size", [None, 50])
def test_any_number_of_threads_gives_the_same_bits(shape, dtype, batch_size):
    one = trained(shape, sharing(1), dtype, batch_size=batch_size)
    for threads in (2, 3, 7):
        assert same(trained(shape, sharing(threads), dtype, batch_size=batch_size), one)


def test_threads_that_are_tried_and_put_aside_again_never_show():
    shape = (100, 64, 256, 1, "sigmoid", "tanh")  # so short that they may not help
    one = trained(shape, NativeEngine(1), np.float32, max_epochs=1000)
    for threads in (2, 3):
        assert same(trained(shape, NativeEngine(threads), np.float32, max_epochs=1000), one)


def read_only(X):
    X = X.copy(order="F")
    X.flags.writeable = False
    return X


def with_gaps(X):
    wide = np.full((X.shape[1], 3 * X.shape[0]), np.nan, X.dtype)
    wide[:, 1::3] = X.T
    return wide[:, 1::3].T


def backwards(X):
    return np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1]


def unaligned(X):
    raw = np.zeros(X.nbytes + 1, np.uint8)
    view = np.frombuffer(raw[1:], X.dtype).reshape(X.shape)
    view.setflags(write=True)
    view[:] = X
    return view


CHANGES = (np.ascontiguousarray, read_only, with_gaps, backwards, unaligned)


@every_shape
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("batch_size", [None, 50])
def test_however_x_lies_in_memory_the_bits_are_the_same(shape, change, batch_size):
    plain = trained(shape, sharing(2), batch_size=batch_size, max_epochs=2)
    other = trained(shape, sharing(2), change=change, batch_size=batch_size, max_epochs=2)
    assert same(other, plain)


@every_shape
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("batch_size", [None, 50])
def test_passes_in_one_call_or_in_several_give_the_same_bits(shape, make, batch_size):
    settings = {"batch_size": batch_size, "seed": 3, "l2": 0.1}
    network, examples = problem(shape)
    whole = train(network, examples, optimizer=make(), max_epochs=7, **settings)
    split, _ = problem(shape)
    optimizer, costs = make(), []
    for first, count in ((0, 1), (1, 2), (3, 4)):
        part = {"optimizer": optimizer, "max_epochs": count, "first_epoch": first}
        costs += train(split, examples, **part, **settings)["cost"]
    assert np.array_equal(split.theta, network.theta)
    assert costs == whole["cost"]


@every_shape
@every_dtype
@pytest.mark.parametrize("exact", [False, True], ids=["fused", "reproducible"])
def test_instruction_sets_of_a_mode_agree_to_the_bit(shape, dtype, exact):
    sets = NativeEngine.known_instructions(exact)
    results = [
        trained(shape, sharing(2, exact, name), dtype, batch_size=size, weighted=True)
        for name in sets
        for size in (None, 50)
    ]
    for result in results[2:]:
        assert same(result, results[0]) or same(result, results[1])


@every_dtype
@pytest.mark.parametrize("name", ["a usual net", "few units on whole packs"])
def test_a_network_in_a_population_gets_the_bits_that_it_gets_alone(name, dtype):
    for batch_size in (None, 40):
        _, examples = problem(SHAPES[name], dtype)

        def members(examples=examples):
            random = np.random.default_rng(1)
            for n_h, make in ((3, "adam"), (20, "descent"), (8, "momentum"), (70, "adam")):
                network = Network(len(examples.X), n_h, 1, "tanh", dtype=dtype)
                network.initialise("scaled", 1, n_h)
                w = random.uniform(0, 2, examples.Y.shape).astype(dtype)
                w[0, ::n_h] = 0  # a fold
                yield Member(network, OPTIMIZERS[make](), 0.1 * n_h, w)

        settings = {"max_epochs": 6, "batch_size": batch_size}
        company = list(members())
        histories = train_population(company, examples, engine=sharing(2), **settings)
        for one, member, history in zip(members(), company, histories, strict=True):
            (alone,) = train_population([one], examples, engine=sharing(1), **settings)
            assert np.array_equal(one.network.theta, member.network.theta)
            assert alone["cost"] == history["cost"]


# ---- the numbers of NumPy ----


@every_shape
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("weighted", [False, True])
def test_training_agrees_with_numpy_in_double_precision(engine, shape, make, weighted):
    settings = {"weighted": weighted, "max_epochs": 3}
    for size in (None, 64):
        ours, costs = trained(shape, engine, optimizer=make(), batch_size=size, **settings)
        theirs, expected = trained(
            shape, NumpyEngine(), optimizer=make(), batch_size=size, **settings
        )
        assert np.allclose(costs, expected, rtol=1e-12, atol=0)
        # Adam divides by the size of the gradient, and so by the rounding where that is almost zero
        tolerance = 1e-11 if isinstance(make(), Adam) else 1e-12
        assert abs(ours - theirs).max() <= tolerance * abs(theirs).max()


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)], ids=["double", "single"]
)
@pytest.mark.parametrize("name", ["a tiny net", "a usual net", "several outputs", "a regression"])
def test_a_thousand_iterations_agree_with_numpy(engine, name, dtype, tolerance):
    settings = {"optimizer": GradientDescent(0.05), "max_epochs": 1000}
    ours, costs = trained(SHAPES[name], engine, dtype, **settings)
    theirs, expected = trained(SHAPES[name], NumpyEngine(), dtype, **settings)
    assert np.allclose(costs, expected, rtol=tolerance, atol=0)
    if dtype == np.float64 or "tanh" in SHAPES[name]:
        # at a kink two roundings part: on the usual net NumPy's single precision is 1e-4 off its
        # own double precision in theta, though not in the cost
        assert abs(ours - theirs).max() <= tolerance * abs(theirs).max()


@every_dtype
@pytest.mark.parametrize("threads", [1, 3])
def test_rows_that_straddle_cache_lines_give_the_same_bits_in_one_call_and_pass_by_pass(
    dtype, threads
):
    shape = SHAPES["few units on whole packs"]
    network, examples = problem(shape, dtype)
    room = np.empty(examples.X.size + 128, dtype)
    first = (-room.ctypes.data % 64) // room.itemsize
    thetas = []
    for offset in (0, 4):
        X = room[first + offset :][: examples.X.size].reshape(examples.X.shape[::-1]).T
        X[:] = examples.X
        assert X.ctypes.data % 64 == offset * room.itemsize
        for together in (80, 1):  # so many passes in a call that the rows are copied, and too few
            made = Network(*shape[1:4], shape[5], shape[4], dtype)
            made.theta[:] = network.theta
            for start in range(0, 80, together):
                train(
                    made, Examples(X, examples.Y), max_epochs=together, first_epoch=start,
                    optimizer=GradientDescent(0.5), engine=sharing(threads),
                )  # fmt: skip
            thetas.append(made.theta.tobytes())
    assert len(set(thetas)) == 1


@pytest.mark.parametrize("m", [1, 2, 5, 10, 100, 257, 4096, 5001])
def test_both_engines_have_the_same_order_and_it_is_a_permutation(m):
    for seed, epoch in ((0, 0), (1, 2), (2**40, 2**33)):
        rows = order(m, seed, epoch)
        assert np.array_equal(rows, _native.order(m, seed, epoch))
        assert np.array_equal(np.sort(rows), np.arange(m))


def test_orders_of_different_passes_and_seeds_look_independent():
    m, n = 20, 4000
    orders = np.array([order(m, 7, epoch) for epoch in range(n)])
    places = np.stack([np.bincount(place, minlength=m) for place in orders.T])
    pairs = np.zeros((m, m))
    np.add.at(pairs, (orders[:, :-1].ravel(), orders[:, 1:].ravel()), 1)
    pairs = pairs[~np.eye(m, dtype=bool)]
    for counts in (places.ravel(), pairs):
        chi_square = ((counts - counts.mean()) ** 2 / counts.mean()).sum() / counts.size
        assert 0.8 < chi_square < 1.25
    big = [order(50_000, seed, 0).astype(float) for seed in range(2)]
    assert abs(np.corrcoef(big)[0, 1]) < 0.02
    assert abs(np.corrcoef(big[0][1:], big[0][:-1])[0, 1]) < 0.02


# ---- what is not finite ----


@every_dtype
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_a_nan_with_a_payload_stays_one(engine, activation, dtype):
    # R's missing number; its low bits must not be taken for an exponent
    payload = (np.uint64(0x7FF80000000007A2), np.uint32(0x7FC007A2))[dtype == np.float32]
    X = np.full((2, 3), np.array([payload]).view(dtype)[0])
    network = Network(2, 4, 1, activation, dtype=dtype).initialise("scaled", 1, 0)
    assert np.isnan(engine.cost_and_predictions(network, X, np.zeros((1, 3), dtype))[1]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["X", "Y", "w"])
@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity"])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "leaky_relu", "identity"])
@pytest.mark.parametrize("n_h", [3, 20])
def test_what_is_not_finite_always_surfaces(engine, bad, where, output, activation, n_h):
    n_y = 1 if output == "sigmoid" else 2
    network, examples = problem((300, 6, n_h, n_y, output, activation), np.float32, True)
    getattr(examples, where)[0, 150] = bad
    for optimizer, batch_size in ((GradientDescent(0.1), None), (Adam(), 20)):
        settings = {"batch_size": batch_size, "max_epochs": 3, "engine": engine}
        with pytest.raises((DivergedError, InputError)):
            train(network, examples, optimizer=optimizer, **settings)


@pytest.mark.parametrize("scale", [1e30, 1e38])
@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity"])
def test_finite_extremes_give_finite_costs(engine, scale, output):
    n_y = 1 if output == "sigmoid" else 3
    for n_h in (2, 20):
        network, examples = problem((50, 4, n_h, n_y, output, "tanh"), np.float32)
        network.parameters.W2[:] = scale / n_h / 2
        J, A2 = engine.cost_and_predictions(network, examples.X, examples.Y)
        expected, _ = NumpyEngine().cost_and_predictions(network, examples.X, examples.Y)
        assert np.isfinite(J)
        assert np.isfinite(A2).all() or output == "identity"
        assert pytest.approx(expected, rel=0.7) == J  # beyond half the largest float it is capped


# ---- company ----


def test_fits_in_several_threads_at_once_do_not_disturb_each_other():
    expected = trained(SHAPES["a usual net"], sharing(1), max_epochs=50)
    results = [None] * 6

    def fit(i):
        results[i] = trained(SHAPES["a usual net"], sharing(2), max_epochs=50)

    threads = [threading.Thread(target=fit, args=(i,)) for i in range(len(results))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(same(result, expected) for result in results)


def test_python_goes_on_while_the_engine_works():
    network, examples = problem((20_000, 30, 64, 1, "sigmoid", "tanh"))
    thread = threading.Thread(target=train, args=(network, examples), kwargs={"max_epochs": 60})
    thread.start()
    counted = 0
    while thread.is_alive():
        time.sleep(0.001)
        counted += 1
    assert counted > 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_after_a_fork_trains_as_its_parent():
    shape = SHAPES["a usual net"]
    expected = trained(shape, sharing(3))[0]
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, trained(shape, sharing(3))[0].tobytes())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    assert answer == expected.tobytes()


CTRL_C = """
import signal, sys, threading, time, os
import numpy as np
from shoal import Examples, Network, train
signal.signal(signal.SIGINT, signal.default_int_handler)
random = np.random.default_rng(0)
X = random.normal(size=({m}, {n_x})).T
examples = Examples(X, (X[:1] > 0).astype(float))
network = Network({n_x}, {n_h}, 1)
def press():
    time.sleep(0.5)
    print("pressed", time.monotonic(), flush=True)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=press).start()
try:
    train(network.initialise(), examples, max_epochs=10**6, batch_size={batch_size},
          optimizer={optimizer!r})
except KeyboardInterrupt:
    print("answered", time.monotonic(), np.isfinite(network.theta).all(), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals as in POSIX")
@pytest.mark.parametrize(
    "sizes",
    [
        {"m": 400, "n_x": 2, "n_h": 4, "batch_size": None},
        {"m": 400_000, "n_x": 50, "n_h": 200, "batch_size": None},  # one pass takes long
        {"m": 3000, "n_x": 1500, "n_h": 1500, "batch_size": None},  # wide
        {"m": 200_000, "n_x": 20, "n_h": 100, "batch_size": 32},
        {"m": 900_000, "n_x": 20, "n_h": 100, "batch_size": None, "optimizer": "lbfgs"},
    ],
    ids=lambda sizes: f"{sizes['m']}x{sizes['n_x']}",
)
def test_ctrl_c_is_answered_within_a_fifth_of_a_second(sizes):
    done = subprocess.run(
        [sys.executable, "-c", CTRL_C.format(**{"optimizer": None} | sizes)],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    answered, finite = lines["answered"].split()
    assert float(answered) - float(lines["pressed"]) < 0.2, done
    assert finite == "True"


def test_a_failure_of_a_callback_comes_through_and_the_floating_point_mode_is_as_before():
    tiny = np.float64(5e-324)
    seen = []

    class Fails(Callback):
        def on_tick(self, state):
            seen.append(tiny * 1.0)
            raise RuntimeError("of the callback")

    network, examples = problem((50_000, 30, 64, 1, "sigmoid", "tanh"))
    with pytest.raises(RuntimeError, match="of the callback"):
        train(network, examples, max_epochs=10_000, callbacks=[Fails()])
    assert seen == [tiny]  # denormals count inside a callback,
    assert tiny * np.float64(1.0) == tiny  # and afterwards


def test_what_ends_a_training_is_asked_once_and_ends_networks_of_all_kinds():
    _, examples = problem((20_000, 30, 4, 1, "sigmoid", "tanh"))
    descents = [
        Descent(Network(30, n_h, 1).initialise("scaled"), GradientDescent(0.1)) for n_h in (4, 64)
    ]
    asked = []

    def tick():
        asked.append(len(asked))
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        NativeEngine(1).descend(
            descents, examples.X, examples.Y, Passes(0, 400, examples.m, False, 0), tick
        )
    few, many = descents  # units: they are trained one after the other
    assert asked == [0]
    assert len(few.costs) < 400
    assert many.costs == []


def test_a_training_that_ends_before_its_first_update_leaves_the_network_as_it_was():
    network = Network(4000, 3000, 1).initialise()
    start = network.theta.copy()
    X = np.ones((4000, 300))
    passes = Passes(0, 1, 300, False, 0)
    asked = []
    descent = Descent(network, GradientDescent(0.1))
    NativeEngine(1).descend([descent], X, np.ones((1, 300)), passes, lambda: not asked.append(0))
    assert asked == [0]  # after 30 ms, when W1 is being copied
    assert descent.costs == []
    assert np.array_equal(network.theta, start)


# ---- what would read or write beside an array ----


def test_an_optimizer_or_network_of_two_members_is_refused():
    network, examples = problem(SHAPES["a tiny net"])
    other, _ = problem(SHAPES["a tiny net"])
    adam = Adam()
    with pytest.raises(InputError, match="share one optimizer"):
        train_population([Member(network, adam), Member(other, adam)], examples)
    with pytest.raises(InputError, match="share one network"):
        train_population([Member(network), Member(network)], examples)


@pytest.mark.parametrize("make", [Adam, lambda: Momentum(0.1)], ids=["adam", "momentum"])
def test_an_optimizer_that_has_moved_another_network_is_refused(engine, make):
    optimizer = make()
    for name in ("a tiny net", "a usual net"):
        network, examples = problem(SHAPES[name])
        if optimizer.t:
            with pytest.raises(InputError, match="another network"):
                train(network, examples, optimizer=optimizer, max_epochs=1, engine=engine)
        else:
            train(network, examples, optimizer=optimizer, max_epochs=1, engine=engine)


def test_weights_of_another_type_are_converted_and_kept_while_they_are_used():
    network, examples = problem(SHAPES["a usual net"], np.float32, True)
    again, _ = problem(SHAPES["a usual net"], np.float32, True)
    train(network, examples, max_epochs=3)
    train(again, Examples(examples.X, examples.Y, examples.w.astype(np.float64)), max_epochs=3)
    assert np.allclose(again.theta, network.theta, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["X", "Y", "w"])
def test_arrays_of_another_shape_never_reach_the_kernels(name):
    network, examples = problem(SHAPES["a usual net"], weighted=True)
    arrays = {"X": examples.X, "Y": examples.Y, "w": examples.w}
    arrays[name] = np.zeros((arrays[name].shape[0] + 1, 7))
    with pytest.raises(InputError, match="has the shape"):
        NativeEngine().cost_and_gradient(network, **arrays)


def test_a_stop_before_the_first_update_leaves_the_network_as_it_was():
    class StopsAtOnce(Callback):
        def on_train_begin(self, state):
            state.stop("not today")

    network, examples = problem(SHAPES["a usual net"])
    before = network.theta.copy()
    stopping = EarlyStopping("cost", 3)
    history = train(network, examples, callbacks=[StopsAtOnce(), stopping])
    assert np.array_equal(network.theta, before)
    assert (len(history), history.stop_reason) == (0, "not today")


def test_a_member_that_is_stopped_between_updates_does_not_stop_the_others():
    class StopsOne(Callback):
        def on_tick(self, state):
            if len(state.history) >= 2:
                state.stop("enough")

    first, examples = problem(SHAPES["a usual net"])
    second, _ = problem(SHAPES["a usual net"])
    members = [Member(first, callbacks=[StopsOne()]), Member(second)]
    stopped, whole = train_population(
        members, examples, max_epochs=30, batch_size=100, engine=NumpyEngine()
    )
    assert len(stopped) < 5
    assert (len(whole), whole.reached_max_epochs) == (30, True)


def test_a_network_in_the_company_of_a_wide_one_gets_the_bits_that_it_gets_alone():
    _, examples = problem((4000, 1024, 24, 1, "sigmoid", "tanh"))

    def network(n_h):
        return Network(1024, n_h, 1).initialise("scaled", 1, n_h)

    company = [Member(network(24)), Member(network(300))]
    train_population(company, examples, max_epochs=1)
    for n_h, member in ((24, company[0]), (300, company[1])):
        alone = network(n_h)
        train(alone, examples, max_epochs=1)
        assert np.array_equal(alone.theta, member.network.theta)


def test_instruction_sets_agree_on_a_gradient_too_large_for_the_cache():
    network, examples = problem((2500, 9000, 32, 1, "sigmoid", "tanh"))
    for exact in (False, True):
        gradients = [
            sharing(2, exact, name).cost_and_gradient(network, examples.X, examples.Y).gradient
            for name in NativeEngine.known_instructions(exact)
        ]
        assert all(np.array_equal(each, gradients[0]) for each in gradients)


# ---- choices ----


def test_the_number_of_threads_is_the_argument_s_then_the_environment_s(monkeypatch):
    monkeypatch.setenv("SHOAL_THREADS", "5")
    assert NativeEngine(3).thread_count == 3
    assert NativeEngine().thread_count == 5
    assert NativeEngine(10**12).thread_count < 10**5
    monkeypatch.setenv("SHOAL_THREADS", "many")
    with pytest.raises(InputError, match="SHOAL_THREADS is 'many'"):
        NativeEngine()
    for wrong in (0, 1.5, "2"):
        with pytest.raises(InputError, match=f"threads is {wrong!r}"):
            NativeEngine(wrong)


def test_the_environment_chooses_engine_and_mode(monkeypatch):
    monkeypatch.setenv("SHOAL_ENGINE", "numpy")
    assert default_engine().name == "numpy"
    monkeypatch.setenv("SHOAL_ENGINE", "gpu")
    with pytest.raises(InputError, match="SHOAL_ENGINE is 'gpu'"):
        default_engine()
    monkeypatch.delenv("SHOAL_ENGINE")
    assert not default_engine().reproducible
    monkeypatch.setenv("SHOAL_REPRODUCIBLE", "1")
    assert default_engine().reproducible
    monkeypatch.setenv("SHOAL_REPRODUCIBLE", "junk")
    with pytest.raises(InputError, match="SHOAL_REPRODUCIBLE is 'junk'"):
        default_engine()
    monkeypatch.setenv("SHOAL_REPRODUCIBLE", "0")


def test_every_instruction_set_of_this_machine_is_tested():
    assert len(ENGINES) == 1 + len(_native.variants())


def test_no_examples_give_no_predictions(engine):
    for n_h in (3, 40):
        assert engine.predict(Network(2, n_h, 1), np.zeros((2, 0))).shape == (1, 0)
