"""Training on a Dask cluster: the same networks, to the bit, as on one machine."""

from shoal.distributed.place import OnCluster

__all__ = ["OnCluster"]
