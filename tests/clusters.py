"""A cluster of this machine, and what is learned on it."""

from contextlib import contextmanager

import pytest

from shoal import Recipe

distributed = pytest.importorskip("distributed", reason="Dask is not installed: shoal[dask]")

RECIPE = Recipe(networks=2, max_epochs=8, hidden_units=8, dropout=0.0, batch_size=40_000)
# Dask warns of ports and of workers that were killed, and has threads that outlive a cluster
QUIET = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:distributed.*"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@contextmanager
def workers(number, processes=False, protocol=None):
    """Start a cluster of this machine."""
    with (
        distributed.LocalCluster(
            n_workers=number, threads_per_worker=1, processes=processes, dashboard_address=":0",
            silence_logs=50, protocol=protocol,
        ) as local,
        distributed.Client(local, set_as_default=False) as client,
    ):  # fmt: skip
        yield client
