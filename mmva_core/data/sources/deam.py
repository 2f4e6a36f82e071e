"""Cut DEAM into labelled clips, as IMEMNet and IMEMNet-C do.

DEAM (cvml.unige.ch/databases/DEAM) rates valence and arousal twice a second from second 15 on, from
-1 to 1, in two tables: a row for each song, a column `sample_<milliseconds>ms` for each instant.

A clip "725-16" is two seconds of song 725. By our reading clip k covers [2 k, 2 k + 2) seconds, so
the first fully rated one is 8. (The official match lists name clips 9 to
21 of the 45-second excerpts.) A label is the mean of the ratings inside the clip.
"""

from __future__ import annotations

import csv
import re
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from mmva_core.data.imemnet import MUSIC_SUFFIXES, Sample, find_files
from mmva_core.data.sources.rescale import Scale
from mmva_core.errors import DataError
from mmva_core.inputs import Samples, read_audio_file
from mmva_core.store import write_whole

CLIP_SECONDS = 2
FIRST_RATED_SECOND = 15
DEFAULT_SPACING_MS = 500
"""Assumed milliseconds between ratings for a song with a single one."""
MOST_CLIPS_JOINED = 5
"""Largest number of consecutive clips in one input, 10 seconds."""
DEAM_SCALE = Scale(-1.0, 1.0)
FULL_SCALE = 32767
"""Largest value of a 16-bit sample."""

_COLUMN = re.compile(r"sample_(\d+)ms")


@dataclass(frozen=True)
class Clip:
    """A labelled stretch of a song."""

    song: str
    """Id of the song."""
    number: int
    """Number of its first two-second clip."""
    start_seconds: float
    """Start in the song."""
    end_seconds: float
    """End in the song."""
    valence: float
    """Mean rating, in [0, 1]."""
    arousal: float
    """Mean rating, in [0, 1]."""

    @property
    def id(self) -> str:
        """Name such as "725-16"."""
        return f"{self.song}-{self.number}"

    def sample(self, caption: str = "") -> Sample:
        """Return the clip as a row of a label table."""
        return Sample(self.id, self.valence, self.arousal, caption)


def read_deam(valence_csv: str | Path, arousal_csv: str | Path) -> dict[str, list[Clip]]:
    """Read DEAM's averaged dynamic annotations and cut every song into clips.

    Args:
        valence_csv: "valence.csv" of the averaged annotations per song.
        arousal_csv: "arousal.csv" beside it.

    Returns:
        Two-second clips of each song, in order; clips with missing ratings are left out.

    Raises:
        DataError: a table is missing or malformed, or they name different songs.
    """
    valence, arousal = _read_ratings(Path(valence_csv)), _read_ratings(Path(arousal_csv))
    if valence.keys() != arousal.keys():
        only = sorted(valence.keys() ^ arousal.keys())[0]
        raise DataError(f"{valence_csv} and {arousal_csv} name different songs, for example {only}")
    return {
        song: list(_clips_of_song(song, valence[song], arousal[song])) for song in sorted(valence)
    }


def join_clips(clips: Sequence[Clip], most: int = MOST_CLIPS_JOINED) -> list[Clip]:
    """Join consecutive clips of one song, up to `most` of them, into longer ones.

    Labels are means over the joined clips. Joined clips do not overlap; the last one may be
    shorter.
    """
    joined: list[list[Clip]] = []
    for clip in clips:
        if joined and len(joined[-1]) < most and joined[-1][-1].number + 1 == clip.number:
            joined[-1].append(clip)
        else:
            joined.append([clip])
    return [
        Clip(
            run[0].song,
            run[0].number,
            run[0].start_seconds,
            run[-1].end_seconds,
            sum(clip.valence for clip in run) / len(run),
            sum(clip.arousal for clip in run) / len(run),
        )
        for run in joined
    ]


def write_clips(
    clips: dict[str, list[Clip]], audio: str | Path, output: str | Path, *, sample_rate: int = 24000
) -> tuple[list[Clip], list[str]]:
    """Cut songs into WAV files named after their clips.

    Args:
        clips: clips by song.
        audio: folder of songs, named by id.
        output: folder for the clips; created if missing.
        sample_rate: rate of the files, Hz; 24 kHz is MERT's.

    Returns:
        Clips that were written, and songs without a file.

    Raises:
        DataError: a song cannot be decoded.
    """
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    files = find_files(list(clips), audio, (".mp3", *MUSIC_SUFFIXES))
    written = []
    for song in sorted(files):
        samples = read_audio_file(files[song], sample_rate)
        for clip in clips[song]:
            start, end = (round(s * sample_rate) for s in (clip.start_seconds, clip.end_seconds))
            if end <= len(samples):
                _write_wav(folder / f"{clip.id}.wav", samples[start:end], sample_rate)
                written.append(clip)
    return written, sorted(clips.keys() - files.keys())


def _read_ratings(path: Path) -> dict[str, dict[int, float]]:
    """Read ratings by song and millisecond."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = {
                name: int(match[1])
                for name in reader.fieldnames or []
                if (match := _COLUMN.fullmatch(name.strip()))
            }
            if "song_id" not in (reader.fieldnames or []) or not columns:
                raise DataError(f"{path}: expected columns song_id and sample_<milliseconds>ms")
            return {
                row["song_id"].strip(): {
                    time: float(row[name]) for name, time in columns.items() if row[name]
                }
                for row in reader
            }
    except FileNotFoundError as error:
        raise DataError(f"no such file: {path}") from error
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"cannot read the ratings {path}: {error}") from error


def _clips_of_song(
    song: str, valence: dict[int, float], arousal: dict[int, float]
) -> Iterator[Clip]:
    times = sorted(valence.keys() & arousal.keys())
    if not times:
        return
    spacing = min((b - a for a, b in pairwise(times)), default=DEFAULT_SPACING_MS)
    first = -(-max(times[0], 1000 * FIRST_RATED_SECOND) // (1000 * CLIP_SECONDS))
    last = (times[-1] + spacing) // (1000 * CLIP_SECONDS)
    for number in range(first, last):
        start = 1000 * CLIP_SECONDS * number
        inside = [time for time in times if start <= time < start + 1000 * CLIP_SECONDS]
        if len(inside) * spacing < 1000 * CLIP_SECONDS:
            continue  # ratings are missing inside the clip
        mean_valence = sum(valence[time] for time in inside) / len(inside)
        mean_arousal = sum(arousal[time] for time in inside) / len(inside)
        yield Clip(
            song,
            number,
            start / 1000,
            start / 1000 + CLIP_SECONDS,
            DEAM_SCALE.to_unit(mean_valence),
            DEAM_SCALE.to_unit(mean_arousal),
        )


def _write_wav(path: Path, samples: Samples, sample_rate: int) -> None:
    pcm = np.round(np.clip(samples, -1, 1) * FULL_SCALE).astype("<i2").tobytes()

    def write(temporary: Path) -> None:
        with wave.open(str(temporary), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(sample_rate)
            file.writeframes(pcm)

    write_whole(path, write)
