"""A training that was interrupted comes to the same end, to the bit, or is refused."""

import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest
from conftest import shop, write_rows
from crashes import Crashes

from shoal import Callback, Checkpoint, EarlyStopping, Examples, InputError, Member, Network
from shoal.callbacks import TrainingState
from shoal.checkpoint import NAME
from shoal.engine import NumpyEngine
from shoal.engine.dropout import Dropout
from shoal.history import History
from shoal.model_file import load_file, save_file
from shoal.optimizers import Adam, GradientDescent, Momentum, ScaledAdam
from shoal.table_model import TableModel
from shoal.training import train, train_population


class CrashError(Exception):
    """What a test crashes with."""


class Crash(Callback):
    """Crashes after so many passes."""

    def __init__(self, passes):
        self.passes = passes

    def on_epoch_end(self, state):
        if len(state.history) == self.passes:
            raise CrashError


OPTIMIZERS = {
    "descent": lambda: GradientDescent(0.5),
    "momentum": lambda: Momentum(0.1),
    "adam": lambda: Adam(0.01),
    "scaled": lambda: ScaledAdam(3, 8, 0.01),
}


def problem(m=200, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(3, m)).astype(np.float32)
    return X, (X[:1] * X[1:2] > 0).astype(np.float32)


def members(kind, crash=None, n=3):
    X, Y = problem(80, 1)
    extra = [] if crash is None else [Crash(crash)]
    return [
        Member(
            Network(3, 8, 1, "relu", dtype=np.float32).initialise("scaled", random_state=i),
            OPTIMIZERS[kind](), 0.1, None, Examples(X, Y),
            [EarlyStopping(patience=4 + 9 * i, tol=0.0), *(extra if i == n - 1 else [])],
            Dropout(0.25, i), averaging=0.7 if i == 1 else 0.0,
        )
        for i in range(n)
    ]  # fmt: skip


def outcome(made, histories):
    return (
        [each.network.theta.tobytes() for each in made],
        [asdict(history) for history in histories],
    )


@pytest.mark.parametrize("batch_size", [None, 32])
@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("crashes", [[1], [7, 8], [5, 20, 33]])
def test_a_population_goes_on_to_the_same_bits(default, kind, batch_size, crashes, tmp_path):
    examples = Examples(*problem())
    options = {"max_epochs": 40, "batch_size": batch_size, "seed": 5}
    undisturbed = members(kind)
    expected = outcome(undisturbed, train_population(undisturbed, examples, **options))
    for crash in crashes:
        with pytest.raises(CrashError):
            train_population(
                members(kind, crash), examples, **options,
                checkpoint=Checkpoint(tmp_path, resume=True, seconds=0),
            )  # fmt: skip
    made = members(kind)
    checkpoint = Checkpoint(tmp_path, resume=True, seconds=0)
    assert outcome(made, train_population(made, examples, **options, checkpoint=checkpoint)) == (
        expected
    )


@pytest.mark.parametrize("crash", [3, 100, 777])
def test_a_full_batch_descent_without_callbacks_goes_on_too(default, crash, tmp_path):
    class Rare(Crash):
        every = crash

    X, Y = problem()
    start = Network(3, 4, 1, dtype=np.float32).initialise("gaussian", 0.5)
    whole, crashed = (Network(3, 4, 1, dtype=np.float32) for _ in range(2))
    whole.theta[:] = crashed.theta[:] = start.theta
    history = train(whole, Examples(X, Y), max_epochs=1000)
    with pytest.raises(CrashError):
        train(crashed, Examples(X, Y), max_epochs=1000, callbacks=[Rare(crash)],
              checkpoint=Checkpoint(tmp_path, seconds=0))  # fmt: skip
    again = train(start, Examples(X, Y), max_epochs=1000,
                  checkpoint=Checkpoint(tmp_path, resume=True, seconds=0))  # fmt: skip
    assert again.columns == history.columns
    np.testing.assert_array_equal(start.theta, whole.theta)


