"""Tests of the open affect sets and of the sentences made of tags."""

import numpy as np
import pytest

from mmva_core.data.open.captions import (
    MOODS,
    OTHER_WORDS,
    SOUNDS,
    STYLES,
    captions_of,
    load_tag_captions,
    reworded_caption,
    tag_caption,
)
from mmva_core.data.open.descriptions import FEELINGS, load_described_clips, people_captions
from mmva_core.data.open.sets import (
    OPEN_SETS,
    LabelScale,
    load_4qaed,
    load_emobank,
    load_oasis,
    load_vgmidi,
    subset,
)
from mmva_core.errors import DataError

EXPECTED_SIZES = {"oasis": 661, "emobank": 10062, "4qaed": 675, "emotify": 300, "vgmidi": 6264}


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_oasis(root, *rows):
    write(root / "oasis/oasis.csv", "file,theme,fold,valence,arousal", *rows)
    for row in rows:
        write(root / "oasis" / row.split(",")[0], "a picture")


def test_a_sets_mean_is_the_middle_and_a_deviation_a_fifth():
    scale = LabelScale(mean=(4.0, 3.0), deviation=(1.0, 0.5))

    plane = scale.to_plane(np.array([[4.0, 3.0], [5.0, 2.5], [99.0, -99.0]]))

    np.testing.assert_allclose(plane, [[0.5, 0.5], [0.7, 0.3], [1.0, 0.0]], atol=1e-6)


def test_oasis_keeps_order_theme_and_fold(tmp_path):
    make_oasis(tmp_path, "images/b.jpg,Dog,2,4.2519,3.5815", "images/a.jpg,Cat,1,5.5131,3.5815")

    items = load_oasis(tmp_path)

    assert items.ids == ("images/b.jpg", "images/a.jpg")
    assert items.groups == ("Dog", "Cat")
    assert items.folds == ("2", "1")
    np.testing.assert_allclose(items.va, [[0.5, 0.5], [0.7, 0.5]], atol=1e-4)


def test_a_missing_picture_is_reported_with_its_name(tmp_path):
    make_oasis(tmp_path, "images/a.jpg,Cat,1,5,3")
    (tmp_path / "oasis/images/a.jpg").unlink()

    with pytest.raises(DataError, match=r"1 files are missing, the first is .*a\.jpg"):
        load_oasis(tmp_path)


def test_a_missing_table_names_the_variable_to_set(tmp_path):
    with pytest.raises(DataError, match="point VSUMM_DATA"):
        load_oasis(tmp_path)


def test_a_missing_column_is_named(tmp_path):
    write(tmp_path / "oasis/oasis.csv", "file,theme,fold,valence", "a.jpg,Cat,1,5")

    with pytest.raises(DataError, match="lacks the columns arousal"):
        load_oasis(tmp_path)


def test_a_label_that_is_no_number_is_refused(tmp_path):
    make_oasis(tmp_path, "images/a.jpg,Cat,1,five,3")

    with pytest.raises(DataError, match="no number"):
        load_oasis(tmp_path)


def test_an_empty_label_is_refused(tmp_path):
    make_oasis(tmp_path, "images/a.jpg,Cat,1,,3")

    with pytest.raises(DataError, match=r"no number|missing"):
        load_oasis(tmp_path)


def test_an_item_listed_twice_is_refused(tmp_path):
    make_oasis(tmp_path, "images/a.jpg,Cat,1,5,3", "images/a.jpg,Cat,1,5,3")

    with pytest.raises(DataError, match="names an item twice"):
        load_oasis(tmp_path)


def test_a_sentence_that_reads_null_stays_a_sentence(tmp_path):
    write(tmp_path / "text/emobank.csv", "id,split,V,A,D,text", "doc_1_0_4,dev,3,3,3,NA")

    items = load_emobank(tmp_path)

    assert items.texts == ("NA",)
    assert items.groups == ("doc_1",)


def test_a_clip_without_artist_is_a_group_of_its_own(tmp_path):
    write(
        tmp_path / "music/4qaed/labels.csv",
        "file,group,valence,arousal",
        "a.ogg,,0,1",
        "b.ogg,,1,0",
    )
    for name in ("a.ogg", "b.ogg"):
        write(tmp_path / "music/4qaed/audio" / name, "sound")

    items = load_4qaed(tmp_path)

    assert len(set(items.groups)) == 2
    np.testing.assert_allclose(items.va, [[0.3, 0.7], [0.7, 0.3]], atol=1e-6)


def test_bars_point_into_the_file_of_their_piece(tmp_path):
    folder = tmp_path / "music/vgmidi"
    write(folder / "labels.csv", "piece,file,group", "tune,tune.mid,Zelda")
    write(
        folder / "vgmidi_bars.csv",
        "piece,bar,start_seconds,end_seconds,valence,arousal",
        "tune,0,0.0,1.5,0.1,0.1",
        "tune,1,1.5,3.0,0.2,0.1",
    )
    write(folder / "midi/tune.mid", "notes")

    items = load_vgmidi(tmp_path)

    assert items.ids == ("tune#0", "tune#1")
    assert items.spans_seconds.tolist() == [[0.0, 1.5], [1.5, 3.0]]
    assert {path.name for path in items.paths} == {"tune.mid"}


