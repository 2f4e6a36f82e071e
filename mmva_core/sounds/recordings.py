"""The recordings that the classifier of sound is trained on, and where they come from.

Music is 4QAED and Emotify (`mmva_core.data.open`) and what games play. Voices and noises are files
of Debian packages, all free: prompts of a telephone exchange, spelling games in many languages,
dialogues, street and market, engines, weapons, animals. `fetch_packages` unpacks them. The program
espeak-ng, if need be, speaks the sentences of EmoBank with voices of its own.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import av
import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray
from tqdm import tqdm

from mmva_core.data.open import load_4qaed, load_emotify
from mmva_core.errors import DataError
from mmva_core.sounds.coding import decode
from mmva_core.sounds.noises import SAMPLE_RATE

SHORTEST_SECONDS = 0.1
"""A shorter recording is left out."""
QUIET_SHARE = 10 ** (-45 / 20)
"""Silence at both ends, below this share of full scale, is cut off."""
SUFFIXES = frozenset({".ogg", ".wav", ".mp3", ".g722"})
# fmt: off
ESPEAK_LANGUAGES = (
    "en-us", "en-gb", "de", "fr-fr", "es", "it", "ru", "pl", "nl", "sv", "pt-br", "tr", "cs", "hu",
    "el", "fi", "ro", "vi", "hi", "id",
)
ESPEAK_VARIANTS = (
    "f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "croak", "klatt2",
    "klatt4", "whisper",
)
# fmt: on
ESPEAK_VOICES_PER_LANGUAGE = 4
ESPEAK_SENTENCES = 4


@dataclass(frozen=True)
class Source:
    """Files of a package that hold one kind of sound."""

    package: str
    """Debian's name of it."""
    kind: str
    """One of `SOUND_KINDS`."""
    folder: str
    """Folder in the package, all of whose sound files count."""
    group: str = "package"
    """What files are kept together as one voice or source: those of the "package", of a "folder",
    or whose "name" is alike but for numbers."""
    leave_out: str = "^$"
    """Regular expression of paths inside the folder that hold something else."""
    most_seconds: float = 900.0
    """Longest total of a group."""


_GAMES = "usr/share/games"
SOURCES = (
    *(
        Source(
            f"asterisk-core-sounds-{language}-g722",
            "speech",
            "usr/share/asterisk/sounds",
            leave_out="silence/|beep|tone|tt-",
        )
        for language in ("en", "es", "fr", "it", "ru")
    ),
    Source("klettres-data", "speech", "usr/share/klettres", "folder", most_seconds=420),
    Source("ktuberling-data", "speech", "usr/share/ktuberling/sounds", "folder", most_seconds=420),
    Source("fillets-ng-data-nl", "speech", f"{_GAMES}/fillets-ng/sound"),
    Source("fillets-ng-data-cs", "speech", f"{_GAMES}/fillets-ng/sound"),
    Source(
        "hedgewars-data",
        "speech",
        f"{_GAMES}/hedgewars/Data/Sounds/voices",
        "folder",
        leave_out="Singer|Robot",
        most_seconds=120,
    ),
    Source("lincity-ng-data", "noise", f"{_GAMES}/lincity-ng/sounds", "name"),
    Source("searchandrescue-data", "noise", f"{_GAMES}/searchandrescue/sounds"),
    Source("scorched3d-data", "noise", f"{_GAMES}/scorched3d/data/globalmods", leave_out="/music/"),
    Source(
        "wesnoth-1.16-data", "noise", f"{_GAMES}/wesnoth/1.16/data/core/sounds", leave_out="horn"
    ),
    Source(
        "tuxpaint-stamps-default",
        "noise",
        "usr/share/tuxpaint/stamps",
        leave_out="_desc|symbols/|hobbies/music|flags|christmas|hanukkah|newyears",
    ),
    Source("hedgewars-data", "noise", f"{_GAMES}/hedgewars/Data/Sounds", leave_out="voices/"),
    Source("scratch", "noise", "usr/share/scratch/Media/Sounds/Animal"),
    Source("scratch", "noise", "usr/share/scratch/Media/Sounds/Effects"),
    Source("scratch", "noise", "usr/share/scratch/Media/Sounds/Human"),
    Source("tuxfootball", "noise", f"{_GAMES}/tuxfootball/sound", leave_out="music|ingame"),
    Source("extremetuxracer-data", "noise", f"{_GAMES}/etr/sounds"),
    Source("extremetuxracer-data", "music", f"{_GAMES}/etr/music", "name", most_seconds=90),
    Source("hedgewars-data", "music", f"{_GAMES}/hedgewars/Data/Music", "name", most_seconds=90),
    Source("lincity-ng-data", "music", f"{_GAMES}/lincity-ng/music", "name", most_seconds=90),
    Source("asterisk-moh-opsound-g722", "music", "usr/share/asterisk", "name", most_seconds=90),
)
"""Licences: each package's own `usr/share/doc/PACKAGE/copyright` (GPL, CC-BY-SA and the like)."""

Groups = dict[str, list[NDArray[np.int16]]]


@dataclass(frozen=True, repr=False)
class Recordings:
    """What soundtracks are mixed from; every kind by voice, artist or source."""

    speech: Groups = field(default_factory=dict)
    """Voices."""
    music: Groups = field(default_factory=dict)
    """Artists."""
    noise: Groups = field(default_factory=dict)
    """Sources of noise."""


