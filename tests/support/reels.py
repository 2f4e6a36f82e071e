"""Reels that are encoded in the process of the test."""

from vsumm.media.info import probe
from vsumm.reel.config import ReelConfig
from vsumm.reel.layout import lay_out
from vsumm.reel.plan import plan_reel
from vsumm.reel.request import EncodeRequest
from vsumm.reel.write import encode_reel


def encode_here(film, runs, reel, config=None, *, audio_track=0):
    """Write runs of a film to `reel`, over what is there, and return the report."""
    config = config or ReelConfig()
    plan = plan_reel(probe(film), reel, config, audio_track=audio_track, overwrite=True)
    placed = lay_out(runs, crossfade_seconds=config.crossfade_seconds)
    return encode_reel(EncodeRequest(plan, tuple(placed), reel))
