import pytest
from benchmarks import make_video

from eval.datasets import Benchmark, with_topics

VIDEOS = tuple(
    make_video(name, title=title, category=category)
    for name, title, category in (("a", "Tyres", "VT"), ("b", "Cars", "VT"), ("c", "Dogs", "GA"))
)


@pytest.mark.parametrize(
    ("source", "titles"),
    [
        ("title", ["Tyres", "Cars", "Dogs"]),
        ("other", ["Dogs", "Dogs", "Tyres"]),
        ("none", [None, None, None]),
    ],
)
def test_a_topic_is_the_own_title_that_of_another_category_or_none(source, titles):
    told = with_topics(Benchmark("tvsum", VIDEOS, 50), source)
    assert [video.title for video in told.videos] == titles
    assert len(told.notes) == 1


def test_a_data_set_without_titles_stays_as_it_is():
    bare = Benchmark("summe", (make_video("Jumps"),), 25)
    assert with_topics(bare, "other") is bare
