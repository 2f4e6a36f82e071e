"""Measure how many spoken words a ducked soundtrack masks, of speech by eSpeak NG over noise.

    python tests/trials/masked_words.py MUSIC_FOLDER

When each sentence is spoken is known; the voice detector is not asked. The noise is pink, so many
decibels softer than the speech as the first column says; five tracks of music go with each.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "support"), str(TESTS.parent)]

from speech import SAMPLE_RATE, speak, write_sound  # noqa: E402
from summaries import make_summary  # noqa: E402

from eval.soundtrack import format_voices, judge_voices  # noqa: E402
from vsumm.media import probe  # noqa: E402

SENTENCES = (
    "The quick brown fox jumps over the lazy dog.",
    "She sells sea shells by the sea shore, every day of the summer.",
    "I never said that he would come home tonight.",
    "When the sun went down, nobody in the village wanted to leave.",
)
PAUSE_SECONDS = 2.5
RATIOS_DB = (40, 20, 10, 5, 0)
NUM_TRACKS = 5


def pink(length: int, rng: np.random.Generator) -> np.ndarray:
    """Return noise of standard deviation 1 whose power falls with frequency."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    samples = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1), length)
    return samples / samples.std()


def main() -> None:
    """Print one line for every ratio and track."""
    rng = np.random.default_rng(0)
    tracks = sorted(Path(sys.argv[1]).iterdir())
    samples, spans = speak(SENTENCES, PAUSE_SECONDS)
    spoken = np.concatenate(
        [samples[round(a * SAMPLE_RATE) : round(b * SAMPLE_RATE)] for a, b in spans]
    )
    samples = 0.1 * samples / spoken.std()
    for ratio in RATIOS_DB:
        noisy = samples + 0.1 * 10 ** (-ratio / 20) * pink(len(samples), rng)
        with TemporaryDirectory() as folder:
            film = write_sound(Path(folder) / "talk.wav", np.clip(noisy, -1, 1))
            info = probe(film)
            num = int(info.duration_seconds // 2)
            summary = make_summary([0.5] * num, range(num), info=info)
            judged = [
                (f"{ratio} dB, {tracks[k].stem}", judge_voices(summary, tracks[k], phrases=spans))
                for k in rng.choice(len(tracks), NUM_TRACKS, replace=False)
            ]
        print(format_voices(judged), flush=True)


if __name__ == "__main__":
    main()
