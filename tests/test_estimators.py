"""The estimators keep scikit-learn's conventions."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from shoal import ShoalClassifier, ShoalRegressor


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [
        ShoalClassifier(max_iter=100),
        ShoalClassifier(hidden_units=0, solver="lbfgs"),
        ShoalClassifier(solver="lbfgs"),
        ShoalRegressor(max_iter=100),
        ShoalRegressor(solver="lbfgs"),
    ]
)
def test_every_check_of_scikit_learn_passes(estimator, check):
    check(estimator)
