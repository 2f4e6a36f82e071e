"""Training windows of the music tower: 4QAED, Emotify and rendered VGMIDI pieces.

Letters in shapes: N windows, V versions of a window, S statistics, K tags, M mel bands, F frames.

Windows are stored as statistics, the only input of the tower. Augmented versions of a window differ
in gain and equalisation, so that training does not learn how loud or bright a recording was
mastered.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - the name PyTorch users know it by
from tqdm import tqdm

from mmva_core.data.open import (
    PLANE_CENTRE,
    PLANE_DEVIATION,
    OpenSet,
    load_4qaed,
    load_emotify,
    load_vgmidi,
)
from mmva_core.errors import DataError
from mmva_core.inputs import read_audio_file
from mmva_core.towers import LiteMusicTower, to_decibels

HOP_SECONDS = 1.5
"""Step from one window of a clip to the next, that of the tag table."""
TAG_SECONDS = 3.0
"""Length of the excerpts in the tag table."""
NUM_ALTERED = 4
"""Augmented versions of each window of a clip, in addition to the original."""
GAIN_RANGE_DB = (-18.0, 6.0)
"""Range of the gain, dB; it reaches further down, since films are softer than mastered music."""
EQUALISER_POINTS = 5
"""Points of the random equaliser curve, interpolated over the mel bands."""
EQUALISER_DEVIATION_DB = 1.5
"""Standard deviation of the equaliser curve at each point, dB."""
SLIDER_DELAYS_SECONDS = (3.0, 4.0, 5.0)
"""Delays between music and label. Raters of VGMIDI move their slider about 4 s after the music
changes (measured, see the model card), so the label of a bar describes the music before it."""
SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
"""Sound font of Debian's package fluid-soundfont-gm."""
RENDER_GAIN = "0.6"
"""Gain of fluidsynth; 0.6 avoids clipping."""
_AT_ONCE = 64
"""Windows described at once."""


@dataclass(frozen=True, repr=False, eq=False)
class ClipWindows:
    """Windows of recordings with a label for the whole clip."""

    statistics: Tensor
    """(N, V, S) raw statistics; version 0 is the original."""
    z_scores: Tensor
    """(N, 2) valence and arousal of the clip, z-scores within its set."""
    tags: Tensor
    """(N, K) log odds of the mean tag probabilities in the window."""
    weights: Tensor
    """(N,) weights that give every set the same total."""
    clips: tuple[str, ...]
    """`set/file` of each window."""
    groups: tuple[str, ...]
    """Artist of each window."""

    def select(self, keep: Sequence[bool]) -> ClipWindows:
        """Keep some windows."""
        mask = torch.as_tensor(keep)
        return replace(
            self,
            statistics=self.statistics[mask],
            z_scores=self.z_scores[mask],
            tags=self.tags[mask],
            weights=self.weights[mask],
            clips=tuple(np.asarray(self.clips)[mask.numpy()].tolist()),
            groups=tuple(np.asarray(self.groups)[mask.numpy()].tolist()),
        )


@dataclass(frozen=True, repr=False, eq=False)
class PieceWindows:
    """Windows of pieces with a label for every bar."""

    delayed: Tensor
    """(N, V, S) raw statistics of the music `SLIDER_DELAYS_SECONDS` before each bar."""
    centred: Tensor
    """(N, S) raw statistics of the music round each bar."""
    labels: Tensor
    """(N, 2) valence and arousal of each bar, in the set's own unit."""
    pieces: Tensor
    """(N,) number of the piece, from 0."""
    groups: tuple[str, ...]
    """Game series of each window."""

    def select(self, keep: Sequence[bool]) -> PieceWindows:
        """Keep some windows."""
        mask = torch.as_tensor(keep)
        return PieceWindows(
            delayed=self.delayed[mask],
            centred=self.centred[mask],
            labels=self.labels[mask],
            pieces=self.pieces[mask],
            groups=tuple(np.asarray(self.groups)[mask.numpy()].tolist()),
        )


