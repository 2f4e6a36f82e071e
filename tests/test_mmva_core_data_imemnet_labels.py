"""IMEMNet-C's tables: what is found in them, and that no song is on two sides."""

import pytest

from mmva_core.data.imemnet.labels import (
    IMAGE_SUFFIXES,
    Policies,
    attach_files,
    find_files,
    match_rows,
    read_labels,
    read_match_list,
)
from mmva_core.data.imemnet.splits import SPLITS, rows_of, split_by_group
from mmva_core.errors import DataError

HEADER = ",img,valence,arousal\n"


@pytest.fixture
def write(tmp_path):
    def write_table(rows, header=HEADER):
        path = tmp_path / "labels.csv"
        path.write_text(header + "".join(f"{index},{row}\n" for index, row in enumerate(rows)))
        return path

    return write_table


def test_a_clean_table_is_read_as_it_is(write):
    samples, report = read_labels(write(["a,0.25,1", "b,0,0.5"]))
    assert [(s.id, s.valence, s.arousal) for s in samples] == [("a", 0.25, 1), ("b", 0, 0.5)]
    assert report.lines() == [f"{report.source}: 2 rows, 2 samples kept"]


def test_a_music_table_brings_captions_and_songs(write):
    path = write(['725-16,0.6,0.5,"A vibraphone, softly."'], ",Clip ID,Valence,Arousal,Caption\n")
    (sample,), _ = read_labels(path)
    assert (sample.id, sample.song, sample.caption) == ("725-16", "725", "A vibraphone, softly.")


def test_a_row_id_column_is_not_taken_for_the_id(write):
    (sample,), _ = read_labels(
        write(["725-16,0.6,0.5,x"], "row ID,Clip ID,Valence,Arousal,Caption\n")
    )
    assert sample.id == "725-16"


def test_duplicates_stop_by_default(write):
    with pytest.raises(DataError, match=r"1 ids have several rows \(a\); decide with duplicates"):
        read_labels(write(["a,0,0", "a,1,1"]))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("drop", [("b", 0.5)]), ("first", [("a", 0), ("b", 0.5)]), ("mean", [("a", 0.5), ("b", 0.5)])],
)
def test_duplicates_are_decided_by_a_policy_and_counted(write, policy, expected):
    samples, report = read_labels(write(["a,0,0", "b,0.5,0", "a,1,1"]), Policies(duplicates=policy))
    assert [(sample.id, sample.valence) for sample in samples] == expected
    assert (report.duplicates, report.num_surplus_rows) == ({"a": 2}, 1)


def test_labels_out_of_range_stop_by_default(write):
    with pytest.raises(DataError, match=r"2 labels outside \[0, 1\] \(a, b\)"):
        read_labels(write(["a,1.1,0", "b,0,nan", "c,0,0"]))


@pytest.mark.parametrize(("policy", "kept"), [("drop", ["c"]), ("clip", ["a", "c"])])
def test_labels_out_of_range_are_decided_by_a_policy(write, policy, kept):
    samples, report = read_labels(
        write(["a,1.1,0", "b,0,nan", "c,0,0"]), Policies(out_of_range=policy)
    )
    assert [sample.id for sample in samples] == kept
    assert report.out_of_range == ("a", "b")
    assert all(0 <= sample.valence <= 1 for sample in samples)


@pytest.mark.parametrize("row", ["a,high,0", "a,,0", ",0.5,0.5"])
def test_a_malformed_row_is_named_by_its_line(write, row):
    with pytest.raises(DataError, match=r"labels\.csv, line 3"):
        read_labels(write(["ok,0.5,0.5", row]))


def test_a_table_of_other_columns_is_refused(write):
    with pytest.raises(DataError, match="expected columns"):
        read_labels(write(["1,2"], ",name,score\n"))


