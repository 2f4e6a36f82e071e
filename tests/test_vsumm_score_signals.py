"""Valence and arousal per segment, with models whose answers can be foretold."""

import subprocess
from itertools import pairwise
from types import SimpleNamespace

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from films import make_film
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from mmva_core import MMVA
from mmva_core.content import PictureReader
from mmva_core.embedded import EmbeddedModel
from vsumm.decode import AudioBlock, Frame, find_key_frames
from vsumm.media.info import probe
from vsumm.media.segments import Segment, split_into_segments
from vsumm.score.batches import in_batches
from vsumm.score.looks import (
    LONGEST_STRETCH_SECONDS,
    find_key_looks,
    is_black,
    look_windows,
    looks_of,
    read_looks,
    spaced,
)
from vsumm.score.signals.image import IMAGE, ChangeMeter, ImageMeter
from vsumm.score.signals.motion import KeyFrameMotion, MotionMeter
from vsumm.score.signals.music import MusicMeter
from vsumm.score.sound_windows import SAMPLE_RATE, sound_windows


class ForetoldModel:
    """Calls the mean brightness, and the loudest sample of a window, arousal."""

    config = SimpleNamespace(music_window_seconds=3.0)
    music_sample_rate = None

    def image_features(self, images):
        return torch.tensor([[image.mean() / 255] for image in images])

    def va_of_features(self, modality, features):
        return torch.cat([torch.full_like(features, 0.5), features], dim=1)

    def music_features(self, samples, sample_rate):
        assert sample_rate == SAMPLE_RATE
        assert samples.shape[1] >= SAMPLE_RATE  # what the towers need
        return torch.tensor([[np.abs(window).max()] for window in samples])


def image_va(frames, model, num_segments, *, frames_per_segment=1, at_once=64):
    meter = ImageMeter(model, num_segments)
    for batch in in_batches(looks_of(frames, frames_per_segment=frames_per_segment), at_once):
        meter.add(batch)
    return meter.result()["image_va"]


def motion_of(frames, num_segments, *, name="motion"):
    meter = MotionMeter(num_segments)
    for batch in in_batches(looks_of(frames, frames_per_segment=1), 3):
        meter.add(batch)
    return meter.result()[name]


def music_va(blocks, model, segments):
    meter = MusicMeter(model, len(segments))
    windows = sound_windows(blocks, segments, around_seconds=meter.around_seconds)
    for batch in in_batches(windows, 32):
        meter.add(batch)
    return meter.result()["music_va"]


def grey(index, level):
    return Frame(index, float(index), np.full((8, 8, 3), level, np.uint8))


def sound(samples, *, block=5000):
    samples = np.asarray(samples, np.float32)
    for start in range(0, len(samples), block):
        yield AudioBlock(start / SAMPLE_RATE, samples[start : start + block])


def test_every_segment_is_cut_into_windows_of_which_one_frame_is_looked_at():
    windows = look_windows([Segment(0, 2), Segment(2, 3)], frames_per_segment=1)
    assert windows == [Segment(0, 1), Segment(1, 2), Segment(2, 2.5), Segment(2.5, 3)]
    starts = [
        window.start_seconds for window in look_windows([Segment(4, 6)], frames_per_segment=2)
    ]
    assert starts == [4.0, 4.5, 5.0, 5.5]


def test_of_key_frames_the_first_of_each_window_is_looked_at():
    windows = look_windows(split_into_segments(12.0, segment_seconds=2.0), frames_per_segment=1)
    keys = find_key_looks(np.array([2.5, 2.9, 3.0, 9.5, 11.0]), windows, frames_per_segment=1)
    assert keys.seconds == [2.5, 3.0, 9.5, 11.0]
    assert keys.windows == [2, 3, 9, 11]  # of one second each
    # Segments without a key frame show the one before; at the beginning there is none.
    assert keys.rows.tolist() == [1, 1, 1, 1, 4, 5]
    frames = [grey(0, 10), grey(1, 20), grey(2, 30), grey(3, 40)]
    looks = list(looks_of(frames, frames_per_segment=1, windows=keys.windows))
    assert [(look.row, look.part) for look in looks] == [(1, 1), (1, 1), (4, 4), (5, 5)]


@pytest.mark.parametrize(("minutes", "distance"), [(1, 0.6), (10, LONGEST_STRETCH_SECONDS)])
def test_of_many_key_frames_a_quick_look_decodes_fewer_the_longer_the_film(minutes, distance):
    seconds = 60.0 * minutes
    found = spaced(np.arange(0.0, seconds, 0.2), seconds)
    np.testing.assert_allclose(np.diff(found), distance, atol=0.2)
    few = np.array([0.0, 7.0, seconds - 1])
    assert spaced(few, seconds).tolist() == few.tolist()