def fetch_packages(folder: Path) -> Iterator[str]:
    """Download the packages of `SOURCES` with apt-get and unpack each to `folder/PACKAGE`.

    Nothing is installed, and packages that are there already are kept.

    Raises:
        DataError: A program is missing or fails.
    """
    for package in dict.fromkeys(source.package for source in SOURCES):
        target = folder / package
        if target.is_dir():
            continue
        partial = folder / f"{package}.part"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _run(["apt-get", "download", package], partial)
        (archive,) = partial.glob("*.deb")
        _run(["dpkg-deb", "-x", archive.name, "."], partial)
        archive.unlink()
        partial.rename(target)
        yield f"{package}: {target}"


def load_recordings(
    root: Path, packages: Path, *, seed: int = 0, progress: bool = False
) -> Recordings:
    """Read all recordings into memory, about 1.2 GB.

    Args:
        root: Folder of the open sets; music and EmoBank's sentences are used.
        packages: Folder of the packages, see `fetch_packages`.
        seed: Of what is taken where a group is longer than it may be, and of espeak-ng's voices.
        progress: Show progress bars on stderr.

    Raises:
        DataError: A data set, a package or the program espeak-ng is missing.
    """
    random = np.random.default_rng(seed)
    recordings = Recordings()
    for source in tqdm(SOURCES, desc="read packages", disable=not progress):
        _read_source(source, packages, getattr(recordings, source.kind), random)
    for items in (load_4qaed(root), load_emotify(root)):
        clips = zip(items.paths, items.groups, strict=True)
        for path, group in tqdm(clips, desc=f"read {items.name}", disable=not progress):
            recordings.music.setdefault(f"{items.name}/{group}", []).append(decode(str(path), None))
    _speak(root, recordings.speech, random, progress=progress)
    return recordings


def _read_source(source: Source, packages: Path, groups: Groups, random: Generator) -> None:
    folder = packages / source.package / source.folder
    paths = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    paths = [p for p in paths if not re.search(source.leave_out, str(p.relative_to(folder)))]
    if not paths:
        raise DataError(f"no sound files in {folder}; unpack the Debian package {source.package}")
    members: dict[str, list[Path]] = {}
    for path in paths:
        members.setdefault(_group_name(source, path, folder), []).append(path)
    for name, of_group in members.items():
        ordered = [of_group[place] for place in random.permutation(len(of_group))]
        if sounds := list(_up_to(source.most_seconds, _decoded(ordered))):
            groups.setdefault(name, []).extend(sounds)


def _group_name(source: Source, path: Path, folder: Path) -> str:
    if source.group == "package":
        return f"{source.package}/{Path(source.folder).name}"
    if source.group == "folder":  # variants such as "Default_pl" and "sr@latin" share a voice
        name = re.split("[_@]", path.relative_to(folder).parts[0])[0]
    else:
        name = re.sub(r"\d+|Low|Med|High|Full|Empty|Light", "", path.stem)
    return f"{source.package}/{name}"


def _decoded(paths: Iterable[Path]) -> Iterator[NDArray[np.int16]]:
    for path in paths:
        try:
            sound = decode(str(path), "g722" if path.suffix == ".g722" else None)
        except av.FFmpegError:  # a few files of old games are no sound that FFmpeg knows
            continue
        trimmed = _trimmed(sound)
        if len(trimmed) > SHORTEST_SECONDS * SAMPLE_RATE:
            yield trimmed


def _up_to(seconds: float, sounds: Iterable[NDArray[np.int16]]) -> Iterator[NDArray[np.int16]]:
    left = round(seconds * SAMPLE_RATE)
    for sound in sounds:
        yield sound[:left]
        left -= len(sound)
        if left <= 0:
            return


def _trimmed(sound: NDArray[np.int16]) -> NDArray[np.int16]:
    loud = np.flatnonzero(np.abs(sound.astype(np.int32)) > QUIET_SHARE * 32768)
    return sound[loud[0] : loud[-1] + 1] if len(loud) else sound[:0]


def _speak(root: Path, voices: Groups, random: Generator, *, progress: bool) -> None:
    program = shutil.which("espeak-ng")
    if program is None:
        raise DataError("speech needs the program espeak-ng (Debian: espeak-ng); install it")
    table = pd.read_csv(root / "text" / "emobank.csv", keep_default_na=False)
    sentences = [text for text in table["text"] if 60 < len(text) < 200]
    voices_chosen = [
        f"{language}+{variant}"
        for language in ESPEAK_LANGUAGES
        for variant in random.choice(ESPEAK_VARIANTS, ESPEAK_VOICES_PER_LANGUAGE, replace=False)
    ]
    turns = list(product(voices_chosen, range(ESPEAK_SENTENCES)))
    for voice, _ in tqdm(turns, desc="speak", disable=not progress):
        pace, pitch = (str(random.integers(*span)) for span in ((120, 230), (15, 85)))
        text = str(random.choice(sentences))
        command = [program, "-v", voice, "-s", pace, "-p", pitch, "--stdout", "--", text]
        sound = _trimmed(decode(io.BytesIO(_run(command, root)), None))
        voices.setdefault(f"espeak-ng/{voice}", []).append(sound)


def _run(command: list[str], folder: Path) -> bytes:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    except FileNotFoundError as error:
        raise DataError(f"the program {command[0]} is missing; install it") from error
    except subprocess.CalledProcessError as error:
        raise DataError(f"{' '.join(command)} failed: {error.stderr.decode()[-200:]}") from error
    return done.stdout
