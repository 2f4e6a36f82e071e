"""Make small annotations in the data sets' own formats."""

import json

import h5py
import numpy as np
from scipy.io import savemat

from eval.datasets.benchmark import BenchmarkVideo, clip_borders


def clip_scores(num_users, num_frames, frame_rate, rng):
    """Scores from 1 to 5, constant over 2-second clips, (num_users, num_frames)."""
    lengths = np.diff(clip_borders(num_frames, frame_rate))
    return np.repeat(rng.integers(1, 6, (num_users, len(lengths))), lengths, axis=1).astype(float)


def make_video(video_id="a", *, num_frames=300, frame_rate=25, num_users=4, seed=0, **fields):
    """A TVSum video with made scores."""
    rng = np.random.default_rng(seed)
    return BenchmarkVideo(
        video_id=video_id,
        num_frames=num_frames,
        frame_rate=frame_rate,
        clip_borders=clip_borders(num_frames, frame_rate),
        user_importance=clip_scores(num_users, num_frames, frame_rate, rng),
        **fields,
    )


def write_tvsum_mat(path, videos):
    """Write `videos` in the layout of ydata-tvsum50.mat."""
    with h5py.File(path, "w") as file:
        references = file.create_group("refs")
        table = file.create_group("tvsum50")
        columns = ("video", "category", "title", "user_anno", "length", "nframes")
        made = {c: table.create_dataset(c, (len(videos), 1), dtype=h5py.ref_dtype) for c in columns}
        for row, video in enumerate(videos):
            values = {
                "video": _codes(video.video_id),
                "category": _codes(video.category or "VT"),
                "title": _codes(video.title or "made"),
                "user_anno": video.user_importance,
                "length": [[video.num_frames / float(video.frame_rate)]],
                "nframes": [[float(video.num_frames)]],
            }
            for column, value in values.items():
                item = references.create_dataset(f"{column}{row}", data=np.asarray(value))
                made[column][row, 0] = item.ref
    return path


def write_tvsum_tsv(folder, videos):
    """Write `videos` as the pair of TSV files."""
    info = ["category\tvideo_id\ttitle\turl\tlength"]
    anno = []
    for video in videos:
        seconds = int(video.num_frames / float(video.frame_rate))
        length = f"{seconds // 60}:{seconds % 60:02d}"
        info.append(f"{video.category or 'VT'}\t{video.video_id}\tmade\turl\t{length}")
        for user in video.user_importance:
            values = ",".join(str(int(v)) for v in user)
            anno.append(f"{video.video_id}\t{video.category or 'VT'}\t{values}")
    (folder / "ydata-tvsum50-info.tsv").write_text("\n".join(info) + "\n")
    (folder / "ydata-tvsum50-anno.tsv").write_text("\n".join(anno) + "\n")


def write_summe_mat(path, user_score, frame_rate):
    """Write one SumMe ground truth; `user_score` is (num_users, num_frames)."""
    savemat(path, {"user_score": np.asarray(user_score).T, "FPS": [[frame_rate]]})
    return path


def write_h5(path, videos, *, features=None, with_names=True):
    """Write `videos` (with shots) in the eccv16 schema."""
    with h5py.File(path, "w") as file:
        for number, video in enumerate(videos, start=1):
            group = file.create_group(video.key or f"video_{number}")
            group["n_frames"] = video.num_frames
            borders = video.shot_borders
            group["change_points"] = np.stack([borders[:-1], borders[1:] - 1], axis=1)
            group["n_frame_per_seg"] = np.diff(borders)
            group["picks"] = video.pick_frames
            if video.user_summaries is not None:
                group["user_summary"] = video.user_summaries.astype(np.float32)
            if with_names:
                group["video_name"] = video.video_id
            if features is not None:
                group["features"] = features[video.video_id]
    return path


def write_scores(path, scores):
    """Write scores as JSON."""
    path.write_text(json.dumps({name: list(map(float, row)) for name, row in scores.items()}))
    return path


def _codes(text):
    return np.array([[ord(letter)] for letter in text], dtype=np.uint16)
