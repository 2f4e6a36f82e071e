import threading

import numpy as np
import pytest
import torch

from mmva_core.towers.base import ImageTower, WaveformTower
from mmva_core.towers.run import BATCH_SIZE, overlapping_features, picture_features


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


class WindowRecorder(WaveformTower):
    """Its feature is the first sample of a window; it notes which windows come together."""

    feature_shape = (1,)
    windows_at_once = 2

    def __init__(self):
        super().__init__()
        self.groups = []

    def encode_windows(self, samples, starts, length):
        self.groups.append(list(starts))
        return super().encode_windows(samples, starts, length)

    def forward(self, input_values):
        return input_values[:, :1]


def test_windows_that_do_not_meet_are_encoded_apart():
    tower, starts = WindowRecorder(), [0, 5, 10, 90, 100]
    samples = np.arange(120, dtype=np.float32)
    features = overlapping_features(tower, samples, starts, 10, torch.device("cpu"))
    assert features[:, 0].tolist() == starts
    assert sorted(tower.groups) == [[0, 5], [10], [90, 100]]
    assert overlapping_features(tower, samples, [], 10, torch.device("cpu")).shape == (0, 1)
