"""The engine leaves the process as it found it."""

import numpy as np
from threadpoolctl import threadpool_info

from shoal import Network
from shoal.engine import NumpyEngine


def blas_threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_trainings_that_overlap_leave_the_number_of_threads_as_it_was():
    network, engine, before = Network(2, 3, 1), NumpyEngine(), blas_threads()
    first, second = engine.threads(network, 10), engine.threads(network, 10)
    with first:
        assert set(blas_threads()) == {1}
        second.__enter__()
    assert set(blas_threads()) == {1}
    second.__exit__(None, None, None)
    assert blas_threads() == before
