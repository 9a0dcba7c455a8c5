"""Each finding has a network that has it, and a healthy one that has not."""

import warnings

import numpy as np
import pytest

from shoal import (
    Callback,
    EarlyStopping,
    Examples,
    Member,
    Network,
    NetworkClassifier,
    equations,
    train,
    train_population,
)
from shoal.datasets import planar_flower
from shoal.diagnosis import (
    NAMES,
    OF_THE_EXAMPLES,
    Finding,
    FindingWarning,
    Watch,
    curvature,
    diagnose,
    distinct_units,
)
from shoal.diagnosis.passes import of_history
from shoal.engine import NumpyEngine
from shoal.errors import DivergedError, InputError
from shoal.history import History
from shoal.optimizers import GradientDescent


def xor(m=400, seed=0):
    """Return the course's kind of problem that no line solves."""
    X = np.random.default_rng(seed).normal(size=(2, m))
    return X, (X[:1] * X[1:] > 0).astype(float)


def names(*arguments, **options):
    return [finding.name for finding in diagnose(*arguments, **options)]


def trained(scheme, scale, activation="tanh", epochs=200, alpha=0.5):
    X, Y = xor()
    network = Network(2, 4, 1, activation).initialise(scheme, scale, 1)
    history = train(network, Examples(X, Y), optimizer=GradientDescent(alpha), max_epochs=epochs)
    return network, history


# ---- the four failures of the course's lesson ----


def test_zeros_with_tanh_are_dead():
    X, Y = xor()
    network, _ = trained("zeros", 0)
    (finding,) = diagnose(network, X, Y)
    assert (finding.name, finding.kind) == ("dead", "failure")
    assert network.parameters.b2.any()


def test_zeros_with_sigmoid_are_symmetric():
    X, Y = xor()
    network, _ = trained("zeros", 0, "sigmoid")
    assert network.parameters.W2.any()
    (finding,) = diagnose(network, X, Y)
    assert finding.name == "symmetric"
    assert finding.evidence == {"units": 4, "distinct units": 1}
    assert distinct_units(network) == 1


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_a_constant_start_is_symmetric(activation):
    network, _ = trained("constant", 0.1, activation)
    assert names(network, *xor()) == ["symmetric"]


def test_a_start_from_large_weights_is_saturated():
    X, Y = xor()
    network = Network(2, 4, 1).initialise("gaussian", 20.0, 1)
    finding = next(each for each in diagnose(network, X, Y) if each.name == "saturated")
    assert finding.evidence["share"] == pytest.approx(0.92, abs=0.04)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_a_healthy_network_is_silent(activation):
    X, Y = xor()
    network, history = trained("gaussian", 0.5, activation, epochs=400)
    assert names(network, X, Y, history=history, alpha=0.5) == []


def test_the_flower_at_the_course_s_rate_ends_at_the_edge_of_stability():
    X, Y = planar_flower()
    network = Network(2, 4, 1).initialise("gaussian", 0.01, 2)
    train(network, Examples(X, Y), max_epochs=1000)
    assert network.g1.saturated(network.forward(X).Z1).mean() > 0.5  # and it does no harm
    assert names(network, X, Y, alpha=0.1) == []
    assert "alpha too large" in names(network, X, Y, alpha=50.0)


# ---- the others ----


def test_units_that_are_always_zero_are_dead():
    X, Y = xor()
    network = Network(2, 4, 1, "relu").initialise("gaussian", 0.1, 1)
    network.parameters.b1[:3] = -50
    (finding,) = diagnose(network, X, Y)
    assert (finding.name, finding.kind) == ("dead units", "failure")
    assert finding.evidence == {"units": 4, "dead units": 3}


def test_a_hidden_layer_that_gets_no_slope_is_vanishing():
    network = Network(2, 4, 1).initialise("gaussian", 0.5, 1)
    network.parameters.W2[:] *= 1e-9
    assert "vanishing" in names(network, *xor())


