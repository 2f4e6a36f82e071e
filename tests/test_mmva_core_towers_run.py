import threading

import numpy as np
import pytest
import torch

from mmva_core.towers.base import ImageTower
from mmva_core.towers.run import BATCH_SIZE, picture_features


class Recorder(ImageTower):
    """Its feature is the mean of a picture; it notes who called it."""

    feature_shape = (1,)

    def __init__(self):
        super().__init__()
        self.calls = []

    def output_shape(self, image):
        return image.shape[:2]

    def preprocess(self, images):
        return torch.from_numpy(np.stack(images)).float()

    def forward(self, pixel_values):
        self.calls.append((threading.get_ident(), torch.get_num_threads(), len(pixel_values)))
        assert torch.is_inference_mode_enabled()
        return pixel_values.mean((1, 2, 3))[:, None]


@pytest.fixture(params=[1, 2, 3])
def num_threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_every_core_takes_small_batches_of_its_own(num_threads):
    tower = Recorder()
    images = [
        np.full((2 + value % 2, 3, 3), value, np.uint8) for value in range(2 * BATCH_SIZE + 1)
    ]
    features = picture_features(tower, images, torch.device("cpu"))
    assert features[:, 0].tolist() == list(range(2 * BATCH_SIZE + 1))
    threads, computing, sizes = zip(*tower.calls, strict=True)
    assert len(set(threads)) <= num_threads
    assert set(computing) == {1}
    assert max(sizes) < BATCH_SIZE


def test_threads_of_the_caller_are_left_as_they_were(num_threads):
    picture_features(Recorder(), [np.zeros((2, 2, 3), np.uint8)], torch.device("cpu"))
    seen = []
    thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert (torch.get_num_threads(), seen) == (num_threads, [num_threads])


def test_no_pictures_give_no_features():
    assert picture_features(Recorder(), [], torch.device("cpu")).shape == (0, 1)