def load_clip_windows(
    tower: LiteMusicTower,
    root: Path,
    *,
    seed: int = 0,
    num_altered: int = NUM_ALTERED,
    progress: bool = False,
) -> ClipWindows:
    """Read the clips of 4QAED and Emotify and compute the statistics of their windows.

    Args:
        tower: computes the statistics; its weights do not matter.
        root: folder that holds `music`.
        seed: seed of the augmented versions.
        num_altered: augmented versions of each window.
        progress: show progress bars on stderr.

    Raises:
        DataError: a file or a row of tags is missing.
    """
    tags = _read_tags(root / "music" / "teacher_tags.npz")
    generator = torch.Generator().manual_seed(seed)
    parts = [
        _windows_of_set(tower, items, tags, generator, num_altered, progress=progress)
        for items in (load_4qaed(root), load_emotify(root))
    ]
    num_windows = sum(len(part.weights) for part in parts)
    return ClipWindows(
        statistics=torch.cat([part.statistics for part in parts]),
        z_scores=torch.cat([part.z_scores for part in parts]),
        tags=torch.cat([part.tags for part in parts]),
        weights=torch.cat(
            [part.weights * num_windows / len(parts) / len(part.weights) for part in parts]
        ),
        clips=tuple(name for part in parts for name in part.clips),
        groups=tuple(name for part in parts for name in part.groups),
    )


def load_piece_windows(
    tower: LiteMusicTower, root: Path, rendered: Path, *, progress: bool = False
) -> PieceWindows:
    """Compute the statistics of the music around the labelled bars of VGMIDI.

    Args:
        tower: computes the statistics; its weights do not matter.
        root: folder that holds `music`.
        rendered: folder with the sound of each piece, `<piece>.wav`, see `render_pieces`.
        progress: show progress bars on stderr.

    Raises:
        DataError: a piece has no sound.
    """
    bars = load_vgmidi(root)
    assert bars.spans_seconds is not None, "VGMIDI labels bars"
    middles = bars.spans_seconds.mean(1)
    paths = list(dict.fromkeys(bars.paths))
    delayed, centred, rows, numbers = [], [], [], []
    for number, path in enumerate(tqdm(paths, desc="describe vgmidi", disable=not progress)):
        of_piece = [row for row, other in enumerate(bars.paths) if other == path]
        log_mel = _log_mel_of(tower, rendered / f"{path.stem}.wav")
        views = [
            _describe(tower, _windows_around(tower, log_mel, middles[of_piece] - delay))
            for delay in (0.0, *SLIDER_DELAYS_SECONDS)
        ]
        centred.append(views[0])
        delayed.append(torch.stack(views[1:], 1))
        rows.extend(of_piece)
        numbers.extend([number] * len(of_piece))
    return PieceWindows(
        delayed=torch.cat(delayed),
        centred=torch.cat(centred),
        labels=torch.from_numpy(bars.raw_va[rows]).to(torch.float32),
        pieces=torch.tensor(numbers),
        groups=tuple(bars.groups[row] for row in rows),
    )


def render_pieces(root: Path, folder: Path, *, progress: bool = False) -> None:
    """Render the MIDI files of VGMIDI to `<folder>/<piece>.wav` with the program fluidsynth.

    Existing files are kept.

    Raises:
        DataError: the program or its sound font is missing, or it fails.
    """
    program = shutil.which("fluidsynth")
    if program is None or not SOUND_FONT.is_file():
        raise DataError(
            f"rendering VGMIDI needs the program fluidsynth and {SOUND_FONT} "
            "(Debian: fluidsynth, fluid-soundfont-gm); install them, "
            "or name a folder with one <piece>.wav for each MIDI file"
        )
    folder.mkdir(parents=True, exist_ok=True)
    paths = list(dict.fromkeys(load_vgmidi(root).paths))
    for path in tqdm(paths, desc="render vgmidi", disable=not progress):
        target = folder / f"{path.stem}.wav"
        if not target.is_file():
            _render(program, path, target)


def augment_log_mel(log_mel: Tensor, generator: torch.Generator) -> Tensor:
    """Apply a random gain and equaliser curve to each of N spectra (N, M, F)."""
    num_windows, num_mels, _ = log_mel.shape
    low, high = GAIN_RANGE_DB
    gain = low + (high - low) * torch.rand(num_windows, 1, 1, generator=generator)
    points = torch.randn(num_windows, 1, EQUALISER_POINTS, generator=generator)
    curve = F.interpolate(
        points * EQUALISER_DEVIATION_DB, num_mels, mode="linear", align_corners=True
    )
    altered = 10 ** ((log_mel + gain + curve.transpose(1, 2)) / 10)
    return torch.from_numpy(to_decibels(altered.numpy()))