def test_features_of_very_different_size_and_rare_classes_are_warned_of():
    X, Y = xor()
    network = Network(2, 4, 1).initialise("gaussian", 0.01, 1)
    assert names(network, X * np.array([[1.0], [1e-3]]), Y) == ["unscaled"]
    assert names(network, X, (X[:1] > 2.2).astype(float)) == ["imbalance"]


def greatest_eigenvalue(network, X, Y):
    """Return that of the whole Hessian, by differences of the gradient."""
    n, probe = network.theta.size, network.in_double_precision()
    hessian = np.empty((n, n))
    for i in range(n):
        sides = []
        for sign in (1e-5, -1e-5):
            probe.theta[:] = network.theta
            probe.theta[i] += sign
            sides.append(NumpyEngine().cost_and_gradient(probe, X, Y).gradient)
        hessian[i] = (sides[0] - sides[1]) / 2e-5
    return np.linalg.eigvalsh((hessian + hessian.T) / 2)[-1]


def test_the_curvature_is_the_hessian_s_greatest_eigenvalue():
    X, Y = xor(60)
    network = Network(2, 3, 1).initialise("gaussian", 1.0, 1)
    greatest = greatest_eigenvalue(network, X, Y)
    assert curvature(network, X, Y, None, NumpyEngine()) == pytest.approx(greatest, rel=0.02)


def test_steps_beyond_twice_the_curvature_s_inverse_are_too_large_and_tiny_ones_too_small():
    X, Y = xor()
    network = Network(2, 4, 1).initialise("gaussian", 1.0, 1)
    edge = 2 / curvature(network, X, Y, None, NumpyEngine())
    assert names(network, X, Y, alpha=1.2 * edge) == ["alpha too large"]
    assert names(network, X, Y, alpha=0.5 * edge) == []
    assert names(network, X, Y, alpha=1e-4 * edge) == ["alpha too small"]


def of_costs(costs, **columns):
    history = History()
    for i, cost in enumerate(costs):
        history.append(epoch=i, cost=cost, **{name: values[i] for name, values in columns.items()})
    return history


FALL = np.geomspace(0.7, 0.1, 50)


@pytest.mark.parametrize(
    ("costs", "held_out", "found"),
    [
        (np.linspace(0.7, 0.9, 50), None, [("alpha too large", "failure")]),
        ([0.7, 1.0, 3.0, 7.0, 9.0, 9.5], None, [("alpha too large", "failure")]),
        (np.r_[np.linspace(0.7, 0.2, 30), np.linspace(0.2, 0.69, 30)], None,
         [("alpha too large", "warning")]),
        (np.r_[0.7, 5, np.geomspace(4, 0.6, 50)], None, [("alpha too large", "warning")]),
        (np.tile([0.7, 0.6], 40), None, [("alpha too large", "warning")]),
        (np.geomspace(0.7, 0.3, 80) * np.tile([1, 1.04], 40), None,
         [("alpha too large", "warning")]),
        (np.r_[np.linspace(0.7, 0.3, 20), np.full(80, 0.3)], None, [("plateau", "warning")]),
        (np.full(100, 0.6931), None, [("plateau", "warning")]),
        (np.linspace(0.7, 0.6995, 100), None, [("alpha too small", "warning")]),
        (0.69 + 1e-4 * np.random.default_rng(0).normal(size=100), None, []),
        (FALL, np.r_[np.linspace(0.7, 0.4, 20), np.linspace(0.4, 0.9, 30)],
         [("memorising", "warning")]),
        (np.geomspace(0.7, 0.001, 50), np.r_[np.linspace(0.7, 0.6, 20), np.linspace(0.6, 0.65, 30)],
         [("memorising", "warning")]),
        (np.geomspace(0.7, 1e-6, 50), np.r_[np.geomspace(0.7, 1e-6, 40), np.full(10, 2e-6)], []),
        (FALL, np.geomspace(0.7, 0.2, 50), []),
        (FALL, None, []),
        ([0.7, 0.8], None, []),
    ],
)  # fmt: skip
def test_the_history_tells_of_steps_plateaus_and_memorising(costs, held_out, found):
    columns = {} if held_out is None else {"validation_cost": held_out}
    history = of_costs(costs, **columns)
    assert [(finding.name, finding.kind) for finding in of_history(history)] == found


