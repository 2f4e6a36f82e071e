"""Music for pictures: the nearest prompt of each, music from it, and what that music measures.

The way of the paper's Figures 4 to 6: picture -> valence and arousal -> nearest of the exhaustive
prompts -> text-to-music generator. What the paper does not report comes last: valence and arousal
of the generated music, by the music tower of the same model. Prompts are compared on the scale of
labels where the model has a map to it, see `label_scale.py`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import mmva_core
from mmva_core import inputs
from mmva_core.errors import DataError
from mmva_core.prompts.generate import Music, check_output, write_wave
from mmva_core.prompts.search import PromptMatch, search_prompts
from mmva_core.prompts.table import has_label_scale, prompt_va, prompt_va_on_label_scale
from mmva_core.prompts.templates import Templates
from mmva_core.store import write_whole

TABLE_NAME = "music.csv"
"""Figures of all pictures."""
PAGE_NAME = "music.md"
"""The same as a page with the pictures, in the form of Figure 6."""

Generate = Callable[[str], Music]
"""Makes music from a prompt."""


@dataclass(frozen=True)
class PictureMusic:
    """A picture and the music made for it."""

    picture: Path
    """The picture."""
    va: tuple[float, float]
    """Its predicted valence and arousal."""
    prompt: PromptMatch
    """The nearest prompt, with its predicted valence and arousal."""
    music: Path
    """The music generated from the prompt."""
    music_va: tuple[float, float]
    """Predicted valence and arousal of the music, the mean over its windows."""


def sonify(
    pictures: Sequence[Path],
    folder: Path,
    generate: Generate,
    templates: Templates,
    model_name: str,
    *,
    device: str = "auto",
    overwrite: bool = False,
    progress: bool = False,
) -> Iterator[PictureMusic]:
    """Make music for pictures: one WAV file each, then a table and a page about all.

    Args:
        pictures: files, each with another name.
        folder: for the files; it is made if it does not exist.
        generate: makes music from a prompt.
        templates: the prompts.
        model_name: embedded model, folder or hub id: it places pictures, prompts and music.
        device: where to run the model: "auto", "cpu" or "cuda".
        overwrite: replace files that are there.
        progress: show progress bars on stderr.

    Yields:
        What was made, in the order of the pictures.

    Raises:
        CheckpointError: the model cannot be loaded.
        DataError: a picture cannot be read, two have one name, or a file cannot be written.
    """
    outputs = _outputs(pictures, folder, overwrite=overwrite)
    images = [inputs.read_image_file(path) for path in pictures]
    model = mmva_core.MMVA.from_pretrained(model_name, device=device)
    predict = prompt_va_on_label_scale if has_label_scale(model_name) else prompt_va
    table = predict(model_name, templates, device=device, progress=progress)
    done = []
    for picture, image, output in zip(pictures, images, outputs, strict=True):
        valence, arousal = model.predict_images([image])[0].tolist()
        (match,) = search_prompts(templates, table, (valence, arousal), k=1)
        music = generate(match.prompt)
        write_wave(output, music, overwrite=overwrite)
        heard = inputs.read_audio_file(output, model.music_sample_rate)
        windows = model.predict_music(heard, model.music_sample_rate)
        music_va = windows.mean(0).tolist()
        done.append(
            PictureMusic(picture, (valence, arousal), match, output, (music_va[0], music_va[1]))
        )
        yield done[-1]
    _write(folder / TABLE_NAME, _as_csv(done))
    _write(folder / PAGE_NAME, _as_page(done))


def _outputs(pictures: Sequence[Path], folder: Path, *, overwrite: bool) -> list[Path]:
    """Check, before minutes of work, that every file can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make the folder {folder}: {error.strerror}") from error
    outputs = [folder / f"{picture.stem}.wav" for picture in pictures]
    for place, output in enumerate(outputs):
        if output in outputs[:place]:
            other = pictures[outputs.index(output)]
            raise DataError(f"{other} and {pictures[place]} would share {output}; rename one")
        check_output(output, overwrite=overwrite)
    return outputs


def _as_csv(done: Sequence[PictureMusic]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    sides = ("picture", "prompt", "music")
    numbers = [f"{side}_{name}" for side in sides for name in ("valence", "arousal")]
    writer.writerow(["picture", "music", "prompt", *numbers])
    for entry in done:
        values = [*entry.va, entry.prompt.valence, entry.prompt.arousal, *entry.music_va]
        cells = [f"{value:.4f}" for value in values]
        writer.writerow([entry.picture, entry.music, entry.prompt.prompt, *cells])
    return text.getvalue()


def _as_page(done: Sequence[PictureMusic]) -> str:
    lines = [
        "| Target image | Music caption | valence, arousal: image | caption | music |",
        "|---|---|---|---|---|",
    ]
    for entry in done:
        points = (entry.va, (entry.prompt.valence, entry.prompt.arousal), entry.music_va)
        cells = [f"{valence:.2f}, {arousal:.2f}" for valence, arousal in points]
        image = f"![{entry.picture.name}](<{entry.picture.resolve().as_uri()}>)"
        sound = f"{entry.prompt.prompt} [{entry.music.name}](<{entry.music.name}>)"
        lines.append(f"| {image} | {sound} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}") from error
