"""Tables, batches and the cache: what the trainer eats."""

import pytest
import torch
from mmva_tiny import feature_table

from mmva_core.store.features import cached_features, sha256_tensor, sha256_text
from mmva_core.store.files import sha256_file, write_whole
from mmva_core.train.batches import epoch_batches, epoch_seed, steps_per_epoch
from mmva_core.train.config import TrainConfig
from mmva_core.train.tables import FeatureTable, InputTable, TrainingData, concat_tables

SIGMA = 0.4


def table(num_samples=6, seed=0, **columns):
    return feature_table(num_samples, (9,), seed=seed, **columns)


def views_table(num_samples=6, num_views=3):
    """Features that name their sample and view."""
    samples = torch.arange(num_samples).view(-1, 1, 1) * 10.0
    features = (samples + torch.arange(num_views).view(1, -1, 1)).expand(-1, -1, 9)
    plain = table(num_samples)
    return FeatureTable(features=features, va=plain.va, ids=plain.ids, with_views=True)


def data(**changes):
    music = table(4, seed=1)
    return TrainingData(**({"image": table(), "music": music, "caption": music} | changes))


def all_rows(batch_size):
    return slice(0, batch_size)


def batches(training, epoch=0, rows=None, **changes):
    config = TrainConfig(**({"batch_size": 4} | changes))
    return list(epoch_batches(training, config, epoch, SIGMA, rows or all_rows(config.batch_size)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"va": torch.rand(6, 3)}, "va must have shape"),
        ({"va": torch.full((6, 2), 1.5)}, r"va must lie in \[0, 1\]"),
        ({"ids": ("a",)}, "ids has 1 entries for 6 samples"),
        ({"weights": torch.ones(2)}, "weights has 2 entries"),
        ({"weights": -torch.ones(6)}, "must not be negative"),
        ({"weights": torch.zeros(6)}, "not all zero"),
        ({"extra": {"tags": torch.ones(2, 3)}}, "tags has 2 entries"),
        ({"features": torch.ones(2, 9)}, "2 features for 6 samples"),
        ({"with_views": True}, r"with_views needs \(N, V, \.\.\.\)"),
    ],
)
def test_a_table_whose_columns_do_not_fit_is_refused(change, message):
    plain = table()
    values = {"features": plain.features, "va": plain.va, "ids": plain.ids} | change
    with pytest.raises(ValueError, match=message):
        FeatureTable(**values)


def test_weights_have_mean_1():
    weighted = table(weights=torch.tensor([1.0, 3, 1, 3, 1, 3]))
    assert weighted.weights.tolist() == [0.5, 1.5, 0.5, 1.5, 0.5, 1.5]


def test_missing_labels_are_left_out_of_the_mean():
    plain = table(2)
    va = torch.tensor([[0.2, float("nan")], [0.4, 0.6]])
    labels = FeatureTable(features=plain.features, va=va, ids=plain.ids)
    assert labels.label_mean().tolist() == pytest.approx([0.3, 0.6])


def test_a_subset_keeps_every_column():
    whole = table(groups=tuple("aabbcc"), extra={"row": torch.arange(6)})
    part = whole.subset([4, 1])
    assert part.ids == ("0-4", "0-1")
    assert part.groups == ("c", "a")
    assert part.extra["row"].tolist() == [4, 1]
    assert torch.equal(part.features, whole.features[[4, 1]])


def test_tables_are_put_under_each_other():
    first, second = table(2, weights=torch.tensor([1.0, 3.0])), table(3, seed=5)
    joined = concat_tables([first, second])
    assert len(joined) == 5
    assert joined.ids == first.ids + second.ids
    assert joined.weights.tolist() == pytest.approx([0.5, 1.5, 1, 1, 1])


@pytest.mark.parametrize("tables", [[], [feature_table(2, (3,)), feature_table(2, (4,))]])
def test_tables_that_do_not_fit_are_not_put_together(tables):
    with pytest.raises(ValueError, match=r"no table|differ in shape"):
        concat_tables(tables)


def test_every_clip_needs_a_caption():
    with pytest.raises(ValueError, match="4 clips, 3 captions"):
        data(caption=table(3))


@pytest.mark.parametrize("pairs", [[[0, 9]], [[-1, 0]], [[0, 1, 2]]])
def test_pairs_have_to_name_rows(pairs):
    with pytest.raises(ValueError, match="pairs"):
        data(pairs=torch.tensor(pairs))


def test_the_hash_knows_features_labels_and_pairs():
    hashes = {
        data().content_hash(),
        data(image=table(seed=9)).content_hash(),
        data(pairs=torch.tensor([[0, 1]])).content_hash(),
        data(image=table(weights=torch.arange(1.0, 7.0))).content_hash(),
    }
    assert len(hashes) == 4
    assert data().content_hash() == data().content_hash()


def test_an_epoch_shows_every_picture_and_fills_the_last_batch():
    found = batches(data())
    assert len(found) == steps_per_epoch(data(), TrainConfig(batch_size=4)) == 2
    seen = torch.cat([batch.image.inputs["features"] for batch in found])
    assert len(seen.unique(dim=0)) == 6
    assert len(seen) == 8