def test_key_frames_are_compared_whatever_lies_between_them():
    frames = [Frame(0, 0.0, grey(0, 0).pixels), Frame(8, 4.0, grey(0, 255).pixels)]
    meter = KeyFrameMotion(4)
    meter.add(list(looks_of(frames, frames_per_segment=2)))
    found = meter.result()
    # A difference of 1 over 4 s is one of 1 / sqrt(4) over 1 s.
    expected = [0.5**0.5, 0.5**0.5, 0.5**0.5, np.nan]
    np.testing.assert_allclose(found["motion"], expected)
    assert np.isnan(found["look_changes"]).all()


@given(st.floats(0.01, 1e5), st.floats(0.1, 60), st.integers(1, 7))
def test_windows_follow_each_other_whatever_their_length(seconds, segment_seconds, frames):
    seconds = min(seconds, 500 * segment_seconds)
    segments = split_into_segments(seconds, segment_seconds=segment_seconds)
    windows = look_windows(segments, frames_per_segment=frames)
    assert len(windows) == 2 * frames * len(segments)
    assert all(earlier.end_seconds == later.start_seconds for earlier, later in pairwise(windows))
    assert windows[-1].end_seconds == seconds


@given(
    st.floats(0.5, 300),
    st.floats(0.1, 10),
    st.integers(1, 3),
    st.lists(st.floats(0, 300), max_size=40),
)
def test_windows_by_key_frames_stay_in_their_parts(seconds, segment_seconds, frames, keys):
    segments = split_into_segments(seconds, segment_seconds=segment_seconds)
    keys = sorted(key for key in keys if key < seconds)
    windows = look_windows(segments, frames_per_segment=frames, key_seconds=keys)
    equal = look_windows(segments, frames_per_segment=frames)
    assert len(windows) == len(equal)
    for first, second, begin, end in zip(
        windows[::2], windows[1::2], equal[::2], equal[1::2], strict=True
    ):
        assert begin.start_seconds <= first.start_seconds < first.end_seconds
        assert first.end_seconds == second.start_seconds < second.end_seconds == end.end_seconds


def test_a_part_with_a_key_frame_needs_none_before_it():
    segments = split_into_segments(10.0)
    windows = look_windows(segments, frames_per_segment=1, key_seconds=[0.5, 5.1, 9.95])
    assert [window.start_seconds for window in windows] == pytest.approx(
        [0.5, 1.0, 2.0, 2.25, 5.1, 5.35, 6.0, 7.0, 8.0, 9.0]
    )


def test_fewer_frames_are_decoded_where_key_frames_are_known(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=8, gop_seconds=2.8)
    info, segments = probe(path), split_into_segments(8.0)
    times = []
    for keys in ((), find_key_frames(info)):
        windows = look_windows(segments, frames_per_segment=1, key_seconds=keys)
        with read_looks(info, windows) as frames:
            times.append([frame.time_seconds for frame in frames])
    assert times[0] == pytest.approx([0, 1, 2.8, 3, 4, 5.6, 6, 7], abs=0.21)
    assert times[1] == pytest.approx([0, 0.25, 2.8, 3.05, 5.6, 5.85, 6, 6.25], abs=0.21)


def test_looks_are_key_frames_where_there_are_any(tmp_path):
    path = make_film(tmp_path / "film.mp4", seconds=6, gop_seconds=1.6)
    windows = look_windows(split_into_segments(6.0), frames_per_segment=1)
    with read_looks(probe(path), windows) as frames:
        times = [frame.time_seconds for frame in frames]
    assert times == pytest.approx([0.0, 1.6, 2.0, 3.2, 4.8, 5.0])


def test_a_segment_gets_the_mean_of_the_frames_that_are_seen():
    frames = [grey(index, level) for index, level in enumerate([51, 0, 102, 0, 204, 0, 153, 0])]
    va = image_va(frames, ForetoldModel(), 2, frames_per_segment=2)
    np.testing.assert_allclose(va, [[0.5, 0.3], [0.5, 0.7]], atol=1e-6)


def test_for_a_black_or_unread_frame_the_next_look_is_seen():
    frames = [grey(0, 3), grey(1, 102), grey(3, 51), grey(4, 3), grey(5, 3)]  # 2 was not read
    va = image_va(frames, ForetoldModel(), 3)
    np.testing.assert_allclose(va, [[0.5, 0.4], [0.5, 0.2], [np.nan, np.nan]], atol=1e-6)


def test_of_many_frames_each_part_is_seen_once():
    frames = [grey(index, 51 if index % 2 == 0 else 204) for index in range(20)]
    va = image_va(frames, ForetoldModel(), 10, at_once=3)  # batches end inside parts
    np.testing.assert_allclose(va[:, 1], 0.2, atol=1e-6)


