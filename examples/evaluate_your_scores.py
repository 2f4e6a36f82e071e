"""Evaluate the scores of any summariser, on TVSum or, without it, on two made videos.

    python examples/evaluate_your_scores.py                          # made videos, offline
    python examples/evaluate_your_scores.py ydata-tvsum50.mat        # the real annotation
    python examples/evaluate_your_scores.py ydata-tvsum50.mat scores.json

`scores.json` maps each video to its scores, `{"AwmHb44_ouw": [0.1, 0.7, ...]}`: one per frame, per
15th frame, per 2-second clip, or per segment of the protocol. Without it, the method that is
evaluated gives every clip the score of the clip before: what one user says, a clip late.
"""

import sys
from pathlib import Path

import numpy as np

from eval.datasets.benchmark import Benchmark, BenchmarkVideo, clip_borders
from eval.datasets.tvsum import load_tvsum
from eval.output.text import format_evaluation
from eval.protocol.evaluate import evaluate
from eval.protocol.results import EvaluationSettings
from eval.protocol.scores import read_scores


def make_benchmark(num_frames=1500, frame_rate=25, num_users=5):
    """Two videos whose users agree a little: a shared taste per clip, and a mood of their own."""
    rng = np.random.default_rng(0)
    borders = clip_borders(num_frames, frame_rate)
    videos = []
    for name in ("made_1", "made_2"):
        taste = rng.normal(size=len(borders) - 1)
        moods = taste + rng.normal(size=(num_users, len(taste)))
        clips = np.clip(np.round(3 + moods), 1, 5)
        importance = np.repeat(clips, np.diff(borders), axis=1)
        video = BenchmarkVideo(name, num_frames, clip_borders=borders, user_importance=importance)
        videos.append(video)
    return Benchmark("tvsum", tuple(videos), num_videos=2)


def score_by_the_first_user(video):
    """One score per 2-second clip: the first user's, one clip late."""
    return np.roll(video.user_importance[0][video.clip_borders[:-1]], 1)


benchmark = load_tvsum(Path(sys.argv[1])) if len(sys.argv) > 1 else make_benchmark()
if len(sys.argv) > 2:
    scores = read_scores(Path(sys.argv[2]))
else:
    scores = {video.video_id: score_by_the_first_user(video) for video in benchmark.videos}

for protocol in ("uniform-2s", "two-peak"):  # the same scores: the protocol decides the F-score
    result = evaluate(benchmark, scores, EvaluationSettings(protocol), method="late user")
    print(format_evaluation(result, with_videos=False), end="\n\n\n")