def _windows_of_set(
    tower: LiteMusicTower,
    items: OpenSet,
    tags: dict[str, Tensor],
    generator: torch.Generator,
    num_altered: int,
    *,
    progress: bool,
) -> ClipWindows:
    z_scores = torch.from_numpy((items.va - PLANE_CENTRE) / PLANE_DEVIATION)
    described, tag_rows, rows = [], [], []
    clips = tqdm(items.paths, desc=f"describe {items.name}", disable=not progress)
    for row, path in enumerate(clips):
        if path.name not in tags:
            raise DataError(f"{path.name} of {items.name} has no row in teacher_tags.npz")
        windows = _windows_along(tower, _log_mel_of(tower, path))
        versions = [windows, *(augment_log_mel(windows, generator) for _ in range(num_altered))]
        described.append(torch.stack([_describe(tower, version) for version in versions], 1))
        tag_rows.append(_tags_along(tags[path.name], len(windows), tower.window_seconds))
        rows.extend([row] * len(windows))
    return ClipWindows(
        statistics=torch.cat(described),
        z_scores=z_scores[rows],
        tags=torch.cat(tag_rows),
        weights=torch.ones(len(rows)),
        clips=tuple(f"{items.name}/{items.ids[row]}" for row in rows),
        groups=tuple(items.groups[row] for row in rows),
    )


def _log_mel_of(tower: LiteMusicTower, path: Path) -> Tensor:
    samples = read_audio_file(path, tower.sample_rate)
    return torch.from_numpy(tower.log_mel(samples[None])[0])


def _windows_along(tower: LiteMusicTower, log_mel: Tensor) -> Tensor:
    """Cut the spectra of a clip (M, F) into windows (N, M, F'), one every `HOP_SECONDS`."""
    spare = log_mel.shape[1] - tower.window_frames
    num_windows = max(0, int(spare / tower.log_mel.frame_rate / HOP_SECONDS)) + 1
    starts = np.arange(num_windows) * HOP_SECONDS
    return _windows_around(tower, log_mel, starts + tower.window_seconds / 2)


def _windows_around(tower: LiteMusicTower, log_mel: Tensor, middles: Iterable[float]) -> Tensor:
    """Cut windows (N, M, F') around middles in seconds; the clip is padded with silence."""
    rate = tower.log_mel.frame_rate
    length = tower.window_frames
    padded = F.pad(log_mel, (length, length), value=float(to_decibels(np.zeros(1, np.float32))[0]))
    furthest = padded.shape[1] - length
    starts = [
        min(max(0, round((middle - tower.window_seconds / 2) * rate) + length), furthest)
        for middle in middles
    ]
    return torch.stack([padded[:, start : start + length] for start in starts])


def _describe(tower: LiteMusicTower, windows: Tensor) -> Tensor:
    return torch.cat([tower.describe_log_mel(part) for part in torch.split(windows, _AT_ONCE)])


def _read_tags(path: Path) -> dict[str, Tensor]:
    try:
        with np.load(path) as table:
            return {name: torch.from_numpy(table[name].astype(np.float32)) for name in table.files}
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {error}; restore it") from error


def _tags_along(tags: Tensor, num_windows: int, window_seconds: float) -> Tensor:
    """Return log odds (N, K) of the mean tags of the excerpts (P, K) in each window."""
    inside = round((window_seconds - TAG_SECONDS) / HOP_SECONDS) + 1
    last = len(tags) - 1
    means = torch.stack(
        [tags[min(n, last) : n + max(1, inside)].mean(0) for n in range(num_windows)]
    )
    return torch.logit(means.clamp(0.002, 0.998))


def _render(program: str, midi: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        sound = Path(scratch) / "sound.wav"
        command = [program, "-ni", "-q", "-g", RENDER_GAIN, "-r", "16000", "-F", str(sound)]
        result = subprocess.run(
            [*command, str(SOUND_FONT), str(midi)], capture_output=True, check=False
        )
        if result.returncode or not sound.is_file() or not _is_wave(sound):
            raise DataError(f"fluidsynth cannot render {midi}; see if it plays the file")
        sound.replace(target)


def _is_wave(path: Path) -> bool:
    try:
        with wave.open(str(path)) as sound:
            return bool(sound.getnframes() > 0)
    except (wave.Error, EOFError):
        return False
