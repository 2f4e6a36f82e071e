"""Building IMEMNet-C from DEAM, IAPS, NAPS and EMOTIC, on made tables in their formats."""

import wave

import numpy as np
import pytest
import scipy.io

from mmva_core.data.imemnet.labels import Sample, read_labels
from mmva_core.data.sources.deam import Clip, join_clips, read_deam, write_clips
from mmva_core.data.sources.label_tables import write_labels
from mmva_core.data.sources.pictures import RatingColumns, read_emotic, read_iaps, read_naps
from mmva_core.data.sources.rescale import Scale, rescale
from mmva_core.errors import DataError

RATE = 8000
ROUNDING = 1 / 32768


def write_deam(path, songs):
    times = range(15000, 23000, 500)
    lines = ["song_id," + ",".join(f"sample_{time}ms" for time in times)]
    lines += [f"{song}," + ",".join(str(value(time)) for time in times) for song, value in songs]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def deam(tmp_path):
    valence = write_deam(tmp_path / "valence.csv", [("7", lambda time: 0.5)])
    arousal = write_deam(tmp_path / "arousal.csv", [("7", lambda time: (time - 18000) / 10000)])
    return read_deam(valence, arousal)


def test_clips_begin_with_the_first_wholly_rated_two_seconds(deam):
    clips = deam["7"]
    assert [clip.id for clip in clips] == ["7-8", "7-9", "7-10"]
    assert (clips[0].start_seconds, clips[-1].end_seconds) == (16, 22)


def test_labels_are_means_of_the_ratings_brought_to_the_unit_interval(deam):
    first = deam["7"][0]
    assert first.valence == pytest.approx(0.75)
    ratings = [(time - 18000) / 10000 for time in (16000, 16500, 17000, 17500)]
    assert first.arousal == pytest.approx((np.mean(ratings) + 1) / 2)


def test_a_clip_with_missing_ratings_is_left_out(tmp_path):
    for name in ("valence", "arousal"):
        path = write_deam(tmp_path / f"{name}.csv", [("7", lambda time: 0.0)])
        path.write_text(path.read_text().replace("0.0,0.0,0.0,0.0,0.0\n", "0.0,0.0,,,\n"))
    clips = read_deam(tmp_path / "valence.csv", tmp_path / "arousal.csv")["7"]
    assert [clip.number for clip in clips] == [8, 9]


def test_tables_of_other_songs_do_not_belong_together(tmp_path):
    valence = write_deam(tmp_path / "valence.csv", [("7", lambda time: 0)])
    arousal = write_deam(tmp_path / "arousal.csv", [("8", lambda time: 0)])
    with pytest.raises(DataError, match="name different songs, for example 7"):
        read_deam(valence, arousal)


def test_a_rating_outside_deams_scale_is_refused(tmp_path):
    tables = [write_deam(tmp_path / f"{n}.csv", [("7", lambda time: 5)]) for n in ("v", "a")]
    with pytest.raises(DataError, match=r"outside the scale -1\.0\.\.1\.0"):
        read_deam(*tables)


def clip(number, valence=0.5):
    return Clip("7", number, 2.0 * number, 2.0 * number + 2, valence, 0.5)


def test_up_to_five_consecutive_clips_are_joined():
    joined = join_clips([clip(number) for number in range(8, 15)])
    assert [(run.number, run.start_seconds, run.end_seconds) for run in joined] == [
        (8, 16, 26),
        (13, 26, 30),
    ]


def test_a_gap_ends_a_run_and_labels_are_averaged():
    joined = join_clips([clip(8, 0.2), clip(9, 0.4), clip(11, 0.9)])
    assert [(run.number, run.end_seconds) for run in joined] == [(8, 20), (11, 24)]
    assert joined[0].valence == pytest.approx(0.3)


