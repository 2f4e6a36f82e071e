"""Captions as tags, word vectors and sentence vectors."""

import pytest
import torch

from mmva_core.retrievers.texts import BinaryTags, sentence_vectors, word_vectors

CAPTIONS = ["A piece of hip-hop music."] * 5 + ["A sad piece of music."] * 6 + ["A piece of music"]


def test_tags_are_the_words_that_tell_captions_apart():
    assert BinaryTags(CAPTIONS).tags == ["hip-hop", "sad"]
    assert BinaryTags(CAPTIONS[1:]).tags == ["sad"]  # four captions are too few


def test_a_caption_is_the_tags_that_it_names():
    tags = BinaryTags(CAPTIONS)
    found = tags(["Sad, sad hip-hop!", "unknown words", "saddle"])
    assert found.tolist() == [[1, 1], [0, 0], [0, 0]]
    assert tags([]).shape == (0, 2)


@pytest.mark.slow
def test_sentences_are_encoded_alone_and_in_their_order():
    texts = ["a sad song", "a wild piece of loud metal", "a sad song"]
    for encode in (word_vectors, sentence_vectors):
        vectors = encode(texts)
        assert vectors.shape == (3, 384)
        assert torch.equal(vectors[0], vectors[2])
        torch.testing.assert_close(encode(texts[1:2])[0], vectors[1], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(sentence_vectors(texts).norm(dim=1), torch.ones(3))