def test_parameters_that_early_stopping_put_back_have_memorised_nothing():
    held_out = np.r_[np.linspace(0.7, 0.4, 20), np.linspace(0.4, 0.9, 30)]
    history = of_costs(FALL, validation_cost=held_out)
    history.kept_epoch = 19
    assert not list(of_history(history))


def test_the_jitter_of_batches_that_early_stopping_ended_is_not_told():
    noisy = np.geomspace(0.7, 0.3, 80) * np.tile([1, 1.04], 40)
    history = of_costs(noisy, validation_cost=noisy)
    assert [each.name for each in of_history(history)] == ["alpha too large"]
    history.kept_epoch = 70
    assert not list(of_history(history))


def test_units_at_rest_do_no_harm_to_a_network_that_learned():
    X, Y = xor()
    network = Network(2, 8, 1, "relu").initialise("scaled", random_state=1)
    train(network, Examples(X, Y), max_epochs=2000)
    grown = Network(2, 24, 1, "relu")
    for part, whole in zip(network.parameters, grown.parameters, strict=True):
        whole[tuple(slice(n) for n in part.shape)] = part
    grown.parameters.W1[8:] = np.random.default_rng(0).normal(size=(16, 2))
    grown.parameters.b1[8:] = -50
    assert ("dead units", "warning") in kinds(grown, X, Y)


def test_early_stopping_says_which_epoch_it_kept():
    X, Y = xor(60)
    few, rest = Examples(X[:, :20], Y[:, :20]), Examples(X[:, 20:], Y[:, 20:])
    network = Network(2, 30, 1).initialise("gaussian", 1.0, 1)
    history = train(network, few, validation=rest, callbacks=[EarlyStopping(patience=50)])
    held_out = history["validation_cost"]
    assert history.kept_epoch == int(np.argmin(held_out))
    cost = equations.cost(network.forward(rest.X).Z2, rest.Y, network.g2)
    assert cost == pytest.approx(held_out[history.kept_epoch])


def test_a_training_that_diverged_can_be_diagnosed():
    X, Y = xor()
    network = Network(2, 4, 1, "leaky_relu").initialise("gaussian", 0.01, 1)
    with pytest.raises(DivergedError) as caught:
        train(network, Examples(1e3 * X, Y), optimizer=GradientDescent(1e200), max_epochs=100)
    history = caught.value.history
    assert history.diverged
    assert ("alpha too large", "failure") in kinds(network, X, Y, history=history)


def kinds(*arguments, **options):
    return [(finding.name, finding.kind) for finding in diagnose(*arguments, **options)]


# ---- what a first version got wrong ----


