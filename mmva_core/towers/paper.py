"""The paper's towers: CLIP ViT-B/32, MERT-v1-95M and RoBERTa-base, through transformers.

Each is loaded from a local folder or a hub id (HF_HUB_OFFLINE is respected), without remote code.
Missing, unexpected and misshapen weights are errors. CLIP's `image_embeds` are the embedding; MERT
and RoBERTa return all hidden states, which the projection mixes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoTokenizer,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    HubertConfig,
    HubertModel,
    RobertaConfig,
    RobertaModel,
)

from mmva_core.config import Precision
from mmva_core.errors import PrecisionError
from mmva_core.towers.base import CaptionTower, ImageTower, Tower, WaveformTower
from mmva_core.towers.geometry import ImageArray, check_image
from mmva_core.towers.hub import load_network, read_json_file, translate_errors
from mmva_core.towers.preprocess import resize_and_crop

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
"""Colour statistics that CLIP was trained with (github.com/openai/CLIP, clip/clip.py)."""
MERT_SAMPLE_RATE = 24000
"""Hz; MERT-v1's own config."""
VARIANCE_FLOOR = 1e-7
"""Added to the variance of a window before it is normalised, as Wav2Vec2FeatureExtractor does."""
ROBERTA_MAX_TOKENS = 512
PREPROCESSOR_NAME = "preprocessor_config.json"


class CLIPImage(ImageTower):
    """CLIP's picture encoder; the feature is `image_embeds`, scale as CLIP gives it.

    Args:
        source: local folder or hub id with a CLIP model.
        with_weights: False reads the structure alone and leaves the weights random.
    """

    def __init__(self, source: str, *, with_weights: bool = True) -> None:
        super().__init__()
        # Files of a whole CLIP also contain the text encoder.
        self.network = load_network(
            CLIPVisionModelWithProjection,
            source,
            ignored=("text_", "logit_scale"),
            with_weights=with_weights,
        )
        self.side = int(self.network.config.image_size)
        self.feature_shape = (int(self.network.config.projection_dim),)
        self.register_buffer("mean", torch.tensor(CLIP_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(CLIP_STD).view(3, 1, 1), persistent=False)
        self.precision: Precision = "fp32"

    def use_precision(self, precision: Precision) -> None:
        """Compute in another precision from now on; rounded weights stay rounded.

        For prediction only. On a processor without bf16 it is several times slower than fp32.

        Raises:
            PrecisionError: the processor has no bf16.
        """
        is_on_cpu = self.get_buffer("mean").device.type == "cpu"
        has_bf16 = not is_on_cpu or torch.ops.mkldnn._is_mkldnn_bf16_supported()
        if precision == "bf16" and not has_bf16:
            raise PrecisionError("this processor has no bf16; use precision fp32")
        self.precision = precision
        network: nn.Module = self.network
        network.to(torch.bfloat16 if precision == "bf16" else torch.float32)

    def preprocess(self, images: Sequence[ImageArray]) -> Tensor:
        """Resize pictures to CLIP's square (bicubic, centre crop) and normalise them."""
        pixels = []
        for image in images:
            height, width = check_image(image).shape[:2]
            scale = self.side / min(height, width)
            size = (int(height * scale + 1e-6), int(width * scale + 1e-6))
            pixels.append(resize_and_crop(image, size, (self.side, self.side)))
        mean, std = self.get_buffer("mean").cpu(), self.get_buffer("std").cpu()
        return (torch.stack(pixels) / 255 - mean) / std

    def output_shape(self, image: ImageArray) -> tuple[int, int]:
        """Return CLIP's square, the size of every picture."""
        check_image(image)
        return (self.side, self.side)

    def save_structure(self, folder: Path) -> None:
        """Write the config of the network."""
        self.network.config.save_pretrained(folder)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Encode `pixel_values` (B, 3, S, S) to `image_embeds` (B, 512)."""
        pixel_values = pixel_values.to(self.network.dtype)
        image_embeds: Tensor = self.network(pixel_values=pixel_values).image_embeds
        return image_embeds.float()

    def extra_repr(self) -> str:
        """Return the settings that decide the features besides the weights."""
        return f"side={self.side}" + ("" if self.precision == "fp32" else f", {self.precision}")


class CLIPText(CaptionTower):
    """CLIP's text encoder; the feature is `text_embeds`, in the space of `CLIPImage`.

    Args:
        source: local folder or hub id with a whole CLIP and its tokenizer.
        with_weights: as in `CLIPImage`.
    """

    def __init__(self, source: str, *, with_weights: bool = True) -> None:
        super().__init__()
        # Files of a whole CLIP also contain the picture encoder.
        self.network = load_network(
            CLIPTextModelWithProjection,
            source,
            ignored=("vision_", "visual_", "logit_scale", "position_ids"),
            with_weights=with_weights,
        )
        self._tokenizer = translate_errors(lambda: AutoTokenizer.from_pretrained(source), source)
        self.feature_shape = (int(self.network.config.projection_dim),)

    def tokenize(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """Turn sentences into `input_ids` and `attention_mask`, both (N, T) int64."""
        encoded = self._tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=int(self.network.config.max_position_embeddings),
            return_tensors="pt",
        )
        return {name: encoded[name] for name in ("input_ids", "attention_mask")}

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Encode `input_ids` and `attention_mask` (B, T) to `text_embeds` (B, 512)."""
        output = self.network(input_ids=input_ids, attention_mask=attention_mask)
        text_embeds: Tensor = output.text_embeds
        return text_embeds.float()

    def save_structure(self, folder: Path) -> None:
        """Write the config of the network and the tokenizer."""
        self.network.config.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)


