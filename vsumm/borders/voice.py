"""Tell when somebody speaks: Silero's voice activity detector, in NumPy.

The weights are those of the package `silero-vad` (MIT); the network is its `tinygrad_model.py`.
The package itself is not imported: it would load torch and set its threads to one. Letters: T
samples, C chunks of 32 ms.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

Float32 = npt.NDArray[np.float32]

SAMPLE_RATE = 16_000
"""Of the sound, Hz."""
CHUNK, CONTEXT = 512, 64
"""Samples of a chunk, and those before it that the network hears too."""
CHUNK_SECONDS = CHUNK / SAMPLE_RATE
SHORTEST_PAUSE_SECONDS = 0.15
"""A shorter pause lies inside a phrase."""
SPECTRUM_STEP, SPECTRUM_BINS = 128, 129
NUM_HIDDEN = 128
"""Of the LSTM."""
WEIGHTS = "data/silero_vad_16k.safetensors"


class VoiceDetector:
    """Tells how likely somebody speaks in each chunk of sound that comes in blocks.

    Attributes:
        sample_rate: of the sound, Hz.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        self._samples = np.zeros(CONTEXT, np.float32)  # what the next chunk begins with
        self._state = np.zeros((2, NUM_HIDDEN), np.float32)  # of the LSTM: hidden, cell

    def add(self, samples: Float32) -> Float32:
        """Return the probabilities of the chunks that are complete now, (C,) in [0, 1].

        Args:
            samples: (T,) mono at `SAMPLE_RATE`, full scale at 1.
        """
        known = np.concatenate([self._samples, samples.astype(np.float32, copy=False)])
        num_chunks = (len(known) - CONTEXT) // CHUNK
        self._samples = known[num_chunks * CHUNK :]
        if not num_chunks:
            return np.zeros(0, np.float32)
        weights = _weights()
        starts = CHUNK * np.arange(num_chunks)
        frames = known[starts[:, None] + np.arange(CONTEXT + CHUNK)]
        # (C, 640, 1): the end is mirrored, so that a whole number of spectra fits
        sound = np.pad(frames, ((0, 0), (0, CONTEXT)), mode="reflect")[:, :, None]
        bins = _convolve(sound, weights["stft_conv.weight"], stride=SPECTRUM_STEP)
        real, imaginary = bins[:, :, :SPECTRUM_BINS], bins[:, :, SPECTRUM_BINS:]
        features = np.sqrt(real**2 + imaginary**2)  # (C, 4, 129)
        for name, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2), ("conv4", 1)):
            features = np.pad(features, ((0, 0), (1, 1), (0, 0)))
            features = _convolve(features, weights[f"{name}.weight"], stride=stride)
            features = np.maximum(features + weights[f"{name}.bias"], 0)
        hidden = _remember(features[:, 0], self._state)  # (C, 128)
        last = weights["final_conv.weight"][0, :, 0]
        return _sigmoid(np.maximum(hidden, 0) @ last + weights["final_conv.bias"][0])

    def end(self) -> Float32:
        """Return the probability of a chunk that has begun, (1,) or (0,): silence fills it."""
        num_left = len(self._samples) - CONTEXT
        return self.add(np.zeros(-num_left % CHUNK, np.float32))


def speech_probabilities(samples: Float32) -> Float32:
    """Return how likely somebody speaks in each chunk, (C,) in [0, 1].

    Args:
        samples: (T,) mono at `SAMPLE_RATE`, full scale at 1; the last chunk is filled with silence.
    """
    detector = VoiceDetector()
    return np.concatenate([detector.add(samples), detector.end()])


@cache
def _weights() -> dict[str, Float32]:
    spec = find_spec("silero_vad")  # found, not imported
    assert spec is not None, "the package silero-vad is a dependency"
    assert spec.submodule_search_locations is not None, "it is a package"
    return load_file(Path(spec.submodule_search_locations[0]) / WEIGHTS)


def _convolve(values: Float32, kernel: Float32, *, stride: int) -> Float32:
    """Slide a kernel (O, I, K) over values (C, L, I); return (C, steps, O)."""
    num_outputs, num_inputs, width = kernel.shape
    starts = range(0, values.shape[1] - width + 1, stride)
    rows = np.stack([values[:, start : start + width] for start in starts], axis=1)
    flat = kernel.transpose(2, 1, 0).reshape(width * num_inputs, num_outputs)
    product: Float32 = rows.reshape(-1, width * num_inputs) @ flat
    return product.reshape(len(values), len(starts), num_outputs)


def _remember(features: Float32, state: Float32) -> Float32:
    """Run the LSTM over chunks, (C, 128) to (C, 128), from its state (2, 128) on, in place."""
    from_input, from_hidden, bias = _gates()
    inputs = features @ from_input + bias
    hidden, cell = state
    states = np.empty_like(features)
    for number, each in enumerate(inputs):
        gates = np.tanh(each + hidden @ from_hidden)
        opened = 0.5 + 0.5 * gates[: 3 * NUM_HIDDEN]  # sigmoid(x) = (1 + tanh(x / 2)) / 2
        entry, forget = opened[:NUM_HIDDEN], opened[NUM_HIDDEN : 2 * NUM_HIDDEN]
        cell = forget * cell + entry * gates[3 * NUM_HIDDEN :]
        hidden = opened[2 * NUM_HIDDEN :] * np.tanh(cell)
        states[number] = hidden
    state[:] = hidden, cell
    return states


@cache
def _gates() -> tuple[Float32, Float32, Float32]:
    """Return the LSTM's weights of inputs and hidden values, (128, 512) each, and its bias, (512,).

    The gates are entry, forget, output, update: the first three halved, for `_remember`.
    """
    weights = _weights()

    def ordered(name: str) -> Float32:
        entry, forget, update, output = np.split(weights[f"lstm_cell.{name}"], 4)
        halved = np.concatenate([entry, forget, output]) / 2
        return np.ascontiguousarray(np.concatenate([halved, update]).T, np.float32)

    bias = ordered("bias_ih") + ordered("bias_hh")
    return ordered("weight_ih"), ordered("weight_hh"), bias


def _sigmoid(values: Float32) -> Float32:
    return np.asarray(0.5 + 0.5 * np.tanh(values / 2), np.float32)