def write_song(path, seconds=22):
    ramp = np.linspace(0, 0.5, seconds * RATE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((ramp * 32767).astype("<i2").tobytes())
    return ramp


def test_songs_are_cut_into_files_and_missing_songs_are_named(deam, tmp_path):
    ramp = write_song(tmp_path / "7.wav")
    clips = deam | {"9": [Clip("9", 8, 16, 18, 0.5, 0.5)]}
    written, missing = write_clips(clips, tmp_path, tmp_path / "clips", sample_rate=RATE)
    assert [one.id for one in written] == ["7-8", "7-9", "7-10"]
    assert missing == ["9"]
    with wave.open(str(tmp_path / "clips" / "7-9.wav")) as file:
        samples = np.frombuffer(file.readframes(-1), "<i2") / 32767
    np.testing.assert_allclose(samples, ramp[18 * RATE : 20 * RATE], atol=2 * ROUNDING)


def test_a_label_table_can_be_read_again(tmp_path):
    samples = [Sample("7-8", 0.25, 1 / 3, 'A "soft", calm piece.')]
    write_labels(tmp_path / "music_va.csv", samples, "music")
    assert list(read_labels(tmp_path / "music_va.csv")[0]) == samples


def test_iaps_keeps_the_decimals_of_its_ids(tmp_path):
    table = "International Affective Picture System\n\ndesc\tIAPS\tvalmn\tvalsd\taromn\tarosd\n"
    path = tmp_path / "AllSubjects_1-20.txt"
    path.write_text(table + "Boy\t2900.1\t5\t1\t9\t1\nBoy\t2900.0\t1\t1\t3\t1\n")
    assert read_iaps(path) == [Sample("2900.1", 0.5, 1.0), Sample("2900", 0.0, 0.25)]


def test_naps_columns_can_be_named(tmp_path):
    path = tmp_path / "naps.csv"
    path.write_text("Nr;Picture;Val mean;Aro mean\n1;Faces_001_h.jpg;5,0;3,0\n")
    columns = RatingColumns(("picture",), ("val mean",), ("aro mean",))
    assert read_naps(path, columns=columns) == [Sample("Faces_001_h", 0.5, 0.25)]


def test_a_table_without_the_columns_is_refused(tmp_path):
    path = tmp_path / "naps.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no line names the columns"):
        read_naps(path)


def test_emotic_averages_over_the_people_of_a_picture(tmp_path):
    def person(*ratings):
        return {"annotations_continuous": [{"valence": v, "arousal": a} for v, a in ratings]}

    combined = {"combined_continuous": {"valence": 10.0, "arousal": 1.0}}
    pictures = [
        {"filename": "COCO_val2014_1.jpg", "person": [person((1.0, 10.0)), person((10.0, 10.0))]},
        {"filename": "frame_x.jpg", "person": [combined]},
        {"filename": "unrated.jpg", "person": [person((np.nan, np.nan))]},
    ]
    scipy.io.savemat(tmp_path / "Annotations.mat", {"train": pictures[:1], "val": pictures[1:]})
    assert read_emotic(tmp_path / "Annotations.mat") == [
        Sample("COCO_val2014_1", 0.5, 1.0),
        Sample("frame_x", 1.0, 0.0),
    ]


def test_a_file_that_is_no_matlab_is_one_line(tmp_path):
    path = tmp_path / "Annotations.mat"
    path.write_text("nothing")
    with pytest.raises(DataError, match="cannot read"):
        read_emotic(path)


def test_rescaling_from_the_observed_range():
    samples = [Sample("a", 2.0, 3.0), Sample("b", 4.0, 7.0), Sample("c", 3.0, 4.0)]
    rescaled = rescale(samples, Scale(1, 9), "observed")
    assert [(s.valence, s.arousal) for s in rescaled] == [(0, 0), (1, 1), (0.5, 0.25)]


def test_a_set_without_range_cannot_be_rescaled_from_it():
    with pytest.raises(DataError, match=r"every valence is 2\.0"):
        rescale([Sample("a", 2.0, 3.0)], Scale(1, 9), "observed")