def healthy(activation="tanh", n_h=4, output="sigmoid", n_y=1, n_x=2):
    return Network(n_x, n_h, n_y, activation, output).initialise("gaussian", 0.5, 1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_parameters_that_are_no_numbers_are_a_failure_and_examples_refused(value):
    X, Y = xor()
    network = healthy()
    network.parameters.W1[1, 1] = value
    assert kinds(network, X, Y) == [("not finite", "failure")]
    for bad in (X, Y):
        spoilt = bad.copy()
        spoilt[0, 3] = value
        with pytest.raises(InputError, match="NaN or infinity"):
            diagnose(healthy(), *((spoilt, Y) if bad is X else (X, spoilt)))


@pytest.mark.parametrize("alpha", [0, -1, np.nan, np.inf])
def test_what_is_no_learning_rate_is_refused(alpha):
    with pytest.raises(InputError, match="alpha"):
        diagnose(healthy(), *xor(), alpha=alpha)


def test_a_single_copy_among_many_units_is_a_warning_and_hides_nothing():
    X, Y = xor()
    network = healthy("relu", 20)
    for part in network.parameters[:2]:
        part[7] = part[3]
    network.parameters.W2[:, 7] = network.parameters.W2[:, 3]
    network.parameters.b1[10:] = -50  # and ten at rest
    assert set(kinds(network, X, Y)) == {("symmetric", "warning"), ("dead units", "failure")}
    assert distinct_units(network) == 19


def test_units_of_any_size_are_told_apart():
    network = Network(2, 4, 1, "relu").initialise("gaussian", 1.0, 1)
    network.parameters.W1[:] *= np.array([[1e68], [1e11], [1e41], [1e104]])
    assert distinct_units(network) == 4
    network = healthy()
    network.parameters.b1[0] = 1e10
    assert distinct_units(network) == 4


def test_copies_that_rounding_has_moved_apart_are_copies():
    network = Network(2, 30, 1, dtype=np.float32).initialise("constant", 0.3)
    network.parameters.W1[:] *= 1 + np.float32(1e-7) * np.random.default_rng(0).normal(size=(30, 2))
    assert distinct_units(network) == 1


def test_a_tanh_unit_with_all_signs_turned_is_a_copy():
    network = healthy()
    W1, b1, W2, _ = network.parameters
    b1[:] = [[0.1], [0.2], [0.3], [0.4]]
    W1[2], b1[2], W2[:, 2] = -W1[0], -b1[0], -W2[:, 0]
    assert distinct_units(network) == 3
    other = healthy("sigmoid")
    other.theta[:] = network.theta
    assert distinct_units(other) == 4


def test_zeros_with_sigmoid_and_balanced_classes_are_symmetric_not_dead():
    X, Y = xor()
    Y[:] = np.arange(Y.size) % 2
    assert names(Network(2, 4, 1, "sigmoid"), X, Y) == ["symmetric"]


def test_a_start_with_w2_zero_learns_from_the_second_step_on():
    for activation in ("tanh", "sigmoid", "relu", "leaky_relu"):
        network = healthy(activation)
        network.parameters.W2[:] = 0
        assert names(network, *xor()) == []


def test_few_examples_tell_nothing_of_units_at_rest_or_of_shares():
    X, Y = xor(3)
    network = healthy("relu", 40)
    network.parameters.b1[:] -= 1
    assert names(network, X, Y) == []


def test_units_that_are_on_one_side_of_the_kink_make_a_line():
    X, Y = xor()
    network = healthy("relu")
    network.parameters.b1[:] = 5
    assert kinds(network, X, Y) == [("linear", "warning")]
    network = healthy("leaky_relu")
    network.parameters.b1[:] = -50
    assert kinds(network, X, Y) == [("linear", "warning")]


def test_saturation_is_named_where_the_cost_stands_at_a_guess():
    X, Y = xor()
    network = Network(2, 4, 1).initialise("gaussian", 0.01, 1)
    history = train(network, Examples(X + 1000, Y), max_epochs=2000)
    found = kinds(network, X + 1000, Y, history=history)
    assert ("saturated", "failure") in found
    assert ("unscaled", "warning") in found


def test_a_training_that_came_to_nothing_is_named():
    random = np.random.default_rng(0)
    X, Y = random.normal(size=(2, 400)), (np.arange(400) % 2)[None].astype(float)
    network = Network(2, 4, 1).initialise("gaussian", 0.01, 1)
    history = train(network, Examples(X, Y), optimizer=GradientDescent(0.1), max_epochs=30)
    assert ("no better than a guess", "failure") in kinds(network, X, Y, history=history)
    assert "no better than a guess" not in names(network, X, Y)  # it may not have been trained


def test_a_cost_far_above_a_guess_is_exploding():
    X, Y = xor()
    network = Network(2, 4, 1, "relu").initialise("gaussian", 1e3, 1)
    (finding,) = diagnose(network, X, Y)
    assert (finding.name, finding.kind) == ("exploding", "failure")
    assert finding.evidence["cost"] > 1e4


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda X: np.vstack([X[0], np.full(400, 0.1)]), []),  # a constant of rounded decimals
        (lambda X: 0 * X + 3, ["constant features"]),
        (lambda X: 1e4 * X, ["unscaled"]),
        (lambda X: X + 2000, ["unscaled"]),
        (lambda X: 5 * X + 2, []),
        (lambda X: X * np.array([[1.0], [0.02]]), []),
        (lambda X: X * np.array([[1.0], [0.002]]), ["unscaled"]),
    ],
)
def test_features_that_are_hard_to_learn_from_are_named(change, found):
    X, Y = xor()
    of_features = [name for name in names(healthy(), change(X), Y) if name in OF_THE_EXAMPLES]
    assert of_features == found


