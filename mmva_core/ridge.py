"""Ridge regression in closed form; `lite`, `studies` and `heads` share it.

Letters in shapes: N samples, S inputs, D targets.
"""

from __future__ import annotations

import torch
from torch import Tensor


def fit_ridge(
    inputs: Tensor, targets: Tensor, penalty: float, weights: Tensor | None = None
) -> Tensor:
    """Solve a ridge regression without offset.

    Args:
        inputs: (N, S), centred.
        targets: (N, D), centred.
        penalty: added to the mean square of every input.
        weights: (N,) weights of the samples; equal by default.

    Returns:
        (S, D) float64.

    >>> fit_ridge(torch.tensor([[1.0], [-1.0]]), torch.tensor([[3.0], [-3.0]]), 0.5).item()
    2.0
    """
    share = inputs.new_ones(len(inputs)) if weights is None else weights
    share = (share / share.sum()).double()[:, None]
    x, y = inputs.double(), targets.double()
    return solve_penalised(x.T @ (share * x), x.T @ (share * y), penalty)


def solve_penalised(matrix: Tensor, targets: Tensor, penalty: float) -> Tensor:
    """Solve (matrix + penalty * identity) @ solution = targets.

    Args:
        matrix: (S, S) float64, a covariance (primal form) or a kernel between samples (dual form).
        targets: (S, D) float64.
        penalty: added to the diagonal.

    Returns:
        (S, D) float64.
    """
    solution: Tensor = torch.linalg.solve(add_penalty(matrix, penalty), targets)
    return solution


def add_penalty(matrix: Tensor, penalty: float) -> Tensor:
    """Return `matrix` (S, S) with `penalty` added to its diagonal."""
    return matrix + penalty * torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)
