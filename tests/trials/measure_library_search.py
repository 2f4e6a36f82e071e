"""How well a library finds what is looked for, beside chance, on labelled material.

    python tests/trials/measure_library_search.py DATA LIBRARY

DATA is the folder that `VSUMM_DATA` names; LIBRARY was made by `vsumm library add` from the films
with labelled zones in DATA/videos. Pictures and sounds are embedded as the segments of a library
are. A theme of OASIS is a query as it is written; nothing is fitted here. Chance is the mean over
random orders, computed exactly: the share of what is right among all that could be found.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from mmva_core import MMVA, content, retrieval
from mmva_core.inputs import read_image_file
from vsumm.film_library.migrate import joint_rows
from vsumm.film_library.query import query_heard, query_text
from vsumm.film_library.store import open_library
from vsumm.mood import MOODS

PICTURES_AT_ONCE = 32
SONGS_PER_GENRE = 30
FEELINGS = {
    "amazement": "amazing, wonderful music",
    "solemnity": "solemn music",
    "tenderness": "tender music",
    "nostalgia": "nostalgic music",
    "calmness": "calm music",
    "power": "powerful music",
    "joyful_activation": "joyful music that makes one dance",
    "tension": "tense music",
    "sadness": "sad music",
}
"""What people chose of a song of Emotify, and how it is looked for."""
CAPTION_STEP = 15
"""Every so many frames of a video have a caption."""


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def embed_pictures(model, paths):
    """Return concepts and picture embeddings, as the segments of a library have them."""
    reader = content.PictureReader.of(model)
    concepts, pictures = [], []
    for first in range(0, len(paths), PICTURES_AT_ONCE):
        images = [read_image_file(path) for path in paths[first : first + PICTURES_AT_ONCE]]
        features = model.image_features(images)
        concepts.append(np.asarray(reader.read(features).embeds))
        pictures.append(np.asarray(model.embeds_of_features("image", features)))
    return unit(np.concatenate(concepts)), unit(np.concatenate(pictures))


def show(name, found, chance, count):
    print(f"{name:58} {found:6.3f}   chance {chance:6.3f}   n {count}", flush=True)


def precision(scores, is_right, k):
    """Return the mean share of the k best that are right, (Q, N) each, and that of all."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(is_right, best, axis=1).mean(), is_right.mean()


def auc(scores, is_right):
    """Return the probability that something right has a higher score than something wrong."""
    ranks = np.argsort(np.argsort(scores, kind="stable")) + 1.0
    num_right = is_right.sum()
    num_wrong = len(scores) - num_right
    return (ranks[is_right].sum() - num_right * (num_right + 1) / 2) / (num_right * num_wrong)


def try_themes(model, data):
    """Find pictures of OASIS by the name of their theme, and by another picture of it."""
    rows = list(csv.DictReader((data / "oasis" / "oasis.csv").open(encoding="utf-8")))
    concepts, pictures = embed_pictures(model, [data / "oasis" / row["file"] for row in rows])
    themes = np.array([row["theme"] for row in rows])
    names, counts = np.unique(themes, return_counts=True)
    names = names[counts > 1]
    queries = np.stack([query_text(str(name)).vector for name in names])
    is_right = names[:, None] == themes[None]
    scores = queries @ concepts.T
    show("OASIS, words: theme of the best", *precision(scores, is_right, 1), len(names))
    show("OASIS, words: theme of the best 5", *precision(scores, is_right, 5), len(names))
    areas = [auc(row, right) for row, right in zip(scores, is_right, strict=True)]
    show("OASIS, words: area under the curve, mean over themes", np.mean(areas), 0.5, len(names))
    again = np.isin(themes, names)
    for name, embeds in (("picture", pictures), ("concepts", concepts)):
        scores = embeds[again] @ embeds.T
        is_self = np.arange(len(themes))[again][:, None] == np.arange(len(themes))[None]
        is_right = (themes[again][:, None] == themes[None]) & ~is_self
        found, chance = precision(np.where(is_self, -2, scores), is_right, 5)
        show(f"OASIS, --like a picture ({name}): theme of the best 5", found, chance, again.sum())