def test_a_caption_stays_with_its_clip():
    for batch in batches(data()):
        assert torch.equal(batch.music.inputs["features"], batch.caption.inputs["features"])


def test_a_batch_depends_on_seed_and_epoch_alone():
    first, again, other = batches(data()), batches(data()), batches(data(), epoch=1)
    assert torch.equal(first[0].image.va, again[0].image.va)
    assert not torch.equal(first[0].image.va, other[0].image.va)
    assert epoch_seed(0, 0, "batches") != epoch_seed(0, 0, "dropout")


@pytest.mark.parametrize("mixup", [0.0, 0.5])
def test_processes_see_the_rows_of_one_batch(mixup):
    whole = batches(data(), mixup=mixup)
    parts = [batches(data(), mixup=mixup, rows=rows) for rows in (slice(0, 2), slice(2, 4))]
    for index, batch in enumerate(whole):
        joined = torch.cat([part[index].image.inputs["features"] for part in parts])
        assert torch.equal(batch.image.inputs["features"], joined)
        scores = torch.cat([part[index].matching_score for part in parts])
        torch.testing.assert_close(batch.matching_score, scores)


def test_training_draws_views_at_random_and_validation_takes_the_first():
    training = data(image=views_table())
    drawn = torch.cat(
        [b.image.inputs["features"][:, 0] for e in range(20) for b in batches(training, e)]
    )
    assert set((drawn % 10).tolist()) == {0.0, 1.0, 2.0}
    rows = torch.tensor([2, 5])
    assert views_table().inputs(rows)["features"][:, 0].tolist() == [20, 50]


def test_a_view_keeps_the_label_of_its_sample():
    training = data(image=views_table())
    for batch in batches(training):
        samples = (batch.image.inputs["features"][:, 0] // 10).long()
        assert torch.equal(batch.image.va, training.image.va[samples])


def test_mixup_mixes_features_and_labels_alike():
    plain = table()
    linear = FeatureTable(features=plain.va.repeat(1, 2), va=plain.va, ids=plain.ids)
    for batch in batches(data(image=linear), mixup=1.0):
        torch.testing.assert_close(batch.image.inputs["features"][:, :2], batch.image.va)
        assert bool(((batch.image.va >= 0) & (batch.image.va <= 1)).all())


def test_inputs_are_prepared_for_the_wanted_rows_only():
    asked = []

    def load(ids):
        asked.append(tuple(ids))
        return {"pixel_values": torch.zeros(len(ids), 3, 2, 2)}

    plain = table()
    pictures = InputTable(load=load, va=plain.va, ids=plain.ids)
    found = batches(data(image=pictures), rows=slice(1, 3))
    assert [len(ids) for ids in asked] == [2, 2]
    assert found[0].image.inputs["pixel_values"].shape == (2, 3, 2, 2)


def test_features_are_computed_once(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        return torch.arange(6.0).view(2, 3)

    for _ in range(2):
        features = cached_features(tmp_path / "cache", "tower", ["a", "b"], compute)
    assert torch.equal(features, torch.arange(6.0).view(2, 3))
    assert len(calls) == 1


@pytest.mark.parametrize(("tower", "contents"), [("other", ["a", "b"]), ("tower", ["a", "c"])])
def test_another_tower_or_content_is_computed_again(tmp_path, tower, contents):
    cached_features(tmp_path, "tower", ["a", "b"], lambda: torch.zeros(2, 1))
    fresh = cached_features(tmp_path, tower, contents, lambda: torch.ones(2, 1))
    assert bool((fresh == 1).all())


@pytest.mark.parametrize("spoil", [lambda data: data[:40], lambda data: data[:-1] + b"\xff"])
def test_a_damaged_cache_is_computed_again_with_a_warning(tmp_path, caplog, spoil):
    cached_features(tmp_path, "tower", ["a"], lambda: torch.zeros(1, 4))
    (path,) = tmp_path.iterdir()
    path.write_bytes(spoil(path.read_bytes()))
    fresh = cached_features(tmp_path, "tower", ["a"], lambda: torch.ones(1, 4))
    assert bool((fresh == 1).all())
    assert "encoding again" in caplog.text


def test_a_wrong_number_of_features_is_refused(tmp_path):
    with pytest.raises(ValueError, match="2 items gave 3 rows"):
        cached_features(tmp_path, "tower", ["a", "b"], lambda: torch.zeros(3, 1))


def test_hashes_know_content_shape_and_type(tmp_path):
    (tmp_path / "file").write_bytes(b"calm")
    assert sha256_file(tmp_path / "file") == sha256_text("calm")
    zeros = torch.zeros(4)
    assert len({sha256_tensor(t) for t in (zeros, zeros.view(2, 2), zeros.double())}) == 3


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "result"
    path.write_text("old")

    def fail(temporary):
        temporary.write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_whole(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
