"""Options about music that is chosen, or that the reel is cut to."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_music_options(group: argparse._ArgumentGroup) -> None:
    """Add them to the options about the reel."""
    add_soundtrack_options(group)
    group.add_argument(
        "--to",
        type=Path,
        metavar="SONG",
        help="make one reel of all inputs, cut to this sound file: as long as it is, or as "
        "--budget says, a share being one of the song; or to the --arc",
    )


def add_soundtrack_options(group: argparse._ArgumentGroup) -> None:
    """Add those of music that is chosen for every reel by itself."""
    group.add_argument(
        "--soundtrack-from",
        type=Path,
        metavar="MUSIC",
        help="choose the soundtrack, and the place in it, that follows the picture best: from a "
        "folder, a playlist (.m3u, .m3u8), an index that mmva index made, or one file",
    )
    group.add_argument(
        "--cut-to-beats",
        action="store_true",
        dest="moves_cuts",
        help="move cuts to beats of that music, by up to half a second, where that costs at most "
        "2%% of the score and cuts into no shot and no sentence",
    )