def test_motion_is_the_weighted_mean_over_the_frames_that_touch_a_segment():
    frames = [grey(0, 51), grey(1, 102), grey(2, 204), grey(3, 204)]
    motion = motion_of(frames, 2)
    one = np.sqrt([0.2, 0.4, 0.0])
    two = np.sqrt(np.array([0.6, 0.4]) / 2**0.5)  # two frames apart
    first = (one[0] + one[1] + 1.5 * (two[0] + two[1])) / 5
    second = (one[1] + one[2] + 1.5 * (two[0] + two[1])) / 5
    np.testing.assert_allclose(motion, [first, second], atol=1e-6)


def test_cuts_are_great_differences_between_neighbouring_frames_per_second():
    frames = [grey(0, 51), grey(1, 60), grey(2, 204), grey(3, 204), grey(5, 51)]
    cuts = motion_of(frames, 3, name="cuts")
    seconds = [frame.time_seconds for frame in frames]
    np.testing.assert_allclose(cuts[0], 1 / (seconds[2] - seconds[0]))
    np.testing.assert_allclose(cuts[1], 1 / (seconds[3] - seconds[1]))
    assert np.isnan(cuts[2])  # its only neighbour was not read


def test_motion_is_not_seen_across_two_unread_frames():
    frames = [grey(0, 51), grey(3, 204), grey(5, 204), grey(6, 204)]
    motion = motion_of(frames, 4)
    np.testing.assert_array_equal(motion, [np.nan, 0.0, 0.0, 0.0])


def test_motion_does_not_depend_on_where_in_its_window_a_frame_lies():
    generator = np.random.default_rng(3)
    # A random walk: differences grow with the square root of the time between.
    steps = generator.normal(0, 1.5, (2000, 9, 16, 3))
    pixels = np.clip(128 + np.cumsum(steps, axis=0), 0, 255).astype(np.uint8)

    def measured(offsets):
        ticks = [round(50 * (index + offset)) for index, offset in enumerate(offsets)]
        return motion_of([Frame(i, t / 50, pixels[t]) for i, t in enumerate(ticks)], 19).mean()

    uneven = measured(generator.uniform(0, 0.9, 38))
    assert uneven == pytest.approx(measured(np.zeros(38)), rel=0.1)


@pytest.mark.slow
def test_motion_of_a_slow_copy_ranks_as_its_original(data_folder, tmp_path):
    original = data_folder / "benchmark" / "summe_video" / "Jumps.webm"
    if not original.is_file():
        pytest.skip(f"{original} does not exist")
    copy = tmp_path / "copy.mkv"
    program = imageio_ffmpeg.get_ffmpeg_exe()
    options = ["-v", "error", "-i", original, "-vf", "fps=2", "-c:v", "libx264", "-an", copy]
    subprocess.run([program, *options], check=True)
    motions = []
    for path in (original, copy):
        segments = split_into_segments(38.0)  # the copy is shorter by less than a segment
        with read_looks(probe(path), look_windows(segments, frames_per_segment=1)) as frames:
            motions.append(motion_of(frames, len(segments)))
    assert spearmanr(*motions).statistic >= 0.9


def test_change_lies_on_both_sides_of_a_border():
    meter = ChangeMeter(6)
    for row in (0, 1, 2, 4, 5):
        meter.add(row, np.eye(2, dtype=np.float32)[0 if row < 2 else 1])
    np.testing.assert_array_equal(meter.result(), [0, 0.5, 0.5, np.nan, 0, 0])


MODELS = {"torch": lambda: MMVA.from_pretrained("mmva-lite"), "embedded": EmbeddedModel}


@pytest.mark.parametrize("load", MODELS.values(), ids=MODELS)
def test_one_pass_of_the_tower_tells_affect_and_what_is_shown(load):
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (4, 90, 160, 3), dtype=np.uint8)
    frames = [Frame(i, float(i), pixels[i]) for i in range(4)] + [grey(4, 0), grey(5, 0)]
    model = load()
    meter = ImageMeter(model, 4, reader=PictureReader.of(model))
    meter.add(list(looks_of(frames, frames_per_segment=1)))
    arrays = meter.result()
    assert {name: array.shape[1:] for name, array in arrays.items()} == {
        name: (width,) if width else () for name, width in IMAGE.columns.items()
    }
    for array in arrays.values():
        assert np.isfinite(array[:2]).all()
        assert np.isnan(array[2:]).all()  # black, and not read
    np.testing.assert_allclose(
        arrays["image_va"][:2],
        model.va_of_features("image", model.image_features(list(pixels[::2]))),
        atol=1e-5,
    )
    np.testing.assert_allclose(np.linalg.norm(arrays["text_embeds"][:2], axis=1), 1, atol=0.01)


