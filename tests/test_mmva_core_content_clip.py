"""Pictures and texts in the space of CLIP, by a tiny random one."""

import numpy as np
import pytest
import torch
from mmva_towers import CLIP_SIDE, write_clip, write_clip_tokenizer
from transformers import AutoTokenizer, CLIPModel

from mmva_core.content import ClipPair
from mmva_core.errors import CheckpointError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_clip_tokenizer(write_clip(tmp_path_factory.mktemp("clip")))


def test_closeness_is_that_of_the_whole_model(folder):
    pair = ClipPair(str(folder))
    pictures = [
        np.random.default_rng(seed).integers(0, 256, (CLIP_SIDE, CLIP_SIDE, 3), np.uint8)
        for seed in range(3)
    ]
    closeness = pair.embed_pictures(pictures) @ pair.embed_topic(" a dog ")

    whole = CLIPModel.from_pretrained(folder).eval()
    tokens = AutoTokenizer.from_pretrained(folder)(["a video of a dog"], return_tensors="pt")
    pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) / 255
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
    std = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)
    with torch.no_grad():
        output = whole(pixel_values=(pixels - mean) / std, **tokens)
    expected = output.logits_per_image[:, 0] / whole.logit_scale.detach().exp()
    torch.testing.assert_close(closeness, expected, atol=1e-5, rtol=0)


def test_a_folder_without_a_clip_is_one_line(tmp_path):
    with pytest.raises(CheckpointError, match="cannot load"):
        ClipPair(str(tmp_path))
