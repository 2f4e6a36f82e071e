"""Training tables of `mmva-lite`: OASIS, 4QAED, Emotify and EmoBank, encoded by frozen towers.

Letters in shapes: N samples, V views of a sample, D size of a feature.

Folds never split a group: pictures have OASIS's own folds by theme, clips are assigned by artist,
sentences have EmoBank's own split.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from mmva_core.data.open import (
    OpenSet,
    captions_of,
    load_4qaed,
    load_emobank,
    load_emotify,
    load_oasis,
    load_tag_captions,
    subset,
)
from mmva_core.inputs import read_image_file
from mmva_core.lite.augment import as_video_frame
from mmva_core.lite.music_rows import (
    KEYBOARD_CAPTION,
    MusicTables,
    Recordings,
    music_tables,
    train_tower_without,
)
from mmva_core.model import MMVA
from mmva_core.store import cached_features, sha256_file, sha256_text
from mmva_core.towers import ImageArray, LiteMusicTower
from mmva_core.train import FeatureTable, TrainingData, concat_tables

FOLDS = ("1", "2", "3", "4")
"""Names of the folds."""
CROP_FRACTION = 0.875
"""Side of the view "centre", as a share of the short side (224 of 256)."""
TRAINING_VIEWS = ("whole", "centre", "frame-0", "frame-1", "frame-2", "frame-3")
"""Training views of a picture, see `view_picture`; the first two are not augmented."""


@dataclass(frozen=True, eq=False)
class LiteTables:
    """Encoded pictures and sentences with folds; `encode_music` adds the clips."""

    image: FeatureTable
    """OASIS for training: V views of each picture."""
    whole_image: FeatureTable
    """OASIS for testing: whole pictures, rows as in `image`."""
    image_folds: tuple[str, ...]
    """Fold of each picture."""
    captions: FeatureTable
    """Captions of the clips, made from tags; ids "set/file", labels of the clips."""
    clip_folds: tuple[str, ...]
    """Fold of each clip."""
    keyboard_caption: Tensor
    """(D,) feature of `KEYBOARD_CAPTION`."""
    sentences: FeatureTable
    """EmoBank's training split."""

    @property
    def fold_of_clip(self) -> dict[str, str]:
        """Fold of each clip, by id."""
        return dict(zip(self.captions.ids, self.clip_folds, strict=True))

    def encode_music(
        self,
        tower: LiteMusicTower,
        recordings: Recordings,
        *,
        seed: int,
        without: Collection[str] = (),
    ) -> EncodedTables:
        """Encode the clips by a music tower.

        For each fold, another tower is trained without it; its held-out predictions calibrate the
        expected matching scores.

        Args:
            tower: encodes the clips.
            recordings: windows of the music.
            seed: seed of the held-out towers.
            without: folds to leave out; no held-out tower is trained on them either.
        """
        fold_of = self.fold_of_clip
        held_out_towers = {
            fold: train_tower_without(recordings, fold_of, {fold, *without}, seed)
            for fold in FOLDS
            if fold not in without
        }
        music = music_tables(
            tower, recordings, self.captions, self.keyboard_caption, fold_of, held_out_towers
        )
        return EncodedTables(self, music)


@dataclass(frozen=True, eq=False)
class EncodedTables:
    """Tables of all three modalities, the clips encoded by one music tower."""

    tables: LiteTables
    """Pictures and sentences."""
    music: MusicTables
    """Clips."""

    def all_data(self) -> TrainingData:
        """Return all rows, to train the published model."""
        return TrainingData(
            self.tables.image, self.music.music, self.music.caption, self.tables.sentences
        )

    def without(self, fold: str) -> TrainingData:
        """Return the training data of a model that is tested on `fold`."""
        image = _rows(self.tables.image_folds, lambda name: name != fold)
        music = _rows(self.music.folds, lambda name: name != fold)
        return TrainingData(
            self.tables.image.subset(image),
            self.music.music.subset(music),
            self.music.caption.subset(music),
            self.tables.sentences,
        )

    def only(self, fold: str) -> TrainingData:
        """Return the test data of `fold`: whole pictures, and the middle window of each clip."""
        image = _rows(self.tables.image_folds, lambda name: name == fold)
        clips = _rows(self.tables.clip_folds, lambda name: name == fold)
        return TrainingData(
            self.tables.whole_image.subset(image),
            self.music.clips.subset(clips),
            self.tables.captions.subset(clips),
        )


