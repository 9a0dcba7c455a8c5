"""What is said serves the goal that was named."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, precision_score, recall_score

from shoal.decisions import decide, weighted
from shoal.errors import InputError

CLASSES = ("no", "yes")


def rows(m=2000, seed=0, share=0.2):
    """Return labels, and true probabilities of them."""
    random = np.random.default_rng(seed)
    p = random.beta(1, 1 / share - 1, m)
    labels = (random.random(m) < p).astype(int)
    return labels, np.column_stack([1 - p, p])


def said(goal, labels, P, classes=CLASSES):
    return decide(goal, classes, labels, P).choose(P)


def test_for_accuracy_the_likeliest_is_said():
    labels, P = rows()
    np.testing.assert_array_equal(said("accuracy", labels, P), P.argmax(axis=1))
    Q = np.random.default_rng(0).dirichlet([1, 1, 1], 50)
    found = said("accuracy", np.arange(50) % 3, Q, ("a", "b", "c"))
    np.testing.assert_array_equal(found, Q.argmax(axis=1))


@pytest.mark.parametrize(
    ("goal", "score"), [("f1", f1_score), ("balanced-accuracy", balanced_accuracy_score)]
)
def test_no_other_threshold_is_much_better_for_the_goal(goal, score):
    labels, P = rows(20_000)
    ours = score(labels, said(goal, labels, P))
    others = [score(labels, (P[:, 1] >= t).astype(int)) for t in np.linspace(0.01, 0.99, 99)]
    assert ours >= max(others) - (1e-12 if goal == "f1" else 0.005)


def test_precision_is_met_with_the_greatest_recall_and_the_other_way_round():
    labels, P = rows(5000)
    found = said("precision=0.8", labels, P)
    assert precision_score(labels, found) >= 0.8
    recalls = [
        recall_score(labels, P[:, 1] >= t)
        for t in np.linspace(0.01, 0.99, 99)
        if precision_score(labels, P[:, 1] >= t, zero_division=1.0) >= 0.8
    ]
    assert recall_score(labels, found) >= max(recalls)
    assert recall_score(labels, said("recall=0.9", labels, P)) >= 0.9
    assert decide("recall=0.9", CLASSES, labels, P).threshold > 0.05


def test_costs_are_least_in_the_mean():
    labels, P = rows(500_000)
    found = said("cost:no>yes=1,yes>no=4", labels, P)

    def cost(said):
        return (4 * ((labels == 1) & (said == 0)) + ((labels == 0) & (said == 1))).mean()

    others = [cost((P[:, 1] >= t).astype(int)) for t in np.linspace(0.01, 0.99, 99)]
    assert cost(found) <= min(others) + 0.002
    assert decide("cost:no>yes=1,yes>no=4", CLASSES, labels, P).threshold == pytest.approx(0.2)


def test_costs_of_several_classes_name_the_true_one_first():
    P = np.array([[0.5, 0.3, 0.2]])
    labels = np.array([0])
    classes = ("a", "b", "c")
    goal = "cost:c>a=9,c>b=9"  # 1 where nothing is said
    assert said(goal, labels, P, classes) == [2]


def test_class_weights_are_costs():
    assert weighted(np.array([1.0, 3.0])).threshold == pytest.approx(0.25)


def test_a_threshold_is_taken_as_it_is():
    labels, P = rows()
    assert decide("threshold=0.3", CLASSES, labels, P).threshold == pytest.approx(0.3)


def test_where_a_precision_is_beyond_reach_the_greatest_is_taken():
    labels = np.array([1, 0, 1, 1, 0, 0, 1, 0])
    P = np.column_stack([1 - np.linspace(0.1, 0.9, 8), np.linspace(0.1, 0.9, 8)])
    found = said("precision=1.0", labels, P)
    assert precision_score(labels, found) == max(
        precision_score(labels, P[:, 1] >= t) for t in P[:, 1]
    )


@pytest.mark.parametrize(
    ("goal", "classes", "words"),
    [
        ("auc", CLASSES, "'auc' is no goal"),
        ("accuracy=1", CLASSES, "no goal"),
        ("f1=0.5", CLASSES, "a number too much"),
        ("precision", CLASSES, "lacks a number"),
        ("precision=2", CLASSES, "lacks a number"),
        ("f1", ("a", "b", "c"), "one for two classes"),
        ("cost:no=1", CLASSES, "'no=1' is no cost"),
        ("cost:no>maybe=1", CLASSES, "is no cost"),
        ("cost:no>yes=-1", CLASSES, "is no cost"),
        ("cost:no>yes=0,yes>no=0", CLASSES, "makes no mistake cost anything"),
    ],
)
def test_a_goal_that_cannot_be_is_refused_with_the_reason(goal, classes, words):
    labels = np.array([0, 1, 0, 1, 0])
    P = np.column_stack([np.linspace(0.1, 0.9, 5), np.linspace(0.9, 0.1, 5)])
    with pytest.raises(InputError, match=words):
        decide(goal, classes, labels, P)