@pytest.mark.parametrize(
    ("counts", "weights", "found"),
    [
        ([200, 200], None, []),
        ([382, 18], None, ["imbalance"]),
        ([375, 25], None, []),
        ([382, 18], [1, 20], []),
        ([400, 0], None, ["imbalance"]),
        ([15, 0], None, []),
        ([40] * 26, None, []),
        ([40] * 25 + [1], None, ["imbalance"]),
    ],
)
def test_rare_classes_are_judged_beside_how_many_there_are(counts, weights, found):
    labels = np.repeat(np.arange(len(counts)), counts)
    K = len(counts)
    X = np.random.default_rng(0).normal(size=(2, len(labels)))
    Y = labels[None].astype(float) if K == 2 else np.eye(K)[:, labels]
    network = healthy(output="sigmoid" if K == 2 else "softmax", n_y=len(Y))
    w = None if weights is None else np.array(weights, float)[labels][None]
    assert names(network, X, Y, w) == found


def test_numbers_as_targets_are_no_classes():
    X, Y = xor()
    assert names(healthy(output="identity"), X, (X[:1] > 2.2).astype(float)) == []
    assert names(healthy(output="identity"), X, 7 * Y - 20) == []


def test_softmax_has_the_cost_of_a_guess_too():
    random = np.random.default_rng(0)
    X, Y = random.normal(size=(2, 300)), np.eye(3)[:, np.arange(300) % 3]
    network = Network(2, 4, 3, "tanh", "softmax").initialise("gaussian", 20.0, 1)
    found = next(each for each in diagnose(network, X, Y) if each.name == "saturated")
    assert found.evidence["cost of a constant guess"] == pytest.approx(np.log(3))


def test_weights_count_in_what_is_found():
    X, Y = xor()
    w = np.where(X[:1] > 0, 1.0, 0.0)
    network = healthy()
    network.parameters.W2[:] = 0
    guess = next(
        finding.evidence["cost of a constant guess"]
        for finding in diagnose(network, X, Y, w, history=of_costs(FALL))
        if finding.name == "no better than a guess"
    )
    p = np.average(Y[0], weights=w[0])
    assert guess == pytest.approx(-p * np.log(p) - (1 - p) * np.log(1 - p))


def test_of_many_examples_some_from_all_parts_are_looked_at():
    X, Y = xor(4000)
    order = np.argsort(X[0])
    network = healthy("relu", 8)
    network.parameters.W1[:, 0], network.parameters.W1[:, 1] = 1, 0.01
    network.parameters.b1[:] = -np.linspace(0, 1, 8)[:, None]  # at rest on the first half
    assert names(network, X[:, order], Y[:, order]) == []


