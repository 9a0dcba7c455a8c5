"""Guarantee: PyTorch's processes each take the gradient of their rows, and add all up over gloo.

Each process is started with its rank, the number of processes, a file to meet at, and the work's
rows, numbers and units; it makes so many rounds as each line of its input says. Its features are
the pieces of all numbers, in memory.
"""

import sys
import time
from statistics import median

import torch
from parts import PARTS, part, pieces_of
from torch.nn.functional import binary_cross_entropy_with_logits


def main() -> None:
    """Make rounds as asked; the first process answers with the median of their seconds."""
    rank, number, m, n_x, n_h = (int(each) for each in sys.argv[1:6])
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{sys.argv[6]}", rank=rank, world_size=number
    )
    parts = [part(i, m, n_x) for i in range(rank, PARTS, number)]
    pieces = pieces_of(m, n_x)
    X = [torch.from_numpy(pieces.transform(X.T)) for X, _ in parts]
    Y = [torch.from_numpy(Y.T) for _, Y in parts]
    generator = torch.Generator().manual_seed(0)
    shapes = (pieces.width, n_h), (n_h,), (n_h, 1), (1,)
    parameters = [0.1 * torch.randn(shape, generator=generator) for shape in shapes]
    for each in parameters:
        each.requires_grad_()
    for line in sys.stdin:
        seconds = [_round(parameters, X, Y, m) for _ in range(int(line))]
        if not rank:
            print(median(seconds), flush=True)


def _round(
    parameters: list[torch.Tensor], X: list[torch.Tensor], Y: list[torch.Tensor], m: int
) -> float:
    torch.distributed.barrier()
    begin = time.perf_counter()
    total = torch.zeros(sum(each.numel() for each in parameters))
    W1, b1, W2, b2 = parameters
    for x, y in zip(X, Y, strict=True):
        z = torch.addmm(b2, torch.addmm(b1, x, W1).tanh(), W2)
        J = binary_cross_entropy_with_logits(z, y, reduction="sum") / m
        total += torch.cat([each.ravel() for each in torch.autograd.grad(J, parameters)])
    torch.distributed.all_reduce(total)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
