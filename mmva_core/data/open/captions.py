"""Sentences about clips of music, built from tag tables.

`music/tags.csv` holds a network's probabilities of 50 tags for every excerpt of 4QAED and Emotify.
A tag that is common everywhere says little about a clip, so tags are ranked by z-score over the
table. A sentence names the strongest style, mood and sound tags. The sentences take the place of
the paper's captions by a language model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mmva_core.data.open.sets import OpenSet, read_table
from mmva_core.errors import DataError

STYLES = {
    "rock": "rock", "pop": "pop", "alternative": "alternative", "indie": "indie",
    "electronic": "electronic", "dance": "dance", "alternative rock": "alternative rock",
    "jazz": "jazz", "metal": "metal", "classic rock": "classic rock", "soul": "soul",
    "indie rock": "indie rock", "electronica": "electronica", "folk": "folk", "punk": "punk",
    "blues": "blues", "hard rock": "hard rock", "ambient": "ambient", "Hip-Hop": "hip-hop",
    "country": "country", "funk": "funk", "electro": "electro", "heavy metal": "heavy metal",
    "Progressive rock": "progressive rock", "rnb": "rhythm and blues", "indie pop": "indie pop",
    "House": "house", "experimental": "experimental",
}  # fmt: skip
"""Tags of styles, with their words in a sentence."""
MOODS = {
    "beautiful": "beautiful", "chillout": "laid-back", "Mellow": "mellow", "chill": "calm",
    "party": "wild", "easy listening": "gentle", "sexy": "sensual", "catchy": "catchy",
    "sad": "sad", "happy": "happy",
}  # fmt: skip
"""Tags of moods, with their words in a sentence."""
SOUNDS = {
    "female vocalists": "a female voice", "female vocalist": "a female voice",
    "male vocalists": "a male voice", "instrumental": "instrumental passages", "acoustic":
    "acoustic instruments", "guitar": "guitar",
}  # fmt: skip
"""Tags of sounds, with their words in a sentence."""
OTHER_WORDS = {
    "rock": "amplified band", "pop": "chart", "alternative": "off-mainstream",
    "indie": "underground",
    "electronic": "synthesised", "dance": "club", "alternative rock": "college radio",
    "jazz": "swing", "metal": "headbanging", "classic rock": "vintage band",
    "soul": "Motown",
    "indie rock": "garage band", "electronica": "techno", "folk": "campfire", "punk": "three-chord",
    "blues": "twelve-bar", "hard rock": "stadium", "ambient": "atmospheric", "hip-hop": "rap",
    "country": "Nashville", "funk": "groove", "electro": "drum-machine", "heavy metal": "thrash",
    "progressive rock": "concept-album", "rhythm and blues": "R&B", "indie pop": "jangling",
    "house": "four-to-the-floor", "experimental": "avant-garde",
    "beautiful": "lovely", "laid-back": "relaxed", "mellow": "smooth", "calm": "peaceful",
    "wild": "boisterous", "gentle": "soft", "sensual": "seductive", "catchy": "memorable",
    "sad": "sorrowful", "happy": "cheerful",
    "a female voice": "a woman who sings", "a male voice": "a man who sings",
    "instrumental passages": "players without a singer",
    "acoustic instruments": "unplugged playing", "guitar": "plucked strings",
}  # fmt: skip
"""Other words for those of sentences, for captions that no method was trained on."""
NUM_STYLES, NUM_MOODS, NUM_SOUNDS = 3, 2, 2
CLEARLY = 1.0
"""Z-score above which a sentence calls the style unmistakable."""


@dataclass(frozen=True)
class TagWords:
    """The words of a sentence about a clip, strongest first."""

    styles: tuple[str, ...]
    """At least one where a style is known."""
    moods: tuple[str, ...]
    sounds: tuple[str, ...]
    is_unmistakable: bool
    """Whether the strongest style stands out."""

    @classmethod
    def of(cls, z_scores: Mapping[str, float]) -> TagWords:
        """Choose up to two moods, three styles and two sounds by the z-scores of tags."""
        styles = _strongest(z_scores, STYLES, NUM_STYLES) or _strongest(
            z_scores, STYLES, 1, at_least=-np.inf
        )
        strength = max((z_scores.get(tag, -np.inf) for tag in STYLES), default=-np.inf)
        return cls(
            tuple(styles),
            tuple(_strongest(z_scores, MOODS, NUM_MOODS)),
            tuple(_strongest(z_scores, SOUNDS, NUM_SOUNDS)),
            strength > CLEARLY,
        )


def tag_caption(z_scores: Mapping[str, float]) -> str:
    """Describe the strongest tags of a clip in one sentence.

    Args:
        z_scores: z-score of each tag over many clips.

    Returns:
        A sentence that names up to two moods, three styles and two sounds, strongest first; the
        strongest style is always named.

    >>> tag_caption({"jazz": 2.0, "rock": -1.0, "Mellow": 0.5, "guitar": 0.1, "sad": -0.2})
    'A mellow piece of unmistakable jazz music with guitar.'
    """
    words = TagWords.of(z_scores)
    stress = "unmistakable " if words.is_unmistakable else ""
    mood = f"{' and '.join(words.moods)} " if words.moods else ""
    article = "An" if mood[:1] in tuple("aeiou") else "A"
    with_sounds = f" with {' and '.join(words.sounds)}" if words.sounds else ""
    return f"{article} {mood}piece of {stress}{_listed(words.styles)}music{with_sounds}."


def reworded_caption(z_scores: Mapping[str, float]) -> str:
    """Say what `tag_caption` says in `OTHER_WORDS` and sentences of another form.

    >>> reworded_caption({"jazz": 2.0, "rock": -1.0, "Mellow": 0.5, "guitar": 0.1, "sad": -0.2})
    'I would like to hear plucked strings. Think of swing. It should feel smooth.'
    """
    words = TagWords.of(z_scores)
    styles, moods, sounds = (
        [OTHER_WORDS[word] for word in own] for own in (words.styles, words.moods, words.sounds)
    )
    wishes = [
        f"I would like to hear {' together with '.join(sounds)}." if sounds else "",
        f"Think of {' or '.join(styles)}." if styles else "",
        f"It should feel {', even '.join(moods)}." if moods else "",
    ]
    return " ".join(wish for wish in wishes if wish)


def load_tag_captions(
    root: Path, describe: Callable[[Mapping[str, float]], str] = tag_caption
) -> dict[tuple[str, str], str]:
    """Make a sentence for every excerpt of the tag table.

    Args:
        root: folder that holds `music/tags.csv`.
        describe: makes a sentence of the z-scores of tags.

    Returns:
        Sentences by (name of the set, file name), for example ("emotify", "rock_1.ogg").

    Raises:
        DataError: the table is missing or lacks a tag.
    """
    path = root / "music" / "tags.csv"
    table = read_table(path, ("dataset", "file", *STYLES, *MOODS, *SOUNDS))
    tags = [*STYLES, *MOODS, *SOUNDS]
    # Probabilities are skewed, their logarithms are not.
    logs = np.log(table[tags].to_numpy(np.float64) + 1e-4)
    z_scores = pd.DataFrame((logs - logs.mean(0)) / np.maximum(logs.std(0), 1e-6), columns=tags)
    captions = [
        describe({tag: float(row[place]) for place, tag in enumerate(tags)})
        for row in z_scores.to_numpy()
    ]
    names = zip(table["dataset"].str.lower(), table["file"], strict=True)
    return {
        (str(dataset), str(file)): caption
        for (dataset, file), caption in zip(names, captions, strict=True)
    }


def captions_of(items: OpenSet, captions: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    """Return the sentence of every item of a music set, in order.

    Raises:
        DataError: an item has none.
    """
    missing = [name for name in items.ids if (items.name, name) not in captions]
    if missing:
        raise DataError(f"{len(missing)} clips of {items.name} lack tags, first {missing[0]}")
    return tuple(captions[items.name, name] for name in items.ids)


def _strongest(
    z_scores: Mapping[str, float], words: Mapping[str, str], count: int, *, at_least: float = 0.0
) -> list[str]:
    ranked = sorted((tag for tag in words if tag in z_scores), key=lambda tag: -z_scores[tag])
    chosen = [words[tag] for tag in ranked if z_scores[tag] > at_least]
    return list(dict.fromkeys(chosen))[:count]


def _listed(styles: Sequence[str]) -> str:
    if not styles:
        return ""
    *others, last = styles
    return f"{', '.join(others)} and {last} " if others else f"{last} "