class MERT(WaveformTower):
    """MERT-v1-95M as a HuBERT; the feature is every hidden state averaged over time (13, 768).

    Args:
        source: local folder or hub id with the weights and `preprocessor_config.json`.
        with_weights: as in `CLIPImage`.
    """

    def __init__(self, source: str, *, with_weights: bool = True) -> None:
        super().__init__()
        self.network = load_network(HubertModel, source, ignored=(), with_weights=with_weights)
        settings = read_json_file(source, PREPROCESSOR_NAME)
        self.sample_rate = int(settings.get("sampling_rate", MERT_SAMPLE_RATE))
        self.do_normalize = bool(settings.get("do_normalize", True))
        config = self.network.config
        # In training mode HuBERT would skip layers at random, whose states would be missing, and
        # mask spans of time by NumPy's generator, so that a run would not be repeatable.
        config.layerdrop, config.apply_spec_augment = 0.0, False
        self.feature_shape = (int(config.num_hidden_layers) + 1, int(config.hidden_size))

    def forward(self, input_values: Tensor) -> Tensor:
        """Encode `input_values` (B, T) to mean hidden states (B, 13, 768)."""
        if self.do_normalize:
            variance, mean = torch.var_mean(input_values, dim=1, keepdim=True, correction=0)
            input_values = (input_values - mean) / (variance + VARIANCE_FLOOR).sqrt()
        output = self.network(input_values=input_values, output_hidden_states=True)
        return torch.stack([state.mean(1) for state in output.hidden_states], dim=1)

    def save_structure(self, folder: Path) -> None:
        """Write the config of the network and how sound is prepared for it."""
        self.network.config.save_pretrained(folder)
        settings = {"sampling_rate": self.sample_rate, "do_normalize": self.do_normalize}
        (folder / PREPROCESSOR_NAME).write_text(json.dumps(settings), encoding="utf-8")

    def extra_repr(self) -> str:
        """Return the settings that decide the features besides the weights."""
        return f"sample_rate={self.sample_rate}, do_normalize={self.do_normalize}"


class Roberta(CaptionTower):
    """RoBERTa; the feature is the class token of every hidden state (13, 768).

    Args:
        source: local folder or hub id with the model and its tokenizer.
        with_weights: as in `CLIPImage`.
    """

    def __init__(self, source: str, *, with_weights: bool = True) -> None:
        super().__init__()
        # The files of roberta-base also contain the language-model head.
        self.network = load_network(
            RobertaModel,
            source,
            ignored=("lm_head", "pooler", "position_ids"),
            pooler=False,
            with_weights=with_weights,
        )
        self._tokenizer = translate_errors(lambda: AutoTokenizer.from_pretrained(source), source)
        config = self.network.config
        self.feature_shape = (int(config.num_hidden_layers) + 1, int(config.hidden_size))
        # Positions start after the padding index, so the table holds two more than it serves.
        self.max_tokens = min(ROBERTA_MAX_TOKENS, int(config.max_position_embeddings) - 2)

    def tokenize(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """Turn sentences into `input_ids` and `attention_mask`, both (N, T) int64."""
        encoded = self._tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=self.max_tokens,
            return_tensors="pt",
        )
        return {name: encoded[name] for name in ("input_ids", "attention_mask")}

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Encode `input_ids` and `attention_mask` (B, T) to class-token states (B, 13, 768)."""
        output = self.network(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True
        )
        return torch.stack([state[:, 0] for state in output.hidden_states], dim=1)

    def save_structure(self, folder: Path) -> None:
        """Write the config of the network and the tokenizer."""
        self.network.config.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)


def build_paper_tower(name: str, source: str, *, with_weights: bool = True) -> Tower:
    """Build a tower of the paper by its name in `TOWER_INFO`.

    Args:
        name: "clip-vit-b32", "mert-v1-95m" or "roberta-base"; or "clip-text", which is none of
            them but belongs to the first.
        source: local folder or hub id.
        with_weights: False reads the structure alone and leaves the weights random.

    Raises:
        CheckpointError: the weights are missing, damaged or of another model.
    """
    kinds = {
        "clip-vit-b32": CLIPImage,
        "clip-text": CLIPText,
        "mert-v1-95m": MERT,
        "roberta-base": Roberta,
    }
    return kinds[name](source, with_weights=with_weights)


def paper_feature_shape(name: str, source: str) -> tuple[int, ...]:
    """Read the shape of a tower's features from its config, without its weights.

    Raises:
        CheckpointError: the config cannot be read.
    """
    if name == "clip-vit-b32":
        vision = translate_errors(lambda: CLIPVisionConfig.from_pretrained(source), source)
        return (int(vision.projection_dim),)
    kind = HubertConfig if name == "mert-v1-95m" else RobertaConfig
    config: Any = translate_errors(lambda: kind.from_pretrained(source), source)
    return (int(config.num_hidden_layers) + 1, int(config.hidden_size))