def test_a_training_that_had_ended_has_nothing_to_add(tmp_path):
    X, Y = problem()
    network = Network(3, 4, 1, dtype=np.float32).initialise("gaussian", 0.5)
    start = network.theta.copy()
    train(network, Examples(X, Y), max_epochs=30, checkpoint=Checkpoint(tmp_path, seconds=0))
    after = network.theta.copy()
    network.theta[:] = start
    checkpoint = Checkpoint(tmp_path, resume=True, seconds=0)
    history = train(network, Examples(X, Y), max_epochs=30, checkpoint=checkpoint)
    np.testing.assert_array_equal(network.theta, after)
    assert len(history) == 30
    assert history.reached_max_epochs


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 1}, "batches"),
        ({"batch_size": 16}, "batches"),
        ({"optimizer": Adam(0.02)}, r"optimizers \(was GradientDescent\(alpha=0.5\), is Adam\("),
        ({"l2": 3.0}, "penalties"),
    ],
)
def test_another_training_is_refused_with_what_differs(change, words, tmp_path):
    X, Y = problem()
    options = {"optimizer": GradientDescent(0.5), "max_epochs": 5, "batch_size": 32}

    def network():
        return Network(3, 4, 1, dtype=np.float32).initialise("gaussian", 0.5)

    train(network(), Examples(X, Y), **options, checkpoint=Checkpoint(tmp_path, seconds=0))
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(InputError, match=words):
        train(network(), Examples(X, Y), **options | change,
              checkpoint=Checkpoint(tmp_path, resume=True))  # fmt: skip
    X[0, 0] += 1
    with pytest.raises(InputError, match="differs in examples:"):
        train(network(), Examples(X, Y), **options, checkpoint=Checkpoint(tmp_path, resume=True))
    assert (tmp_path / NAME).read_bytes() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network": ("tanh", "identity")}, "networks"),
        ({"network": ("relu", "sigmoid")}, "networks"),
        ({"optimizer": Momentum(0.1, 0.5)}, "optimizers"),
        ({"patience": 7}, "callbacks"),
        ({"engine": NumpyEngine()}, "engine"),
        ({"max_epochs": 2}, "holds 5 passes, and max_epochs is 2"),
        ({"metrics": {"half": lambda Y, A2: 0.5}}, "metrics"),
        ({"w": True}, "validation part"),
    ],
)
def test_whatever_differs_is_told(change, words, tmp_path):
    X, Y = problem()
    held_out = Examples(*problem(50, 1))

    def train_it(
        max_epochs, network=("tanh", "sigmoid"), optimizer=None, patience=3, metrics=None,
        engine=None, w=False,
    ):  # fmt: skip
        made = Network(3, 4, 1, *network, dtype=np.float32).initialise("gaussian", 0.5)
        return train(
            made, Examples(X, Y), optimizer=optimizer or Momentum(0.1), metrics=metrics,
            max_epochs=max_epochs, callbacks=[EarlyStopping(patience=patience)], engine=engine,
            validation=Examples(held_out.X, held_out.Y, held_out.Y + 1 if w else None),
            checkpoint=Checkpoint(tmp_path, resume=True, seconds=0),
        )  # fmt: skip

    train_it(5)
    with pytest.raises(InputError, match=words):
        train_it(**{"max_epochs": 5} | change)


def test_a_callback_that_keeps_nothing_may_come_and_go(tmp_path):
    X, Y = problem()

    def train_it(max_epochs, extra, **options):
        made = Network(3, 4, 1, dtype=np.float32).initialise("gaussian", 0.5)
        history = train(made, Examples(X, Y), validation=Examples(*problem(50, 1)),
                        max_epochs=max_epochs, callbacks=[*extra, EarlyStopping(patience=100)],
                        **options)  # fmt: skip
        return made.theta.tobytes(), history.kept_epoch

    with pytest.raises(CrashError):
        train_it(40, [Crash(9)], checkpoint=Checkpoint(tmp_path, seconds=0))
    found = train_it(40, [], checkpoint=Checkpoint(tmp_path, resume=True, seconds=0))
    assert found == train_it(40, [])


@pytest.mark.parametrize("ticks", [3, 10, 25])
def test_a_training_stopped_within_a_pass_goes_on_from_the_pass_before(ticks, tmp_path):
    class StopAtTick(Callback):
        seen = 0

        def on_tick(self, state):
            self.seen += 1
            if self.seen == ticks:
                state.stop("stopped by Ctrl-C")

    X, Y = problem()

    def train_it(callbacks, **options):
        made = Network(3, 4, 1, dtype=np.float32).initialise("gaussian", 0.5)
        train(made, Examples(X, Y), batch_size=16, max_epochs=12, callbacks=callbacks,
              engine=NumpyEngine(), **options)  # fmt: skip
        return made.theta.tobytes()

    stopper = StopAtTick()
    stopped = train_it([stopper], checkpoint=Checkpoint(tmp_path, seconds=0))
    assert stopper.seen == ticks
    whole = train_it([])
    assert stopped != whole
    assert train_it([], checkpoint=Checkpoint(tmp_path, resume=True, seconds=0)) == whole


