"""Fit the joint space of a model on the open music, for `mmva retrieve --by joint`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from mmva_core.data.open import captions_of, load_4qaed, load_emotify, load_tag_captions
from mmva_core.model import MMVA
from mmva_core.retrieval import JointHead, encode_content, read_content
from mmva_core.retrievers.head import fit_joint_head


def build_joint_head(
    model: MMVA, root: Path, *, seed: int = 0, progress: bool = False
) -> JointHead:
    """Encode 4QAED and Emotify as `mmva index` does, and sentences of their tags; fit the maps.

    Args:
        model: the model; it is left as it is.
        root: folder of the open sets.
        seed: of weights and order.
        progress: show a progress bar on stderr.

    Raises:
        DataError: a data set is missing or damaged.
        MissingExtraError: the extra "text" is not installed.
    """
    said = load_tag_captions(root)
    pairs = [
        pair
        for clips in (load_4qaed(root), load_emotify(root))
        for pair in zip(clips.paths, captions_of(clips, said), strict=True)
    ]
    music, captions = [], []
    for path, caption in tqdm(pairs, desc="clips", disable=not progress, leave=False):
        sound = read_content("music", path, model.music_sample_rate)
        music.append(encode_content(model, "music", sound).embeds)
        captions += [caption] * len(music[-1])
    embed_of = {
        caption: encode_content(model, "caption", caption).embeds[0]
        for caption in dict.fromkeys(captions)
    }
    return fit_joint_head(
        torch.from_numpy(np.concatenate(music)),
        torch.from_numpy(np.stack([embed_of[caption] for caption in captions])),
        captions,
        seed=seed,
    )
