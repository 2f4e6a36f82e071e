"""The shipped model on open data: lively pictures find lively music.

The model was trained on these very pictures and clips. This guards the way from picture to music;
what the model can do with unseen ones is what `mmva evaluate` says.
"""

import numpy as np
import pytest

from mmva_core.data.open.sets import load_4qaed, load_oasis
from mmva_core.retrieval.build import build_index
from mmva_core.retrieval.query import make_query, search
from mmva_core.retrieval.sources import Source

NUM_CLIPS = 60
NUM_PICTURES = 10


@pytest.mark.slow
@pytest.mark.dataset
def test_arousal_of_the_music_rises_with_the_pictures(data_folder, tmp_path):
    clips, pictures = load_4qaed(data_folder), load_oasis(data_folder)
    taken = np.linspace(0, len(clips) - 1, NUM_CLIPS).round().astype(int)
    sources = [Source(clips.ids[row], "music", clips.paths[row]) for row in taken]
    index = build_index(sources, tmp_path / "index", "mmva-lite", root=tmp_path).index
    label = dict(zip(clips.ids, clips.va[:, 1], strict=True))

    order = np.argsort(pictures.va[:, 1], kind="stable")
    places = order[np.linspace(0, len(order) - 1, NUM_PICTURES).round().astype(int)]
    found = []
    for place in places:
        matches = search(index, make_query(str(pictures.paths[place]), index), k=5)
        found.append(np.mean([label[match.name] for match in matches]))

    # The pictures ascend in arousal; so must what they find, far beyond shuffled pairs.
    ascending = np.corrcoef(np.arange(NUM_PICTURES), found)[0, 1]
    generator = np.random.default_rng(0)
    shuffled = [np.corrcoef(generator.permutation(NUM_PICTURES), found)[0, 1] for _ in range(2000)]
    assert ascending > np.quantile(shuffled, 0.99)