def test_early_stopping_keeps_the_measure_and_its_cost_apart():
    history = History()
    state = TrainingState(Network(2, 2, 1), history, 9)
    stop, again = (EarlyStopping("validation_share", mode="max") for _ in range(2))
    for each in (stop, again):
        each.on_train_begin(state)
    history.append(epoch=0, cost=0.7, validation_cost=0.6, validation_share=0.25)
    stop.on_epoch_end(state)
    again.recall(stop.memory())
    kept = {name: value for name, value in vars(stop).items() if name != "best_theta"}
    assert kept == {name: value for name, value in vars(again).items() if name in kept}
    np.testing.assert_array_equal(again.best_theta, stop.best_theta)


def test_two_trainings_do_not_share_a_folder(tmp_path):
    class Second(Callback):
        def on_train_begin(self, state):
            X, Y = problem()
            train(Network(3, 4, 1), Examples(X, Y), checkpoint=Checkpoint(tmp_path))

    X, Y = problem()
    with pytest.raises(InputError, match="in use by another training"):
        train(Network(3, 4, 1), Examples(X, Y), max_epochs=2, callbacks=[Second()],
              checkpoint=Checkpoint(tmp_path))  # fmt: skip
    train(Network(3, 4, 1), Examples(X, Y), max_epochs=2, checkpoint=Checkpoint(tmp_path))


def test_a_training_that_goes_on_is_not_called_interrupted(tmp_path):
    class Second(Callback):
        def on_epoch_end(self, state):
            if len(state.history) == 2:
                Checkpoint(tmp_path)

    X, Y = problem()
    with pytest.raises(InputError, match="in use by another training"):
        train(Network(3, 4, 1), Examples(X, Y), max_epochs=3, callbacks=[Second()],
              checkpoint=Checkpoint(tmp_path, seconds=0))  # fmt: skip
    with pytest.raises(InputError, match="was interrupted"):
        Checkpoint(tmp_path)


def test_what_many_networks_were_is_not_told_at_length(tmp_path):
    examples = Examples(*problem())
    options = {"max_epochs": 2, "checkpoint": Checkpoint(tmp_path, resume=True, seconds=0)}
    train_population(members("adam"), examples, **options)
    with pytest.raises(InputError) as caught:
        train_population(members("scaled"), examples, **options)
    assert "differs in optimizers: give the same" in str(caught.value)


def test_a_full_disk_does_not_end_the_training(tmp_path, monkeypatch):
    def full(*_):
        raise InputError("cannot write x: No space left on device; choose another place")

    monkeypatch.setattr("shoal.checkpoint.save_file", full)
    X, Y = problem()
    network = Network(3, 4, 1, dtype=np.float32).initialise("gaussian", 0.5)
    with pytest.warns(UserWarning, match="the training goes on"):
        train(network, Examples(X, Y), max_epochs=3, checkpoint=Checkpoint(tmp_path, seconds=0))


def test_a_checkpoint_whose_arrays_do_not_fit_is_refused(tmp_path):
    X, Y = problem()

    def train_it():
        network = Network(3, 8, 1, "relu", dtype=np.float32).initialise("gaussian", 0.5)
        train(network, Examples(X, Y), optimizer=ScaledAdam(3, 8, 0.01), max_epochs=4,
              checkpoint=Checkpoint(tmp_path, resume=True, seconds=0))  # fmt: skip

    train_it()
    header, arrays = load_file(tmp_path / NAME, "checkpoint")
    for name in arrays:
        for bad in (np.zeros(1, arrays[name].dtype), arrays[name].astype(np.int16), None):
            spoilt = {k: v for k, v in arrays.items() if k != name}
            if bad is not None:
                if bad.shape == arrays[name].shape and bad.dtype == arrays[name].dtype:
                    continue
                spoilt[name] = bad
            if name.endswith(" t") and bad is not None:
                continue  # any number may be one of steps
            if "history" in name and bad is not None and len(bad) == len(arrays[name]):
                continue
            save_file(tmp_path / NAME, "checkpoint", header, spoilt)
            with pytest.raises(InputError, match="is no checkpoint"):
                train_it()
    for name in ("0 optimizer step", "0 optimizer alpha"):
        save_file(tmp_path / NAME, "checkpoint", header, {**arrays, name: np.zeros(1)})
        with pytest.raises(InputError, match="is no checkpoint"):
            train_it()


