"""Measured in ranges and joined, a film has the numbers that it has in one piece, bit for bit."""

import numpy as np
import pytest
from films import draw_frame, make_film

from vsumm.analysis import film_to_measure
from vsumm.config import SummaryConfig
from vsumm.files.cache import RecordCache
from vsumm.media.info import probe
from vsumm.score.measure import Memory, measure, segments_at_once
from vsumm.score.model_source import ModelSource
from vsumm.score.ranges import join_ranges, measure_range, ranges_of
from vsumm.score.signal import measurements_of

CONTENT = "0" * 64
SMALL = {"size": (64, 36), "frame_rate": 5, "sample_rate": 8000}


@pytest.fixture(scope="module")
def source():
    return ModelSource(SummaryConfig())


@pytest.fixture(scope="module")
def even(tmp_path_factory):
    """Return a film of 260 s, 130 segments, 4 blocks and a bit."""
    path = tmp_path_factory.mktemp("even") / "film.mp4"
    return make_film(path, seconds=260, flashes=range(3, 260, 7), beeps=[20, 90], **SMALL)


@pytest.fixture(scope="module")
def dark(tmp_path_factory):
    """Return a film that is black for 200 s in its middle, more than a block on either side."""
    path = tmp_path_factory.mktemp("dark") / "film.mp4"

    def draw(number, time, size, *, flash):
        return draw_frame(number, time, size, flash=flash) * np.uint8(not 100 <= time < 300)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("films.draw_frame", draw)
        return make_film(path, seconds=400, flashes=range(3, 400, 7), **SMALL)


@pytest.fixture(scope="module")
def damaged(even):
    """Return a film that holds rubbish for a third of its length."""
    path = even.with_name("damaged.mp4")
    data = bytearray(even.read_bytes())
    first, last = len(data) * 4 // 10, len(data) * 7 // 10
    data[first:last] = np.random.default_rng(0).bytes(last - first)
    path.write_bytes(data)
    return path


def in_one_piece(path, config, source, folder):
    film, signals = film_to_measure(probe(path), config, source)
    measurements = measurements_of(signals, film.config)
    return measure(film, measurements, content=CONTENT, cache=RecordCache(folder))


def in_ranges(path, config, source, folder, num_ranges):
    """Measure ranges, the last one first, join them; what is not there then would be measured."""
    film, signals = film_to_measure(probe(path), config, source)
    measurements = measurements_of(signals, film.config)
    pictures = [m for m in measurements if m.needs == "picture"]
    sounds = [m for m in measurements if m.needs == "sound"]
    parts, cache = RecordCache(folder / "parts"), RecordCache(folder / "whole")
    measure(film, sounds, content=CONTENT, cache=parts)
    ranges = ranges_of(film, num_ranges)
    assert len(ranges) > 1
    for rows in reversed(ranges):
        measure_range(film, pictures, rows, content=CONTENT, parts=parts)
    join_ranges(film, measurements, ranges, content=CONTENT, parts=parts, cache=cache)
    memory = Memory(cache, film, CONTENT)
    assert all(memory.recall(measurement) for measurement in measurements)
    return measure(film, measurements, content=CONTENT, cache=cache)


def assert_same(one, other):
    assert one.arrays.keys() == other.arrays.keys()
    for name in one.arrays:
        np.testing.assert_array_equal(one.arrays[name], other.arrays[name], err_msg=name)
    assert one.image_report == other.image_report
    assert one.music_report == other.music_report


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["even", "dark", "damaged"])
def test_ranges_join_to_the_same_numbers(kind, source, tmp_path, request):
    path, config = request.getfixturevalue(kind), SummaryConfig()
    whole = in_one_piece(path, config, source, tmp_path / "one")
    joined = in_ranges(path, config, source, tmp_path, 4)
    assert np.isfinite(whole.arrays["change"]).sum() > 50
    if kind == "damaged":
        assert whole.image_report.unreadable_seconds > 20
    assert_same(joined, whole)


@pytest.mark.slow
def test_so_they_do_with_more_frames_of_each_segment(even, source, tmp_path):
    config = SummaryConfig(frames_per_segment=3, by="both")
    whole = in_one_piece(even, config, source, tmp_path / "one")
    assert_same(in_ranges(even, config, source, tmp_path, 5), whole)


@pytest.mark.slow
def test_so_they_do_where_two_processes_decode_in_turn(even, source, tmp_path, monkeypatch):
    monkeypatch.setattr("vsumm.decode.frame_reader.LANE_PIXELS", 1)  # as for films of hours
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    config = SummaryConfig()
    whole = in_one_piece(even, config, source, tmp_path / "one")
    assert_same(in_ranges(even, config, source, tmp_path, 3), whole)


@pytest.fixture
def film(even, source):
    return film_to_measure(probe(even), SummaryConfig(), source)[0]


def test_ranges_are_whole_blocks_and_leave_nothing_out(film):
    assert film.num_segments == 130
    assert segments_at_once(film) == 32
    assert ranges_of(film, 1) == [slice(0, 130)]
    assert ranges_of(film, 2) == [slice(0, 64), slice(64, 130)]
    assert ranges_of(film, 99) == [slice(k, min(k + 32, 130)) for k in range(0, 130, 32)]


@pytest.mark.slow
def test_a_range_that_was_measured_is_not_measured_again(film, source, tmp_path, monkeypatch):
    signals = film_to_measure(film.info, film.config, source)[1]
    motion = [m for m in measurements_of(signals, film.config) if m.name == "motion"]
    parts, rows = RecordCache(tmp_path), slice(64, 96)
    measure_range(film, motion, rows, content=CONTENT, parts=parts)
    assert parts.size()[0] == 1
    monkeypatch.setattr("vsumm.score.ranges.open_picture", lambda film: pytest.fail("is there"))
    measure_range(film, motion, rows, content=CONTENT, parts=parts)


@pytest.mark.slow
def test_what_is_missing_is_not_joined(film, source, tmp_path):
    measurements = measurements_of(film_to_measure(film.info, film.config, source)[1], film.config)
    pictures = [m for m in measurements if m.name == "motion"]
    parts, cache = RecordCache(tmp_path / "parts"), RecordCache(tmp_path / "whole")
    ranges = ranges_of(film, 2)
    measure_range(film, pictures, ranges[0], content=CONTENT, parts=parts)
    join_ranges(film, pictures, ranges, content=CONTENT, parts=parts, cache=cache)
    assert cache.size() == (0, 0)
