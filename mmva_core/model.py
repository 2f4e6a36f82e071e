"""MMVA: images, music and captions on one valence/arousal plane.

    pixel_values ─ tower ─ features ─ projection ─ embeds ─ VA predictor ─ (valence, arousal)
                                                     └── with the other two ─ similarity predictor

Letters in shapes: N pictures, clips, windows or captions; B a batch; T samples or tokens;
D the size of the embedding.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from mmva_core.class_predictor import ClassKernelPredictor
from mmva_core.config import MODALITIES, Modality, ModelConfig, Precision
from mmva_core.device import local_device
from mmva_core.heads import (
    VA_DIMENSIONS,
    FeatureStandardizer,
    KernelPredictor,
    build_projection,
    build_similarity_predictor,
    build_va_predictor,
)
from mmva_core.inputs import Pictures, as_pictures, cut_windows
from mmva_core.outputs import MMVAOutput
from mmva_core.store import (
    TOWERS_NAME,
    WEIGHTS_NAME,
    find_folder,
    load_strictly,
    read_config,
    read_tensors,
    save_folder,
    to_half,
)
from mmva_core.towers import (
    CaptionTower,
    ImageTower,
    Tower,
    WaveformTower,
    build_tower,
    overlapping_features,
    picture_features,
    sentence_features,
    tower_feature_shape,
    tower_info,
    window_features,
)

# Annotations are kept as objects in this module: PyTorchModelHubMixin reads them from __init__.


class MMVA(nn.Module):
    """Multimodal matching on valence and arousal (Choi, Kim, Kang 2025).

    Towers with foreign weights are built on first use: a model that encodes only pictures never
    loads a text encoder. Their weights stay out of the checkpoint unless they are fine-tuned.

    Args:
        config: towers, sizes and feature choices, as a config or its dictionary.
        folder: model folder with the structure of fine-tuned towers, which replaces their source.

    Raises:
        CheckpointError: the config names an unknown tower.
    """

    def __init__(
        self, config: ModelConfig | dict[str, Any] | None = None, *, folder: Path | None = None
    ) -> None:
        super().__init__()
        if not isinstance(config, ModelConfig):
            config = ModelConfig.from_dict(config or {})
        self.config = config
        self.towers = nn.ModuleDict()
        for modality in MODALITIES:
            if self._is_stored(modality):
                structure = None if folder is None else folder / TOWERS_NAME / modality
                tower = build_tower(config, modality, structure)
                self.towers[modality] = tower.requires_grad_(modality in config.finetune)
        self.projections = nn.ModuleDict({m: self._build_projection(m) for m in MODALITIES})
        sizes = (config.embedding_dim, config.hidden_dim, config.dropout)
        names = ("shared",) if config.share_va_predictor else MODALITIES
        self.va_predictors = nn.ModuleDict({name: build_va_predictor(*sizes) for name in names})
        kernel_sizes = (config.embedding_dim, config.image_va_centres)
        if directions := config.image_class_directions:
            self.va_predictors["image"] = ClassKernelPredictor(*kernel_sizes, directions)
        elif config.image_va_centres:
            self.va_predictors["image"] = KernelPredictor(*kernel_sizes)
        self.similarity_predictor = (
            build_similarity_predictor(*sizes) if config.with_similarity else None
        )
        self.eval()

    @property
    def device(self) -> torch.device:
        """The device of the heads; inputs are moved to it."""
        return next(self.projections["caption"].parameters()).device

    @property
    def music_sample_rate(self) -> int:
        """Sample rate of the music tower, Hz; sound of other rates is resampled."""
        return cast(WaveformTower, self.tower("music")).sample_rate

    @classmethod
    def from_pretrained(
        cls, name_or_path: str | Path, *, device: str = "cpu", precision: Precision = "fp32"
    ) -> "MMVA":
        """Load a model in evaluation mode.

        Args:
            name_or_path: "mmva-lite" (embedded), a folder written by `save_pretrained`, or a hub
                id such as "someone/mmva" (downloaded once, from the cache where HF_HUB_OFFLINE
                is set).
            device: "cpu", "cuda", or "auto": a GPU where there is one.
            precision: precision of the image tower, for prediction; "bf16" for CLIP only.

        Raises:
            CheckpointError: the weights are missing, damaged or of another model.
            MmvaError: "cuda" is asked for and there is none.
            PrecisionError: the image tower or the processor lacks the precision.
        """
        folder = find_folder(name_or_path)
        model = cls(read_config(folder), folder=folder)
        state = read_tensors(folder / WEIGHTS_NAME)
        model.load_own_state(state, source=f"model {str(name_or_path)!r}")
        model.to(local_device(device)).eval()
        if precision != "fp32":
            cast(ImageTower, model.tower("image")).use_precision(precision)
        return model

    def save_pretrained(
        self, folder: str | Path, *, card: str | None = None, half: bool = False
    ) -> Path:
        """Write config.json, model.safetensors and README.md; the hub's layout for a model.

        Args:
            folder: created if missing; existing files of these names are replaced atomically.
            card: text of the model card; a short one is written from the config by default.
            half: store float16: half the size, differences near 1e-3 of a weight.

        Returns:
            The folder.
        """
        state = self.own_state_dict()
        save_folder(Path(folder), self.config, to_half(state) if half else state, card)
        for modality in self.config.finetune:
            structure = Path(folder) / TOWERS_NAME / modality
            structure.mkdir(parents=True, exist_ok=True)
            self.tower(modality).save_structure(structure)
        return Path(folder)

    def own_state_dict(self) -> dict[str, Tensor]:
        """Return the weights of a checkpoint: heads, our music tower and fine-tuned towers."""
        foreign = tuple(f"towers.{m}." for m in MODALITIES if not self._is_stored(m))
        return {k: v for k, v in self.state_dict().items() if not k.startswith(foreign)}

    def load_own_state(self, state: dict[str, Tensor], *, source: str) -> None:
        """Load a state dict from `own_state_dict`.

        Raises:
            CheckpointError: a weight is missing, unexpected or of another shape.
        """
        load_strictly(self, state, self.own_state_dict(), source)

    def load_music_tower(self, path: str | Path) -> None:
        """Load the weights of our music tower from a safetensors file.

        Raises:
            CheckpointError: the file is damaged or belongs to another network.
        """
        network = self.tower("music").get_submodule("network")
        source = f"music tower {str(path)!r}"
        load_strictly(network, read_tensors(Path(path)), network.state_dict(), source)

    def tower(self, modality: Modality) -> Tower:
        """Return a tower; it is built on first use, and frozen unless it is fine-tuned.

        Raises:
            CheckpointError: its weights are missing or damaged.
            MissingExtraError: it needs a package that is not installed.
        """
        if modality not in self.towers:
            tower = build_tower(self.config, modality).requires_grad_(False)
            self.towers[modality] = tower.to(self.device)
        return cast(Tower, self.towers[modality])

    def encode_image(self, pixel_values: Tensor) -> Tensor:
        """Embed `pixel_values` (B, 3, H, W) as (B, D)."""
        return self.project("image", self.tower("image")(pixel_values))

    def encode_music(self, input_values: Tensor) -> Tensor:
        """Embed `input_values` (B, T), sound at the tower's sample rate, as (B, D)."""
        return self.project("music", self.tower("music")(input_values))

    def encode_caption(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Embed `input_ids` and `attention_mask` (B, T) as (B, D)."""
        return self.project("caption", self.tower("caption")(input_ids, attention_mask))

    def project(self, modality: Modality, features: Tensor) -> Tensor:
        """Project a tower's features (B, *feature_shape) to embeddings (B, D)."""
        embeds: Tensor = self.projections[modality](features)
        return embeds

    def predict_va(self, modality: Modality, embeds: Tensor) -> Tensor:
        """Predict valence and arousal (B, 2) in [0, 1] from embeddings (B, D)."""
        key = "shared" if self.config.share_va_predictor else modality
        return cast(Tensor, self.va_predictors[key](embeds))

    def predict_similarity(
        self, image_embeds: Tensor, music_embeds: Tensor, caption_embeds: Tensor
    ) -> Tensor:
        """Predict the matching score (B,) in [0, 1] of pictures and clips with their captions.

        Raises:
            ValueError: the model has no similarity predictor.
        """
        if self.similarity_predictor is None:
            raise ValueError("this model has no similarity predictor (with_similarity is False)")
        joined = torch.cat([image_embeds, music_embeds, caption_embeds], dim=1)
        return cast(Tensor, self.similarity_predictor(joined)).squeeze(1)

    def forward(
        self,
        pixel_values: Tensor | None = None,
        input_values: Tensor | None = None,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> MMVAOutput:
        """Run everything that the given inputs allow.

        Args:
            pixel_values: (B, 3, H, W), pictures from the image tower's `preprocess`.
            input_values: (B, T) float32, sound at the music tower's sample rate.
            input_ids: (B, T) int64, tokens of the captions.
            attention_mask: (B, T) int64, 1 at tokens and 0 at padding; all ones by default.

        Returns:
            Fields of absent modalities are None; the similarity needs all three.
        """
        image = None if pixel_values is None else self.encode_image(pixel_values)
        music = None if input_values is None else self.encode_music(input_values)
        caption = None
        if input_ids is not None:
            mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
            caption = self.encode_caption(input_ids, mask)
        return self.forward_embeds(image, music, caption)

    def forward_features(
        self,
        image_features: Tensor | None = None,
        music_features: Tensor | None = None,
        caption_features: Tensor | None = None,
    ) -> MMVAOutput:
        """Run everything after the towers on their features (B, *feature_shape)."""
        features = (image_features, music_features, caption_features)
        return self.forward_embeds(
            *(
                None if value is None else self.project(modality, value)
                for modality, value in zip(MODALITIES, features, strict=True)
            )
        )

    def forward_embeds(
        self, image: Tensor | None, music: Tensor | None, caption: Tensor | None
    ) -> MMVAOutput:
        """Predict from embeddings, each (B, D) or None."""
        similarity = None
        if self.similarity_predictor is not None and not (
            image is None or music is None or caption is None
        ):
            similarity = self.predict_similarity(image, music, caption)
        return MMVAOutput(
            image_embeds=image,
            music_embeds=music,
            caption_embeds=caption,
            image_va=None if image is None else self.predict_va("image", image),
            music_va=None if music is None else self.predict_va("music", music),
            caption_va=None if caption is None else self.predict_va("caption", caption),
            similarity=similarity,
        )

    def image_features(self, images: Pictures) -> Tensor:
        """Return the image tower's features (N, *feature_shape), see `predict_images`."""
        tower = cast(ImageTower, self.tower("image"))
        return picture_features(tower, as_pictures(images), self.device)

    def music_features(self, samples: np.ndarray | Tensor, sample_rate: int) -> Tensor:
        """Return the music tower's features (num_windows, *feature_shape), see `predict_music`."""
        tower = cast(WaveformTower, self.tower("music"))
        windows = cut_windows(
            samples, sample_rate, tower.sample_rate, self.config.music_window_seconds
        )
        return window_features(tower, windows, self.device)

    def music_features_at(self, samples: np.ndarray, starts: Sequence[int], length: int) -> Tensor:
        """Return features of windows of one recording, see `towers.overlapping_features`."""
        tower = cast(WaveformTower, self.tower("music"))
        return overlapping_features(tower, samples, starts, length, self.device)

    def caption_features(self, texts: str | Sequence[str]) -> Tensor:
        """Return the caption tower's features (N, *feature_shape), see `predict_captions`."""
        tower = cast(CaptionTower, self.tower("caption"))
        return sentence_features(tower, texts, self.device)

    def predict_images(self, images: Pictures) -> Tensor:
        """Predict valence and arousal of pictures.

        Args:
            images: one or several, of any size: uint8 RGB arrays (H, W, 3), pictures of Pillow,
                or uint8 tensors (H, W, 3) or (3, H, W).

        Returns:
            (N, 2) float32 on the CPU, values in [0, 1], valence first.

        Raises:
            TypeError: a picture is none of these.
            ValueError: a picture is not (H, W, 3).
        """
        return self.va_of_features("image", self.image_features(images))

    def predict_music(self, samples: np.ndarray | Tensor, sample_rate: int) -> Tensor:
        """Predict valence and arousal of sound.

        Args:
            samples: array or tensor, mono, floats in [-1, 1] or signed integers over their range.
                (T,) is cut into consecutive windows of `config.music_window_seconds`; the last
                ends with the signal and may overlap the one before; a signal shorter than one
                window is repeated until it fills one. (N, T) is one window per row.
            sample_rate: rate of `samples`, Hz; sound of other rates than the tower's is resampled.

        Returns:
            (num_windows, 2) float32 on the CPU, values in [0, 1], valence first.

        Raises:
            TypeError: `samples` are neither floats nor signed integers, or the rate is not whole.
            ValueError: `samples` is empty or not finite.
        """
        return self.va_of_features("music", self.music_features(samples, sample_rate))

    def predict_captions(self, texts: str | Sequence[str]) -> Tensor:
        """Predict (N, 2) of one sentence or several, as `predict_images` does of pictures.

        Raises:
            MissingExtraError: the extra "text" is not installed.
            TypeError: `texts` holds something else.
        """
        return self.va_of_features("caption", self.caption_features(texts))

    @torch.inference_mode()
    def embeds_of_features(self, modality: Modality, features: Tensor) -> Tensor:
        """Embed features (N, *feature_shape) that one of the methods above gave, as (N, D)."""
        return self.project(modality, features.to(self.device)).float().cpu()

    @torch.inference_mode()
    def va_of_features(self, modality: Modality, features: Tensor) -> Tensor:
        """Predict (N, 2) of features (N, *feature_shape) that one of the methods above gave."""
        if len(features) == 0:
            return torch.empty((0, VA_DIMENSIONS))
        embeds = self.project(modality, features.to(self.device))
        return self.predict_va(modality, embeds).float().cpu()

    def _is_stored(self, modality: Modality) -> bool:
        return tower_info(self.config, modality).is_ours or modality in self.config.finetune

    def train(self, mode: bool = True) -> "MMVA":
        """Switch dropout on or off; frozen towers stay in evaluation mode."""
        super().train(mode)
        for modality, tower in self.towers.items():
            if modality not in self.config.finetune:
                tower.eval()
        return self

    def fit_standardizers(self, modality: Modality, features: Tensor) -> None:
        """Set mean and deviation of a modality's features where the config standardises them.

        Args:
            modality: modality of the projection.
            features: (N, *feature_shape), features of the training set alone.
        """
        for layer in cast(nn.Sequential, self.projections[modality]):
            if isinstance(layer, FeatureStandardizer):
                layer.fit(features.to(layer.mean.device))

    def _build_projection(self, modality: Modality) -> nn.Sequential:
        shape = (
            self.tower(modality).feature_shape
            if modality in self.towers
            else tower_feature_shape(self.config, modality)
        )
        return build_projection(
            shape,
            self.config.embedding_dim,
            standardize=modality in self.config.standardize,
            is_embedding=tower_info(self.config, modality).is_embedding,
        )