def test_the_failures_come_first():
    X, Y = xor()
    found = kinds(Network(2, 4, 1), X * np.array([[1.0], [1e-3]]), Y)
    assert found == [("dead", "failure"), ("unscaled", "warning")]


def test_a_finding_tells_where_the_docs_explain_it():
    (finding,) = diagnose(Network(2, 4, 1), *xor())
    assert finding.page == "docs/findings.md#dead"
    assert finding.name in NAMES


@pytest.mark.parametrize("scale", [0.01, 0.3, 3.0])
@pytest.mark.parametrize("seed", range(7))
def test_the_greatest_eigenvalue_is_found_though_a_negative_one_is_larger(scale, seed):
    X, Y = planar_flower()
    network = Network(2, 4, 1).initialise("gaussian", scale, seed)
    greatest = greatest_eigenvalue(network, X, Y)
    found = curvature(network, X, Y, None, NumpyEngine())
    assert found == pytest.approx(greatest, rel=0.05)
    if greatest > 0.1:
        alpha = 2.5 / greatest
        step = [each for each in diagnose(network, X, Y, alpha=alpha) if "alpha" in each.name]
        assert [each.name for each in step] == ["alpha too large"]
        assert f"{2 / found:.3g}" in step[0].cure


def test_a_network_at_its_minimum_is_not_told_to_make_larger_steps():
    X = np.random.default_rng(0).normal(size=(2, 200))
    Y = (X[:1] + np.random.default_rng(1).normal(size=(1, 200)) > 0).astype(float)
    network = Network(2, 0, 1)
    train(network, Examples(X, Y), optimizer="lbfgs", tol=1e-8)
    assert names(network, X, Y, alpha=1e-3) == []
    assert names(Network(2, 0, 1), X, Y, alpha=1e-3) == ["alpha too small"]


@pytest.mark.parametrize("seed", range(4))
def test_the_course_s_training_is_silent(seed):
    X, Y = planar_flower()
    network = Network(2, 4, 1).initialise("gaussian", 0.01, seed)
    history = train(network, Examples(X, Y), max_epochs=2000)
    assert names(network, X, Y, history=history) == []


# ---- watched during training ----


@pytest.fixture
def at_once(monkeypatch):
    """Look from the first pass on, as if the examples were many."""
    monkeypatch.setattr("shoal.diagnosis.watch.WORK_BEFORE", 0)
    monkeypatch.setattr("shoal.diagnosis.watch.TIMES_THE_LOOK", 0)


def watched(network, passes=40, alpha=0.5, **options):
    X, Y = xor()
    watch = Watch(X, Y, **options)
    optimizer = GradientDescent(alpha)
    train(network, Examples(X, Y), optimizer=optimizer, max_epochs=passes, callbacks=[watch])
    return watch


def test_a_failure_is_told_while_the_network_trains_and_once(at_once):
    with pytest.warns(FindingWarning) as told:
        watch = watched(Network(2, 4, 1).initialise("zeros"))
    assert len(told) == 1
    assert str(told[0].message).startswith("dead: W1 and W2 are exactly zero")
    assert "docs/findings.md#dead" in str(told[0].message)
    assert list(watch.told) == ["dead"]


def test_a_healthy_training_is_told_nothing(at_once):
    assert watched(healthy(), passes=400).told == {}  # warnings are errors here


def test_what_is_seen_only_once_is_not_told(at_once):
    class Wakes(Callback):
        def on_epoch_end(self, state):
            if len(state.history) == 1:
                state.network.initialise("gaussian", 0.5, 1)

    X, Y = xor()
    network, watch = Network(2, 4, 1).initialise("zeros"), Watch(X, Y)
    train(network, Examples(X, Y), max_epochs=10, callbacks=[watch, Wakes()])
    assert watch.told == {}


def test_strict_ends_training_with_the_failure(at_once):
    network = Network(2, 4, 1).initialise("zeros")
    with pytest.raises(InputError, match=r"^dead: .*\(strict\)$"):
        watched(network, passes=10**6, strict=True)


