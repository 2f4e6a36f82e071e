"""Generate music from a prompt with MusicGen (Copet et al. 2023), through transformers.

The weights do not come with the package; a hub id or a folder names them. Those that Meta publishes
(facebook/musicgen-small, -medium, -large) are for non-commercial use only (CC-BY-NC-4.0).

Letters in shapes: C channels, T samples.
"""

from __future__ import annotations

import logging
import math
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from mmva_core import towers
from mmva_core.device import local_device
from mmva_core.errors import CheckpointError, DataError, MissingExtraError
from mmva_core.store import write_whole

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

DEFAULT_MODEL = "facebook/musicgen-small"
"""Hub id of the smallest MusicGen, 2.4 GB."""
MAX_SECONDS = 30.0
"""Longest music, that of MusicGen's training; later sound is no longer coherent."""
DEFAULT_GUIDANCE = 3.0
"""Guidance scale, MusicGen's own default."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Music:
    """Generated sound."""

    samples: NDArray[np.float32]
    """(C, T), full scale is [-1, 1]."""
    sample_rate: int
    """Samples per second, Hz."""

    @property
    def duration_seconds(self) -> float:
        """Length, seconds."""
        return float(self.samples.shape[1] / self.sample_rate)


class MusicGenerator:
    """A loaded MusicGen.

    Args:
        source: hub id or local folder with the network and its tokenizer.
        device: "cpu", "cuda", or "auto": a GPU where there is one.

    Raises:
        CheckpointError: the weights cannot be found, or are damaged or of another network.
        MissingExtraError: transformers is not installed.
    """

    def __init__(self, source: str = DEFAULT_MODEL, *, device: str = "cpu") -> None:
        network, self._tokenizer = _load(source)
        # Any: the annotations of transformers are incomplete.
        self._network: Any = network.to(local_device(device))
        config = self._network.config
        self.sample_rate = int(config.audio_encoder.sampling_rate)
        self._frames_per_second = self.sample_rate / math.prod(
            config.audio_encoder.upsampling_ratios
        )
        self._num_codebooks = int(config.decoder.num_codebooks)

    def generate(
        self,
        prompt: str,
        *,
        seconds: float = 10.0,
        seed: int = 0,
        guidance: float = DEFAULT_GUIDANCE,
        progress: bool = False,
    ) -> Music:
        """Generate music from a prompt.

        Args:
            prompt: description of the music.
            seconds: length, at most `MAX_SECONDS`.
            seed: equal seeds give equal music on one machine.
            guidance: guidance scale, at least 1; larger follows the prompt more closely.
            progress: show a progress bar on stderr.

        Raises:
            ValueError: the prompt is empty, or a number is out of range.
        """
        if not prompt.strip():
            raise ValueError("the prompt is empty")
        if not 0 < seconds <= MAX_SECONDS:
            raise ValueError(f"seconds must lie in (0, {MAX_SECONDS:g}], got {seconds}")
        if not guidance >= 1:
            raise ValueError(f"guidance must be at least 1, got {guidance}")
        # Each codebook is generated one step after the one before: one extra step for each.
        num_steps = math.ceil(seconds * self._frames_per_second) + self._num_codebooks
        tokens = self._tokenizer([prompt], return_tensors="pt").to(self._network.device)
        with torch.random.fork_rng(), tqdm(
            total=num_steps, desc="generating", disable=not progress, leave=False
        ) as bar:  # fmt: skip
            torch.manual_seed(seed)
            output = self._network.generate(
                input_ids=tokens["input_ids"],
                attention_mask=tokens["attention_mask"],
                do_sample=True,
                guidance_scale=guidance,
                max_new_tokens=num_steps,
                streamer=_Steps(bar),
            )
        samples = output[0].float().cpu().numpy()[:, : round(seconds * self.sample_rate)]
        return Music(np.ascontiguousarray(samples), self.sample_rate)


def write_wave(path: Path, music: Music, *, overwrite: bool = False) -> Path:
    """Write sound as a WAV file of 16 bits; louder parts are limited to full scale.

    Raises:
        DataError: the file exists and `overwrite` is off, or it cannot be written.
    """
    check_output(path, overwrite=overwrite)
    limited = np.clip(music.samples, -1, 1)
    pcm = np.round(limited * np.iinfo(np.int16).max).astype("<i2")

    def write(temporary: Path) -> None:
        with wave.open(str(temporary), "wb") as file:
            file.setnchannels(len(pcm))
            file.setsampwidth(pcm.itemsize)
            file.setframerate(music.sample_rate)
            file.writeframes(np.ascontiguousarray(pcm.T).tobytes())

    try:
        write_whole(path, write)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}") from error
    return path


def check_output(path: Path, *, overwrite: bool) -> None:
    """Check, before minutes of work, that a WAV file can be written to `path`.

    Raises:
        DataError: the name has another suffix, the file exists, or its folder does not.
    """
    if path.suffix.lower() != ".wav":
        raise DataError(f"{path}: music is written as WAV; name a file that ends in .wav")
    if path.is_dir() or not path.parent.is_dir():
        raise DataError(f"{path}: is a folder, or the folder it should be in does not exist")
    if path.exists() and not overwrite:
        raise DataError(
            f"{path}: exists already; use {{do}} to replace it",
            argument="overwrite=True",
            option="--force",
        )


class _Steps:
    """A streamer of `generate` that advances the progress bar."""

    def __init__(self, bar: tqdm[Any]) -> None:
        self._bar = bar

    def put(self, _tokens: object) -> None:
        self._bar.update()

    def end(self) -> None:
        self._bar.close()


def _load(source: str) -> tuple[Any, PreTrainedTokenizerBase]:
    try:
        from transformers import AutoTokenizer, MusicgenForConditionalGeneration
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "generating music needs the package transformers; install it with: "
            "pip install 'vsumm[paper]'"
        ) from error
    load: Any = MusicgenForConditionalGeneration.from_pretrained
    try:
        network, report = towers.translate_errors(
            lambda: load(source, output_loading_info=True), source
        )
        tokenizer = towers.translate_errors(lambda: AutoTokenizer.from_pretrained(source), source)
    except CheckpointError as error:
        raise CheckpointError(
            f"no music generator {source!r}: give the hub id of a MusicGen that can be reached, or "
            f"a folder that holds one ({error.__cause__})".splitlines()[0]
        ) from error
    if report["missing_keys"]:
        logger.warning("%s lacks weights, for example %s", source, min(report["missing_keys"]))
    return network.eval(), tokenizer