def try_captions(model, data):
    """Find a frame by the caption that another network gave it, among frames of ten videos."""
    folder = data / "benchmark"
    text = (folder / "captions" / "blip_tvsum_25_videos_every15frames.json").read_text("utf-8")
    captions = json.loads(text)
    frames = []
    for path in sorted((folder / "tvsum_keyframes").glob("*/*.jpg")):
        said, number = captions.get(path.parent.name), int(path.stem)
        if said is not None and number % CAPTION_STEP == 0 and number // CAPTION_STEP < len(said):
            frames.append((path, path.parent.name, said[number // CAPTION_STEP]))
    if not frames:
        print("no frames have captions")
        return
    concepts, _ = embed_pictures(model, [path for path, _, _ in frames])
    queries = np.stack([query_text(caption).vector for _, _, caption in frames])
    scores = queries @ concepts.T
    videos = np.array([video for _, video, _ in frames])
    own = np.arange(len(frames))
    places = (scores > scores[own, own][:, None]).sum(axis=1)
    show("captions: own frame among the best 10", np.mean(places < 10), 10 / len(own), len(own))
    is_right = videos[:, None] == videos[None]
    show("captions: video of the best 10", *precision(scores, is_right, 10), len(own))


def try_songs(model, header, data):
    """Find songs by a song: of the same genre; and by words: of a genre, of a feeling."""
    rows = list(csv.DictReader((data / "music" / "emotify" / "labels.csv").open(encoding="utf-8")))
    genres, artists, embeds, kept = [], [], [], []
    for row in rows:
        genre = row["file"].partition("_")[0]
        if genres.count(genre) < SONGS_PER_GENRE:
            path = data / "music" / "emotify" / "audio" / row["file"]
            sound = retrieval.read_content("music", path, model.music_sample_rate)
            embeds.append(retrieval.encode_content(model, "music", sound).embeds.mean(axis=0))
            genres.append(genre)
            kept.append(row)
            artists.append(row["group"])
    embeds, genres, artists = unit(np.stack(embeds)), np.array(genres), np.array(artists)
    scores = embeds @ embeds.T
    is_other = artists[:, None] != artists[None]  # one artist would be too easy
    is_right = (genres[:, None] == genres[None]) & is_other
    found, _ = precision(np.where(is_other, scores, -2), is_right, 5)
    chance = is_right.sum() / is_other.sum()
    show("Emotify, --like a song: genre of the best 5, other artists", found, chance, len(genres))
    places = unit(joint_rows(embeds, retrieval.load_joint_head(header.model)))
    names = sorted(set(genres))
    scores = np.stack([places @ query_heard(f"{name} music", header).vector for name in names])
    is_right = np.array(names)[:, None] == genres[None]
    show("Emotify, --heard a genre: genre of the best 10", *precision(scores, is_right, 10), 4)
    for name, said in FEELINGS.items():
        rated = np.array([float(row[name]) for row in kept])
        rank = spearmanr(places @ query_heard(said, header).vector, rated).statistic
        show(f"Emotify, --heard {said!r}: rank correlation with {name}", rank, 0.0, len(rated))


def zones_of(document):
    """Return start, end and label of every zone; there are two forms."""
    if "zones" in document:
        return [zone[:3] for zone in document["zones"]]
    return [(zone["start"], zone["end"], zone["label"]) for zone in document["segments"]]


def try_moods(library, data):
    """Find intense and calm zones of films by mood; beside loudness and motion."""
    for film in library.films().values():
        zones = film.path.with_suffix(".json")
        if not zones.is_file():
            continue
        labels = zones_of(json.loads(zones.read_text("utf-8")))
        rows = library.rows_of(film.sha256)
        middles = (rows["start_seconds"].to_numpy() + rows["end_seconds"].to_numpy()) / 2
        label_of = np.array(
            [
                next((label for start, end, label in labels if start <= t < end), "unclear")
                for t in middles
            ]
        )
        plane = np.stack([rows[name].to_numpy() for name in ("valence", "arousal")], axis=1)
        kept = np.isin(label_of, ("calm", "intense")) & np.isfinite(plane).all(axis=1)
        if len(set(label_of[kept])) < 2:
            continue
        for mood, label in (("tense", "intense"), ("calm", "calm")):
            is_right = label_of[kept] == label
            near = -np.linalg.norm(plane[kept] - MOODS[mood], axis=1)
            sign = 1 if label == "intense" else -1
            others = {}
            for name in ("motion", "loudness"):
                values = rows[name].to_numpy()[kept]
                if np.isfinite(values).any():
                    others[name] = auc(sign * np.nan_to_num(values, nan=-70.0), is_right)
            show(
                f"{film.path.stem}, mood {mood}: area, {label}",
                auc(near, is_right),
                0.5,
                kept.sum(),
            )
            print(" " * 60 + ", ".join(f"{name} {area:.3f}" for name, area in others.items()))
            best, share = precision(near[None], is_right[None], 10)
            show(f"{film.path.stem}, mood {mood}: {label} of the best 10", best, share, kept.sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("source", type=Path, metavar="LIBRARY")
    args = parser.parse_args()
    model = MMVA.from_pretrained("mmva-lite", device="cpu")
    try_themes(model, args.data)
    try_captions(model, args.data)
    library = open_library(args.source)
    try_moods(library, args.data)
    try_songs(model, library.header, args.data)


if __name__ == "__main__":
    main()