def test_looks_are_rare_and_watching_changes_nothing():
    looks = []

    class Counted(Watch):
        def _failures(self, state):
            looks.append(len(state.history))
            return super()._failures(state)

    X, Y = xor()
    X, Y = np.tile(X, 500), np.tile(Y, 500)
    one, other = healthy(), healthy()
    train(one, Examples(X, Y), max_epochs=1000, callbacks=[Counted(X, Y)])
    train(other, Examples(X, Y), max_epochs=1000)
    np.testing.assert_array_equal(one.theta, other.theta)
    first = looks[0]
    assert looks == [first * 2**i for i in range(len(looks))]
    assert first * X.shape[1] * one.theta.size >= 1e9


def test_one_watch_tells_of_many_networks_once(at_once):
    X, Y = xor()
    watch = Watch(X, Y)
    members = [
        Member(Network(2, 4, 1).initialise("zeros"), GradientDescent(0.5), callbacks=[watch])
        for _ in range(3)
    ]
    with pytest.warns(FindingWarning) as told:
        train_population(members, Examples(X, Y), max_epochs=20)
    assert len(told) == 1


def test_an_estimator_warns_of_a_failure_while_it_trains(at_once):
    X, Y = xor()
    model = NetworkClassifier(init="zeros", solver="sgd", max_iter=20, tol=None)
    with pytest.warns(FindingWarning, match="dead"):
        model.fit(X.T, Y[0])


def test_each_network_has_a_memory_of_its_own(at_once):
    class Sick(Watch):
        """Sees a failure of each network at every second look, in turn."""

        def _failures(self, state):
            looks = int(np.log2(max(1, len(state.history))))
            sick = (looks + state.network.n_h) % 2
            return {"dead": Finding("dead", "failure", "s", "c")} if sick else {}

    X, Y = xor()
    watch = Sick(X, Y, at_end=False)
    members = [Member(healthy(n_h=n_h), GradientDescent(0.5), callbacks=[watch]) for n_h in (4, 5)]
    train_population(members, Examples(X, Y), max_epochs=33)
    assert watch.told == {}


def test_a_sample_without_weight_is_looked_at_as_if_it_had(at_once):
    X, Y = xor(4000)
    w = np.zeros((1, 4000))
    w[0, 17] = 1.0
    train(healthy(), Examples(X, Y, w), max_epochs=5, callbacks=[Watch(X, Y, w, at_end=False)])


def test_weights_count_for_a_watch():
    X, Y = xor()
    w = np.where(Y > 0, 1.0, 0.0)  # of one class alone: its guess costs nothing
    watch = Watch(X, Y, w)
    np.testing.assert_array_equal(np.sort(watch.w[0]), np.sort(watch.Y[0]))


def test_watching_hides_no_error(at_once):
    class Boom(Callback):
        def on_epoch_end(self, state):
            if len(state.history) == 3:
                raise KeyError("boom")

    X, Y = xor()
    watch = Watch(X, Y, strict=True)
    watch.told["dead"] = Finding("dead", "failure", "s", "c")  # so that it lets the training go on
    with pytest.raises(KeyError, match="boom"):
        train(Network(2, 4, 1), Examples(X, Y), max_epochs=10, callbacks=[watch, Boom()])


def test_of_many_starts_only_those_kept_are_told(at_once):
    X, Y = xor()
    model = NetworkClassifier(
        hidden_units=8, activation="tanh", solver="sgd", init="gaussian", init_scale=20.0,
        n_init=2, max_iter=5, tol=None, random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", FindingWarning)
        model.fit(X.T, Y[0])
    kept = {each.name for each in diagnose(model.network_, X, Y, history=model.history_)
            if each.kind == "failure"}  # fmt: skip
    assert {str(each.message).split(":")[0] for each in told} == kept
