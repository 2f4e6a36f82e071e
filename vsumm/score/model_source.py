"""Find and load the model that the settings name."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING

import mmva_core
from mmva_core import embedded
from mmva_core.errors import MmvaError
from mmva_core.store import embedded_models, model_fingerprint
from vsumm.config import SummaryConfig
from vsumm.errors import ModelError

if TYPE_CHECKING:
    from mmva_core import MMVA
    from mmva_core.embedded import EmbeddedModel

    Model = MMVA | EmbeddedModel


class ModelSource:
    """The model of the settings: told apart at once, loaded when it is first needed.

    Args:
        config: names the model and the device.
        model: a model that is loaded already, in place of the one that the settings name.
    """

    def __init__(self, config: SummaryConfig, model: Model | None = None) -> None:
        self._config = config
        self._model = model
        self._lock = threading.Lock()

    @cached_property
    def fingerprint(self) -> str | None:
        """What tells this model from all others; None for a model that came loaded.

        Raises:
            ModelError: there is no such model, or it is damaged.
        """
        if self._model is not None:
            return None
        try:
            return model_fingerprint(self._config.model)
        except MmvaError as error:
            raise ModelError(str(error)) from error

    def begin(self) -> None:
        """Begin to load in a thread what the model needs; return at once.

        For those who know that the model will be needed, and have to wait for something else.
        """
        load = _load_runtime if runs_without_torch(self._config) else _load_torch
        threading.Thread(target=load, name="vsumm-model").start()

    @property
    def model(self) -> Model:
        """The model, loaded on first use.

        Raises:
            ModelError: it cannot be loaded.
        """
        with self._lock:  # several films may ask at the same time
            if self._model is None:
                self._model = load_model(self._config)
            return self._model


def shared_source(config: SummaryConfig) -> ModelSource:
    """Return the model of the settings, the same for all of this process that ask here."""
    return _shared.setdefault((config.model, config.device, config.precision), ModelSource(config))


def choose_device(config: SummaryConfig) -> str:
    """Return "cuda" or "cpu", as the settings and the machine have it.

    Raises:
        ModelError: CUDA was asked for, and there is no such device.
    """
    torch = _load_torch()
    has_cuda = torch.cuda.is_available()
    if config.device == "cuda" and not has_cuda:
        raise ModelError(
            "no CUDA device was found; use {do}", argument="device='cpu'", option="--device cpu"
        )
    return "cuda" if has_cuda and config.device != "cpu" else "cpu"


def runs_without_torch(config: SummaryConfig) -> bool:
    """Return whether the model of the settings is one of the package, on the CPU and in fp32.

    ONNX Runtime and NumPy then take the place of PyTorch, which takes over a second to load.
    """
    is_own = str(config.model) in embedded_models()
    return is_own and config.device != "cuda" and config.precision == "fp32"


def load_model(config: SummaryConfig) -> Model:
    """Load the model that the settings name onto the device that they name.

    Raises:
        ModelError: there is no such model, it is damaged, or there is no such device.
    """
    try:
        if runs_without_torch(config):
            return embedded.EmbeddedModel(str(config.model))
        return mmva_core.MMVA.from_pretrained(
            config.model, device=choose_device(config), precision=config.precision
        )
    except MmvaError as error:
        raise ModelError(str(error)) from error


def _load_runtime() -> None:
    # Looked up, not called: to find the class is to import its module.
    _ = embedded.EmbeddedModel, embedded.PictureEncoder


def _load_torch() -> ModuleType:
    # OpenMP's threads would otherwise keep a core busy for a while after each piece of work, and
    # the decoders want it: an analysis took 5.6 s of CPU time where it took 6.0.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with _without_collection():
        import torch  # here, since it takes over a second that a cached film does not need

        return torch


@contextmanager
def _without_collection() -> Iterator[None]:
    """Look for no garbage.

    Loading torch makes hundreds of thousands of objects, all of which stay: to look through them
    again and again takes an eighth of the time.
    """
    with _collection_lock:
        was_on = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if was_on:
                gc.enable()


_shared: dict[tuple[str, str, str], ModelSource] = {}
_collection_lock = threading.Lock()