def load_lite_tables(model: MMVA, root: Path, cache: Path, *, progress: bool = False) -> LiteTables:
    """Read the open sets and encode pictures and sentences by the towers of a model.

    Args:
        model: model with the towers; its heads do not matter.
        root: folder of the data sets.
        cache: folder of cached features.
        progress: show progress bars on stderr.

    Raises:
        DataError: a set is missing or damaged.
        MissingExtraError: the extra "text" is not installed.
    """
    oasis = load_oasis(root)
    assert oasis.folds is not None, "OASIS comes with folds"
    whole = image_table(model, oasis, cache, progress=progress)
    captions = load_tag_captions(root)
    clip_sets = [_with_set_in_ids(load_4qaed(root)), _with_set_in_ids(load_emotify(root))]
    sentences = [captions_of(clips, captions) for clips in (load_4qaed(root), load_emotify(root))]
    return LiteTables(
        image=load_picture_views(model, oasis, cache, progress=progress),
        whole_image=whole,
        image_folds=oasis.folds,
        captions=concat_tables(
            [
                text_table(model, clips, texts, cache)
                for clips, texts in zip(clip_sets, sentences, strict=True)
            ]
        ),
        clip_folds=tuple(assign_fold(group) for clips in clip_sets for group in clips.groups),
        keyboard_caption=model.caption_features([KEYBOARD_CAPTION])[0].clone(),
        sentences=sentence_table(model, root, cache, split="train"),
    )


def assign_fold(group: str) -> str:
    """Assign a group to a fold by the hash of its name.

    >>> assign_fold("bach") == assign_fold("bach")
    True
    """
    digest = hashlib.sha256(group.encode()).digest()
    return FOLDS[int.from_bytes(digest[:8], "big") % len(FOLDS)]


def view_picture(image: ImageArray, view: str, position: int) -> ImageArray:
    """Return one view of a picture.

    Args:
        image: (H, W, 3) uint8.
        view: "whole"; "centre", the centre square; "frame-K", the K-th random augmentation.
        position: row of the picture in its set; part of the seed of the augmentation.
    """
    if view == "whole":
        return image
    if view == "centre":
        return centre_square(image)
    seed = [int(view.removeprefix("frame-")), position]
    return as_video_frame(image, np.random.default_rng(seed))


def centre_square(image: ImageArray) -> ImageArray:
    """Crop the centre square of a picture (H, W, 3), 7/8 of its short side.

    Objects are larger in it than in the whole picture. A head trained on such crops as well ranks
    film frames better than one trained on whole pictures alone.
    """
    height, width = image.shape[:2]
    side = max(1, round(CROP_FRACTION * min(height, width)))
    top, left = (height - side) // 2, (width - side) // 2
    return np.ascontiguousarray(image[top : top + side, left : left + side])


def image_table(
    model: MMVA,
    items: OpenSet,
    cache: Path,
    view: str = "whole",
    *,
    progress: bool = False,
) -> FeatureTable:
    """Encode one view of each picture of a set, see `view_picture`.

    Returns:
        A table of N pictures with features (N, D).
    """

    def compute() -> Tensor:
        starts = tqdm(range(0, len(items), 64), desc=f"view {view}", disable=not progress)
        parts = []
        for start in starts:
            paths = enumerate(items.paths[start : start + 64], start)
            pictures = [view_picture(read_image_file(path), view, row) for row, path in paths]
            parts.append(model.image_features(pictures))
        return torch.cat(parts)

    fingerprint = f"{model.tower('image').fingerprint()} view {view}"
    contents = [sha256_file(path) for path in items.paths]
    return _table(items, cached_features(cache, fingerprint, contents, compute))


def load_picture_views(
    model: MMVA,
    items: OpenSet,
    cache: Path,
    *,
    views: Sequence[str] = TRAINING_VIEWS,
    progress: bool = False,
) -> FeatureTable:
    """Encode views of each picture of a set, see `view_picture`.

    Returns:
        A table of N pictures with features (N, V, D).
    """
    return _side_by_side(
        [image_table(model, items, cache, view, progress=progress) for view in views]
    )


def text_table(model: MMVA, items: OpenSet, texts: Sequence[str], cache: Path) -> FeatureTable:
    """Encode one sentence for each item of a set.

    Returns:
        A table of N sentences with features (N, D) and the items' labels.
    """
    fingerprint = f"{model.tower('caption').fingerprint()} caption"
    contents = [sha256_text(text) for text in texts]
    features = cached_features(
        cache, fingerprint, contents, lambda: model.caption_features(list(texts))
    )
    return _table(items, features)


def sentence_table(model: MMVA, root: Path, cache: Path, *, split: str) -> FeatureTable:
    """Encode one split of EmoBank: "train", "dev" or "test"."""
    items = load_emobank(root)
    assert items.folds is not None, "EmoBank comes with a split"
    part = subset(items, _rows(items.folds, lambda name: name == split))
    return text_table(model, part, part.texts, cache)


def _with_set_in_ids(items: OpenSet) -> OpenSet:
    return replace(items, ids=tuple(f"{items.name}/{name}" for name in items.ids))


def _table(items: OpenSet, features: Tensor) -> FeatureTable:
    return FeatureTable(
        features=features,
        va=torch.from_numpy(items.va),
        ids=items.ids,
        groups=items.groups,
    )


def _side_by_side(views: Sequence[FeatureTable]) -> FeatureTable:
    first = views[0]
    return FeatureTable(
        features=torch.stack([view.features for view in views], dim=1),
        with_views=True,
        va=first.va,
        ids=first.ids,
        groups=first.groups,
    )


def _rows(names: Sequence[str], wanted: Callable[[str], bool]) -> list[int]:
    return [row for row, name in enumerate(names) if wanted(name)]
