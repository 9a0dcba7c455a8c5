"""Training on a Dask cluster: the same networks, to the bit, as on one machine."""

from shoal.distributed.place import OnCluster
from shoal.distributed.training import cross_validate, evaluate, predict, train

__all__ = ["OnCluster", "cross_validate", "evaluate", "predict", "train"]
