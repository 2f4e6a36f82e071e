"""Count the edges of reels that lie inside spoken phrases, in films of which all phrases are known.

    python tests/trials/cut_speech.py FOLDER [--films 4]

Makes films in FOLDER: sentences of eSpeak NG with pauses of 0.3 to 0.9 s, and a cut every 2 to 9 s,
by seeds from 0 on. One line per reel, of 15 and of 30 % of a film: its edges, those inside a phrase
where the picture is cut, those where the sound is, and those of the latter near a pause.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from films import run_ffmpeg
from shots import make_shots
from speech import SAMPLE_RATE, say, write_sound

import vsumm
from vsumm.split_edits import heard_pieces

SENTENCE = (
    "the quick old captain carried seven small boxes of paper over a green hill before sunset "
    "and nobody in that village knew why he never looked back at them again"
)
NUM_SENTENCES = 45
NOISE = 0.002
"""Root mean square of the noise behind the voice."""
NEAR_SECONDS = 1.5
"""An edge inside a phrase that has a pause no further away could lie there."""
END_SECONDS = 0.02
"""What is so near the end of a phrase is outside: its sound fades out."""


def main() -> None:
    """Make films, summarise them, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--films", type=int, default=4)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    total = np.zeros(4, int)
    for seed in range(args.films):
        film, phrases = make_film(args.folder, seed)
        for budget in (0.15, 0.3):
            counts = count(vsumm.summarize(film, budget=f"{budget:.0%}"), phrases)
            print(f"{film.name} {budget:.0%}: {counts.tolist()}", flush=True)
            total += counts
    edges, shown, heard, near = total
    print(f"{edges} edges, {shown} cut in a phrase, {heard} heard in one, {near} near a pause")


def make_film(folder: Path, seed: int) -> tuple[Path, np.ndarray]:
    """Return a film and when its phrases are spoken, (N, 2) seconds."""
    rng = np.random.default_rng(seed)
    words = SENTENCE.split()
    sentences = [" ".join(rng.choice(words, rng.integers(5, 26))) for _ in range(NUM_SENTENCES)]
    parts, phrases, place = [], [], 0
    for sentence in sentences:
        pause, spoken = np.zeros(int(rng.uniform(0.3, 0.9) * SAMPLE_RATE)), say(sentence + ".")
        phrases.append((place + len(pause), place + len(pause) + len(spoken)))
        place = phrases[-1][1]
        parts += [pause, spoken]
    samples = np.concatenate(parts) + NOISE * rng.standard_normal(place)
    seconds = place / SAMPLE_RATE
    lengths: list[float] = []
    while sum(lengths) < seconds:
        lengths.append(round(float(rng.uniform(2, 9)), 2))
    sound = write_sound(folder / "sound.wav", samples.astype(np.float32))
    picture = make_shots(folder / "picture.mp4", lengths)
    film = folder / f"speech{seed}.mp4"
    run_ffmpeg("-i", picture, "-i", sound, "-c:v", "copy", "-c:a", "aac", "-shortest", film)
    return film, np.array(phrases) / SAMPLE_RATE


def count(summary: vsumm.Summary, phrases: np.ndarray) -> np.ndarray:
    """Return what a line says of a reel, (4,)."""
    edges, heard = (
        np.array([time for run in runs for time in (run.start_seconds, run.end_seconds)])
        for runs in (summary.runs, heard_pieces(summary.runs, summary.sound_shifts))
    )
    around = heard[:, None] + np.linspace(-NEAR_SECONDS, NEAR_SECONDS, 301)
    is_heard = are_spoken(heard, phrases)
    return np.array(
        [
            np.sum((edges > 0) & (edges < summary.media.duration_seconds)),
            are_spoken(edges, phrases).sum(),
            is_heard.sum(),
            (is_heard & ~are_spoken(around, phrases).all(axis=1)).sum(),
        ]
    )


def are_spoken(times: np.ndarray, phrases: np.ndarray) -> np.ndarray:
    """Return which times lie inside a phrase."""
    begins, ends = phrases[:, 0] + END_SECONDS, phrases[:, 1] - END_SECONDS
    return ((begins < times[..., None]) & (times[..., None] < ends)).any(axis=-1)


if __name__ == "__main__":
    main()
