"""Index a folder of music and find the pieces that feel like a picture, a sentence or a point.

    python examples/find_music_for_an_image.py [MUSIC_FOLDER PICTURE]

Without arguments three pieces and a picture are made. The same in the shell:

    mmva index MUSIC_FOLDER -o INDEX
    mmva retrieve PICTURE --in INDEX --k 3
"""

import sys
import tempfile
import wave
from pathlib import Path

import numpy as np
from PIL import Image

from mmva_core.retrieval.build import build_index
from mmva_core.retrieval.query import make_query, search
from mmva_core.retrieval.sources import find_sources

RATE = 16_000


def make_piece(path, beats_per_second, loudness, seconds=12):
    """Write a chord that is struck again and again, with noise where it is loud."""
    times = np.arange(seconds * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * hertz * times) for hertz in (220, 277, 330)) / 3
    noise = np.random.default_rng(0).normal(size=len(times)) * loudness
    envelope = np.exp(-3 * (times * beats_per_second % 1))
    samples = np.clip((chord + noise) * envelope * loudness, -1, 1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


folder = Path(tempfile.mkdtemp(prefix="mmva-"))
if len(sys.argv) > 2:
    music, picture = Path(sys.argv[1]), sys.argv[2]
else:
    music, picture = folder / "music", str(folder / "evening.png")
    music.mkdir()
    for name, speed, loudness in (("calm", 0.5, 0.1), ("steady", 2, 0.4), ("wild", 6, 0.9)):
        make_piece(music / f"{name}.wav", speed, loudness)
    sky = np.linspace([250, 160, 60], [20, 20, 60], 240)[:, None].repeat(320, axis=1)
    Image.fromarray(sky.astype(np.uint8)).save(picture)

index = build_index(find_sources(music), folder / "index", "mmva-lite", root=music).index
for text in (picture, "va:0.8,0.9", "va:0.5,0.1"):
    query = make_query(text, index)
    print(f"{text}: valence {query.va[0]:.2f}, arousal {query.va[1]:.2f}")
    for match in search(index, query, k=3):
        print(f"  {match.score:.3f}  {match.name} {match.start_seconds}-{match.end_seconds} s")