def test_a_kept_training_is_not_written_over(tmp_path):
    X, Y = problem()
    network = Network(3, 4, 1, dtype=np.float32).initialise("gaussian", 0.5)
    train(network, Examples(X, Y), max_epochs=5, checkpoint=Checkpoint(tmp_path, seconds=0))
    with pytest.raises(InputError, match="holds a training that was interrupted"):
        Checkpoint(tmp_path)


def test_what_is_no_checkpoint_is_refused(tmp_path, model):
    X, Y = problem()
    network = Network(3, 4, 1, dtype=np.float32).initialise("gaussian", 0.5)

    def refusal():
        with pytest.raises(InputError) as caught:
            train(network, Examples(X, Y), checkpoint=Checkpoint(tmp_path, resume=True))
        return str(caught.value)

    (tmp_path / NAME).write_bytes(b"nothing")
    assert "is no checkpoint" in refusal()
    with open(model, "rb") as file:  # noqa: PTH123
        (tmp_path / NAME).write_bytes(file.read())
    assert "is a model, not a checkpoint" in refusal()
    (tmp_path / NAME).unlink()
    train(network, Examples(X, Y), max_epochs=3, checkpoint=Checkpoint(tmp_path, seconds=0))
    header, arrays = load_file(tmp_path / NAME, "checkpoint")
    network.initialise("gaussian", 0.5)
    for spoilt in ({**header, "members": []}, {**header, "passes": "x"}, {}):
        save_file(tmp_path / NAME, "checkpoint", spoilt, arrays)
        assert "is no checkpoint: remove it" in refusal()
    with pytest.raises(InputError, match="is a checkpoint, not a model file"):
        TableModel.load(tmp_path / NAME)


def test_a_folder_that_cannot_be_is_refused(refused, table, write):
    write("taken", "a file")
    words = refused("train", table, "-t", "bought", "--checkpoint", "taken")
    assert "taken" in words
    assert "--checkpoint" in refused("train", table, "-t", "bought", "--resume")
    words = refused("train", table, "-t", "bought", "--checkpoint", "k", "--time", "1s")
    assert "choose a number of networks" in words


def test_the_command_goes_on_and_leaves_nothing_behind(cli, folder, monkeypatch):
    write_rows(folder / "shop.csv", shop())
    train_it = ["train", "shop.csv", "-t", "bought", "--networks", "2"]
    assert cli(*train_it, "-o", "whole.shoal").code == 0
    monkeypatch.setitem(Checkpoint.__init__.__kwdefaults__, "seconds", 0)
    kept = Checkpoint.keep
    passes = []

    def crash(self, snapshot):
        kept(self, snapshot)
        passes.append(snapshot.passes)
        if len(passes) == 10:
            raise CrashError

    monkeypatch.setattr(Checkpoint, "keep", crash)
    options = ["-o", "m.shoal", "--checkpoint", "kept"]
    assert cli(*train_it, *options).code == 1
    assert not (folder / "m.shoal").exists()
    assert "go on with it (--resume" in cli(*train_it, *options).err
    refusals = {
        ("--seed", "3"): "rows to learn from, seed (was 0, is 3)",
        ("--networks", "3"): "choice of networks (was 2, is 3)",
        ("--goal", "f1"): 'choice of goal (was not given, is "f1")',
        ("--drop", "city"): 'choice of drop (was not given, is ["city"])',
        ("--test", "shop.csv"): "rows to learn from",
    }
    refusal = "shoal: kept holds a training that differs in {}: give the same table and options, or"
    for change, words in refusals.items():
        assert cli(*train_it, *options, "--resume", *change).err.startswith(refusal.format(words))
    write_rows(folder / "shop.csv", shop(seed=4))
    words = "table, rows to learn from"
    assert cli(*train_it, *options, "--resume").err.startswith(refusal.format(words))
    write_rows(folder / "shop.csv", shop())
    (folder / "kept" / ".shoal-0123.tmp").write_bytes(b"of a killed process")
    assert cli(*train_it, *options, "--resume").code == 0
    assert passes[10] == 11  # it did not begin anew
    assert (folder / "m.shoal").read_bytes() == (folder / "whole.shoal").read_bytes()
    assert not list((folder / "kept").iterdir())


def test_killed_at_any_time_nothing_is_lost_or_torn(tmp_path):
    crashes = Crashes(tmp_path, seed=1)
    crashes.training(4)
    crashes.prediction(3)
    assert crashes.kills == 7


def test_the_long_form_is_a_script_that_runs():
    script = __file__.replace("test_checkpoint.py", "crashes.py")
    done = subprocess.run(
        [sys.executable, script, "--points", "2"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "killed 2 times" in done.stdout
