"""Load networks of transformers strictly and quietly.

Missing and unexpected weights, which transformers replaces by random ones and drops, are errors
here. Its exceptions become one line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError
from transformers import PreTrainedModel
from transformers.utils import logging
from transformers.utils.hub import cached_file

from mmva_core.errors import CheckpointError

Loaded = TypeVar("Loaded")
transformers_logging: Any = logging  # its switches carry no annotations


def load_network(
    kind: type[PreTrainedModel],
    source: str,
    *,
    ignored: tuple[str, ...],
    pooler: bool = True,
    with_weights: bool = True,
) -> PreTrainedModel:
    """Load a network in evaluation mode; every weight must fit.

    Args:
        kind: class of transformers.
        source: local folder or hub id.
        ignored: parts of the names of weights that may be unused in the file.
        pooler: False omits the pooling layer, which the features do not use.
        with_weights: False reads the config alone and leaves the weights random.

    Raises:
        CheckpointError: the weights are missing, damaged or of another network.
    """
    options: dict[str, Any] = {} if pooler else {"add_pooling_layer": False}
    if not with_weights:
        settings: Any = kind.config_class
        config = translate_errors(lambda: settings.from_pretrained(source), source)
        build: Callable[..., PreTrainedModel] = kind
        return build(config, **options)
    load: Callable[..., Any] = kind.from_pretrained
    network, report = translate_errors(
        lambda: load(source, output_loading_info=True, **options), source
    )
    problems = {
        "missing": list(report["missing_keys"]),
        "unexpected": [
            key for key in report["unexpected_keys"] if not any(part in key for part in ignored)
        ],
        "of another shape": [str(key) for key in report["mismatched_keys"]],
    }
    found = [f"{len(keys)} {what} ({keys[0]})" for what, keys in problems.items() if keys]
    if found:
        raise CheckpointError(
            f"weights in {source} are not those of {kind.__name__}: {', '.join(found)}"
        )
    assert isinstance(network, kind)
    network.train(False)
    return network


def translate_errors(load: Callable[[], Loaded], source: str) -> Loaded:
    """Call `load`, which reads from `source` by transformers, without progress bars and logs.

    Raises:
        CheckpointError: `load` failed; the message has one line.
    """
    try:
        with _quiet():
            return load()
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), "unreadable")
        raise CheckpointError(f"cannot load {source!r}: {reason}") from error


def read_json_file(source: str, name: str) -> dict[str, Any]:
    """Read a JSON file of a local folder or a hub id.

    Raises:
        CheckpointError: the file is missing or is not a JSON object.
    """
    path = translate_errors(lambda: cached_file(source, name), source)
    assert path is not None, "cached_file raises where a file is missing"
    try:
        settings = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"cannot read {name} of {source!r}: {error}") from error
    if not isinstance(settings, dict):
        raise CheckpointError(f"{name} of {source!r} is not a JSON object")
    return settings


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the progress bars and load reports of transformers."""
    level = transformers_logging.get_verbosity()
    had_bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(level)
        if had_bars:
            transformers_logging.enable_progress_bar()
