"""Tables larger than memory, in shards: the same training, part by part."""

from shoal.shards.estimate import Costs, Estimate, estimate
from shoal.shards.evaluation import cross_validate_shards, evaluate_blocks, evaluate_shards
from shoal.shards.place import Here, Place
from shoal.shards.prediction import Predicted, Predictor
from shoal.shards.reading import blocks_of, read_like, read_or_find
from shoal.shards.sources import Shard, ShardedTable, find_shards
from shoal.shards.survey import one_of_each
from shoal.shards.training import choices_of, in_large_batches, learn_shards, train_shards

__all__ = [
    "Costs", "Estimate", "Here", "Place", "Predicted", "Predictor", "Shard", "ShardedTable",
    "blocks_of", "choices_of", "cross_validate_shards", "estimate", "evaluate_blocks",
    "evaluate_shards", "find_shards", "in_large_batches", "learn_shards", "one_of_each",
    "read_like", "read_or_find", "train_shards",
]  # fmt: skip
