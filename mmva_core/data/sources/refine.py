"""Refine captions by a causal language model, with four examples in the prompt.

The paper refines LP-MusicCaps' captions with Llama-3.1-8B-Instruct. We could read no source for the
wording of its prompt: instruction and examples below are ours, and arguments can replace them. Any
causal model of transformers works, by name or folder; decoding is greedy, so that a caption depends
on model and input alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from mmva_core.errors import CheckpointError
from mmva_core.towers import translate_errors

PAPER_MODEL = "meta-llama/Llama-3.1-8B-Instruct"
"""Model of the paper; licence Llama 3.1 Community."""
INSTRUCTION = (
    "Rewrite the description of a piece of music in two to four plain sentences. Keep every "
    "instrument, voice, tempo and mood that is named, invent nothing, leave out remarks about "
    "the quality of the recording and about where it might be used, and end with its mood."
)
MAX_NEW_TOKENS = 120


@dataclass(frozen=True)
class Example:
    """A raw caption with its refinement."""

    raw: str
    """Output of the captioner."""
    refined: str
    """Refined caption."""


EXAMPLES = (
    Example(
        "The low quality recording features a ballad song that contains sustained strings, "
        "mellow piano melody and soft female vocal singing over it. It sounds sad and soulful, "
        "like something you would hear at Sunday services.",
        "A ballad with a soft female voice over a mellow piano melody. Sustained strings "
        "accompany her. The song is sad and soulful.",
    ),
    Example(
        "This is a techno piece. There is a repeating synth theme with a strong bass and a "
        "four-on-the-floor electronic drum beat. The atmosphere is energetic. This piece could "
        "be used in a nightclub.",
        "A techno piece with a repeating synthesizer theme over a strong bass. An electronic "
        "drum beat marks every quarter. The piece is energetic and driving.",
    ),
    Example(
        "Someone is playing a melody on an acoustic guitar with reverb. In the background there "
        "is noise. This song may be playing at home practicing guitar.",
        "A melody is played on an acoustic guitar with reverb. The piece is calm and intimate.",
    ),
    Example(
        "The song is an instrumental. The tempo is fast with distorted electric guitars, a heavy "
        "bass line and an aggressive drum kit. The song is loud and the audio quality is poor.",
        "A fast instrumental with distorted electric guitars and a heavy bass line. The drumming "
        "is aggressive. The piece is loud, tense and angry.",
    ),
)


def refinement_prompt(
    caption: str, *, instruction: str = INSTRUCTION, examples: Sequence[Example] = EXAMPLES
) -> str:
    """Join instruction, examples and a caption to a prompt that ends before the answer."""
    shots = [f"Description: {e.raw}\nRewritten: {e.refined}" for e in examples]
    return "\n\n".join([instruction, *shots, f"Description: {caption}\nRewritten:"])


class CaptionRefiner:
    """A causal language model that refines captions.

    Args:
        model: hub id or local folder.
        device: device of the model.
        instruction: first part of the prompt.
        examples: examples in the prompt.

    Raises:
        CheckpointError: the model cannot be loaded.
    """

    def __init__(
        self,
        model: str = PAPER_MODEL,
        *,
        device: str = "cpu",
        instruction: str = INSTRUCTION,
        examples: Sequence[Example] = EXAMPLES,
    ) -> None:
        self._tokenizer = translate_errors(lambda: AutoTokenizer.from_pretrained(model), model)
        network: Any = translate_errors(lambda: AutoModelForCausalLM.from_pretrained(model), model)
        self._network = network.to(device).eval()
        self._instruction, self._examples = instruction, tuple(examples)

    @torch.inference_mode()
    def refine(self, caption: str) -> str:
        """Refine one caption: the first paragraph of the model's output.

        Raises:
            CheckpointError: the model writes nothing.
        """
        prompt = refinement_prompt(caption, instruction=self._instruction, examples=self._examples)
        inputs = self._tokenizer(prompt, return_tensors="pt").to(self._network.device)
        output = self._network.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            max_new_tokens=MAX_NEW_TOKENS,
            do_sample=False,
            pad_token_id=self._padding_token(),
        )
        written = output[0, inputs["input_ids"].shape[1] :]
        text = str(self._tokenizer.decode(written, skip_special_tokens=True)).strip()
        refined = text.split("\n\n")[0].split("\nDescription:")[0].strip()
        if not refined:
            raise CheckpointError(f"the language model wrote nothing about {caption[:60]!r}")
        return " ".join(refined.split())

    def _padding_token(self) -> int | None:
        for token in (self._tokenizer.pad_token_id, self._tokenizer.eos_token_id):
            if token is not None:
                return int(token)
        return None