def test_without_a_reader_only_affect_is_known():
    meter = ImageMeter(ForetoldModel(), 2)
    meter.add(list(looks_of([grey(0, 51), grey(2, 51)], frames_per_segment=1)))
    arrays = meter.result()
    assert np.isfinite(arrays.pop("image_va")).all()
    assert all(np.isnan(array).all() for array in arrays.values())


@pytest.mark.parametrize(("level", "expected"), [(0, True), (16, True), (60, False), (255, False)])
def test_black_is_what_shows_nothing(level, expected):
    assert is_black(np.full((90, 160, 3), level, np.uint8)) is expected


def test_a_lamp_in_the_night_is_not_black():
    pixels = np.zeros((90, 160, 3), np.uint8)
    pixels[40:50, 70:90] = 200
    assert not is_black(pixels)


def test_a_window_is_centred_on_its_segment_and_reaches_over_its_borders():
    samples = np.full(20 * SAMPLE_RATE, 0.01)
    samples[round(9.9 * SAMPLE_RATE)] = 1.0  # in segment [8, 10); in the windows of three
    va = music_va(sound(samples), ForetoldModel(), split_into_segments(20.0))
    heard = np.flatnonzero(va[:, 1] > 0.5)
    assert heard.tolist() == [4, 5]  # windows [7.5, 10.5) and [9.5, 12.5)


def test_windows_at_both_ends_are_moved_inwards():
    samples = np.full(6 * SAMPLE_RATE, 0.01)
    samples[round(2.9 * SAMPLE_RATE)] = 0.7
    samples[round(3.2 * SAMPLE_RATE)] = 0.9
    va = music_va(sound(samples), ForetoldModel(), split_into_segments(6.0))
    np.testing.assert_allclose(va[:, 1], [0.7, 0.9, 0.9], atol=1e-6)


def test_a_silent_segment_has_no_value_even_beside_a_loud_one():
    samples = np.zeros(6 * SAMPLE_RATE)
    samples[: 2 * SAMPLE_RATE] = 0.5
    va = music_va(sound(samples), ForetoldModel(), split_into_segments(6.0))
    assert np.isfinite(va[:, 1]).tolist() == [True, False, False]


@pytest.mark.parametrize("seconds", [6.0, 5.5])
def test_sound_is_read_to_its_end_where_losses_are_told(seconds):
    told = []

    def blocks():
        yield from sound(np.full(6 * SAMPLE_RATE, 0.3))
        told.append("damage")

    music_va(blocks(), ForetoldModel(), split_into_segments(seconds))
    assert told


def test_sound_that_ends_early_is_followed_by_silence():
    va = music_va(sound(np.full(SAMPLE_RATE, 0.3)), ForetoldModel(), split_into_segments(8.0))
    assert np.isfinite(va[:, 1]).tolist() == [True, False, False, False]


def test_a_film_shorter_than_a_window_is_one_window():
    segments = split_into_segments(1.0, segment_seconds=0.5)
    va = music_va(sound(np.full(SAMPLE_RATE, 0.3)), ForetoldModel(), segments)
    np.testing.assert_allclose(va[:, 1], [0.3, 0.3], atol=1e-6)


def test_a_film_shorter_than_the_tower_needs_is_followed_by_silence():
    segments = split_into_segments(0.6, segment_seconds=0.3)
    samples = np.full(round(0.6 * SAMPLE_RATE), 0.3)
    va = music_va(sound(samples), ForetoldModel(), segments)
    np.testing.assert_allclose(va[:, 1], [0.3, 0.3], atol=1e-6)


def test_block_size_does_not_matter():
    samples = np.random.default_rng(0).uniform(-1, 1, 9 * SAMPLE_RATE)
    segments = split_into_segments(9.0)
    small = music_va(sound(samples, block=777), ForetoldModel(), segments)
    large = music_va(sound(samples, block=10**6), ForetoldModel(), segments)
    np.testing.assert_array_equal(small, large)


@pytest.mark.parametrize("load", MODELS.values(), ids=MODELS)
def test_what_windows_share_is_transformed_once_and_gives_the_same(load):
    """Segments of two seconds, silence in the middle, a last segment that is shorter."""
    model = load()
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 0.1, 61 * SAMPLE_RATE).astype(np.float32)
    samples[20 * SAMPLE_RATE : 40 * SAMPLE_RATE] = 0
    segments = split_into_segments(61.0)
    results = []
    for takes_stretches in (False, True):
        meter = MusicMeter(model, len(segments))
        meter._takes_stretches = takes_stretches
        blocks = [AudioBlock(0.0, samples)]
        windows = sound_windows(blocks, segments, around_seconds=meter.around_seconds)
        for batch in in_batches(windows, 8):
            meter.add(batch)
        results.append(meter.result()["music_va"])
    assert np.isnan(results[0]).any()
    np.testing.assert_allclose(results[1], results[0], atol=1e-5)