def test_a_missing_table_is_one_line(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_labels(tmp_path / "none.csv")


def test_an_unknown_policy_is_refused():
    with pytest.raises(ValueError, match="duplicates must be one of error, drop, first, mean"):
        Policies(duplicates="ignore")


def test_files_are_found_at_any_depth_and_in_either_case(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("a.JPG", "deep/b.jpg", "c.txt"):
        (tmp_path / name).touch()
    found = find_files(["a", "b", "c"], tmp_path, IMAGE_SUFFIXES)
    assert {name: path.name for name, path in found.items()} == {"a": "a.JPG", "b": "b.jpg"}


def test_missing_files_stop_by_default_and_are_counted(write, tmp_path):
    (tmp_path / "a.jpg").touch()
    samples, report = read_labels(write(["a,0,0", "b,1,1"]))
    with pytest.raises(DataError, match=r"1 of 2 files are missing .* \(b\)"):
        attach_files(samples, report, tmp_path, IMAGE_SUFFIXES)
    kept, files, completed = attach_files(samples, report, tmp_path, IMAGE_SUFFIXES, "drop")
    assert [sample.id for sample in kept] == list(files) == ["a"]
    assert (completed.missing_files, completed.num_samples) == (("b",), 1)
    assert "1 files missing: b" in completed.lines()[-1]


def test_a_folder_without_any_file_stops_whatever_the_policy(write, tmp_path):
    samples, report = read_labels(write(["a,0,0"]))
    with pytest.raises(DataError, match="1 of 1 files are missing"):
        attach_files(samples, report, tmp_path, IMAGE_SUFFIXES, "drop")


def test_a_match_list_becomes_rows(tmp_path):
    path = tmp_path / "match.txt"
    path.write_text("1967-11 COCO_a 0.87\n9-9 COCO_b 0.1\n\n7-7 COCO_a 0.5\n")
    pairs = read_match_list(path)
    assert pairs[0] == ("1967-11", "COCO_a", 0.87)
    assert match_rows(pairs, ["COCO_x", "COCO_a"], ["7-7", "1967-11"]) == ([(1, 1), (1, 0)], 1)


@pytest.mark.parametrize("line", ["1967-11 COCO_a", "1967-11 COCO_a high", "a b 1 2"])
def test_a_malformed_match_is_named_by_its_line(tmp_path, line):
    path = tmp_path / "match.txt"
    path.write_text(f"1-1 a 0.5\n{line}\n")
    with pytest.raises(DataError, match="line 2"):
        read_match_list(path)


def test_no_song_is_on_two_sides():
    groups = [str(index % 40) for index in range(300)]
    parts = split_by_group(groups)
    songs = {name: {groups[row] for row in rows_of(parts, name)} for name in SPLITS}
    assert not songs["train"] & songs["test"]
    assert not songs["train"] & songs["validation"]
    assert not songs["validation"] & songs["test"]
    assert {name: len(found) for name, found in songs.items()} == {
        "train": 32,
        "validation": 2,
        "test": 6,
    }


def test_the_split_does_not_depend_on_the_order():
    groups = [str(index) for index in range(30)]
    forward = dict(zip(groups, split_by_group(groups), strict=True))
    backward = dict(zip(groups[::-1], split_by_group(groups[::-1]), strict=True))
    assert forward == backward


def test_another_seed_gives_another_split():
    groups = [str(index) for index in range(100)]
    assert split_by_group(groups, seed=0) != split_by_group(groups, seed=1)


def test_fractions_have_to_add_up():
    with pytest.raises(ValueError, match="add up to 1"):
        split_by_group(["a"], fractions=(0.5, 0.2, 0.2))


@pytest.mark.dataset
def test_the_real_label_file(data_folder):
    path = data_folder / "imemnet" / "image_va.csv"
    samples, report = read_labels(path, Policies(duplicates="drop"))
    assert report.num_rows == 24758
    assert (len(report.duplicates), report.num_surplus_rows) == (8, 14)
    assert report.out_of_range == ()
    assert len(samples) == 24758 - 8 - 14


@pytest.mark.dataset
def test_the_official_validation_list_lies_inside_the_test_list(data_folder):
    lists = [
        read_match_list(data_folder / "imemnet" / f"{n}_matching.txt") for n in ("val", "test")
    ]
    songs = [{clip.rpartition("-")[0] for clip, _, _ in pairs} for pairs in lists]
    assert [len(pairs) for pairs in lists] == [8795, 26115]
    assert songs[0] <= songs[1]
