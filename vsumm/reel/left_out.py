"""What of a film its reel does not have, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from vsumm.media import AudioStream, SubtitleStream
from vsumm.reel.plan import ReelPlan
from vsumm.reel.subtitles import keeps_fonts
from vsumm.words import counted


def left_out(plan: ReelPlan, lost: Sequence[str] = ()) -> str:
    """Return what the reel leaves out of the film, as one enumeration; empty if nothing.

    What the user asked to leave out is not named: a soundtrack that replaces the sound, say, or
    the picture where the reel is a sound file.

    Args:
        plan: the reel.
        lost: what was found missing while it was encoded.
    """
    info = plan.info
    parts = []
    further = [track for k, track in enumerate(info.audio) if k != plan.audio_track]
    if further and plan.format.audio_encoder is not None:
        parts.append(f"{counted(len(further), 'further sound track')}{_languages(further)}")
    pictures = [track for track in info.subtitles if not track.is_text]
    if pictures and not plan.config.without_subtitles:
        kinds = ", ".join(dict.fromkeys(track.codec for track in pictures))
        what = counted(len(pictures), "track")
        parts.append(f"{what} of subtitles that are pictures ({kinds}){_languages(pictures)}")
    if info.chapters and not plan.format.has_chapters:
        parts.append(counted(len(info.chapters), "chapter"))
    counts = Counter(info.other_streams)
    if keeps_fonts(plan.subtitles):
        del counts["font"]
    parts += [counted(number, kind) for kind, number in sorted(counts.items())]
    return ", ".join([*parts, *lost])


def _languages(tracks: Sequence[AudioStream | SubtitleStream]) -> str:
    named = list(dict.fromkeys(track.language for track in tracks if track.language))
    return f" ({', '.join(named)})" if named else ""
