"""Who works on films: processes of this machine, or a Ray cluster."""

from __future__ import annotations

from mmva_core.engines import ENGINES, Cluster, Engine, EngineName, Processes
from mmva_core.errors import EngineError
from vsumm.errors import OutputError
from vsumm.workers import halted_workers


def check_engine(engine: EngineName, num_jobs: int) -> None:
    """Check arguments of `open_engine`.

    Raises:
        ValueError: `num_jobs` is less than 1, or there is no such engine.
    """
    if num_jobs < 1:
        raise ValueError(f"num_jobs must be at least 1, got {num_jobs}")
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}; got {engine!r}")


def open_engine(engine: EngineName, *, num_jobs: int = 1, address: str | None = None) -> Engine:
    """Return an engine, a context manager.

    Args:
        engine: "local" for processes of this machine, "ray" for a Ray cluster.
        num_jobs: how many processes; a cluster itself decides that.
        address: of the cluster, see `Cluster`.

    Raises:
        OutputError: there is no such cluster.
        ModuleNotFoundError: Ray is not installed (extra "cluster").
    """
    if engine == "local":
        return Processes(num_jobs, halted_workers)  # wakes those who wait for a decoder
    try:
        return Cluster(address)
    except EngineError as error:
        raise OutputError(str(error)) from error