def test_a_subset_takes_every_column_in_the_order_asked_for(tmp_path):
    make_oasis(tmp_path, *(f"images/{name}.jpg,{name},1,{4 + n},3" for n, name in enumerate("abc")))

    part = subset(load_oasis(tmp_path), [2, 0])

    assert part.ids == ("images/c.jpg", "images/a.jpg")
    assert part.raw_va[:, 0].tolist() == [6.0, 4.0]
    assert [path.name for path in part.paths] == ["c.jpg", "a.jpg"]


def test_a_caption_names_the_strongest_tags_first():
    caption = tag_caption({"jazz": 0.2, "blues": 0.9, "rock": -1.0, "sad": 0.1, "happy": 0.3})

    assert caption == "A happy and sad piece of blues and jazz music."


def test_a_caption_of_a_clip_without_strong_tags_still_names_a_style():
    assert tag_caption({"jazz": -0.5, "rock": -0.2}) == "A piece of rock music."


def test_captions_stand_beside_their_clips(tmp_path):
    tags = [*STYLES, *MOODS, *SOUNDS]
    calm = ",".join("0.9" if tag in ("ambient", "chill") else "0.1" for tag in tags)
    loud = ",".join("0.9" if tag in ("metal", "party") else "0.1" for tag in tags)
    write(
        tmp_path / "music/tags.csv",
        f"dataset,file,{','.join(tags)}",
        f"4QAED,a.ogg,{calm}",
        f"4QAED,b.ogg,{loud}",
    )
    write(
        tmp_path / "music/4qaed/labels.csv",
        "file,group,valence,arousal",
        "b.ogg,x,0,1",
        "a.ogg,y,1,0",
    )
    for name in ("a.ogg", "b.ogg"):
        write(tmp_path / "music/4qaed/audio" / name, "sound")

    loud_caption, calm_caption = captions_of(load_4qaed(tmp_path), load_tag_captions(tmp_path))

    assert "metal" in loud_caption
    assert "wild" in loud_caption
    assert "ambient" in calm_caption


def test_a_clip_without_tags_is_reported(tmp_path):
    write(tmp_path / "music/4qaed/labels.csv", "file,group,valence,arousal", "b.ogg,x,0,1")
    write(tmp_path / "music/4qaed/audio/b.ogg", "sound")

    with pytest.raises(DataError, match=r"1 clips of 4qaed lack tags, first b\.ogg"):
        captions_of(load_4qaed(tmp_path), {})


@pytest.mark.dataset
@pytest.mark.parametrize("name", sorted(OPEN_SETS))
def test_the_real_sets_are_whole_and_centred(name, data_folder):
    items = OPEN_SETS[name](data_folder)

    assert len(items) == EXPECTED_SIZES[name]
    np.testing.assert_allclose(items.va.mean(0), 0.5, atol=0.01)
    np.testing.assert_allclose(items.va.std(0), 0.2, atol=0.02)


def test_reworded_captions_share_no_word_of_meaning_with_those_of_training():
    names = [*STYLES.values(), *MOODS.values(), *SOUNDS.values()]
    assert set(OTHER_WORDS) == set(names)
    scores = {"jazz": 0.2, "blues": 0.9, "sad": 0.1, "happy": 0.3, "guitar": 1.0}
    plain, other = tag_caption(scores), reworded_caption(scores)
    assert other == (
        "I would like to hear plucked strings. Think of twelve-bar or swing. "
        "It should feel cheerful, even sorrowful."
    )
    assert plain == "A happy and sad piece of blues and jazz music with guitar."
    said = {word for name in names for word in name.split()} - {"a", "voice", "music"}
    assert not said & {word for words in OTHER_WORDS.values() for word in words.split()}
    assert reworded_caption({"jazz": -0.5}) == "Think of swing."


def test_people_s_words_stand_beside_the_labels(tmp_path):
    for name in ("4qaed", "emotify"):
        for file in ("a.ogg", "b.ogg"):
            write(tmp_path / "music" / name / "audio" / file, "sound")
    write(
        tmp_path / "music/4qaed/labels.csv",
        "file,group,arousal,valence,genres,mood_tags",
        "a.ogg,x,0,0,Pop/Rock; Folk,Calm/Peaceful; Sad",
        "b.ogg,y,1,1,Jazz,Fun",
    )
    feelings = ",".join(FEELINGS)
    write(
        tmp_path / "music/emotify/labels.csv",
        f"file,group,arousal,valence,genre,{feelings}",
        "a.ogg,z,-0.19,0.63,rock,0,0,0,0,.2,0,.7,0,0",
        "b.ogg,z,-0.19,0.63,pop,0,0,0,0,0,0,0,.4,.5",
    )

    clips = load_described_clips(tmp_path)

    assert [(clip.name, clip.genre, clip.moods) for clip in clips] == [
        ("4qaed/a.ogg", "pop", ("calm", "sad")),
        ("4qaed/b.ogg", "jazz", ("fun",)),
        ("emotify/a.ogg", "rock", ("joyful", "calm")),
        ("emotify/b.ogg", "pop", ("sad", "tense")),
    ]
    assert clips[1].va.tolist() == pytest.approx([0.7, 0.7])
    assert [clip.group for clip in clips] == ["x", "y", "z", "z"]
    assert people_captions(clips)["4qaed", "a.ogg"] == "Calm and sad pop."
