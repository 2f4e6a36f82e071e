"""What the videos of a data set are said to be about: what a person would have typed."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from eval.datasets.benchmark import Benchmark, BenchmarkVideo

TopicSource = Literal["title", "other", "none"]
"""The video's own title, that of another video, or none."""
TOPIC_SOURCES: tuple[TopicSource, ...] = get_args(TopicSource)
NOTES = {
    "title": "each video's topic is its title in the data set",
    "other": "each video's topic is the title of a video of another category",
    "none": "no titles of the data set are used",
}


def with_topics(benchmark: Benchmark, source: TopicSource) -> Benchmark:
    """Return a benchmark whose videos are about titles of some source, and note which.

    "other" is the title of the next video of another category: what a wrong one costs. A data set
    without titles, such as SumMe, stays as it is.
    """
    titled = [video for video in benchmark.videos if video.title is not None]
    if not titled:
        return benchmark
    titles: dict[str, str | None] = {}
    for place, video in enumerate(titled):
        behind = titled[place + 1 :] + titled[:place]
        titles[video.video_id] = _title_for(video, behind, source)
    videos = tuple(replace(v, title=titles.get(v.video_id)) for v in benchmark.videos)
    return replace(benchmark, videos=videos, notes=(*benchmark.notes, NOTES[source]))


def _title_for(
    video: BenchmarkVideo, others: list[BenchmarkVideo], source: TopicSource
) -> str | None:
    if source == "title":
        return video.title
    if source == "none":
        return None
    return next((v.title for v in others if v.category != video.category), None)
