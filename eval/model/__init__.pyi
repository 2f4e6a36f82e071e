from .captions import FORMULA as FORMULA
from .captions import read_captions as read_captions
from .captions import score_captions as score_captions
from .videos import VideoScorer as VideoScorer
from .videos import find_videos as find_videos
from .videos import score_videos as score_videos
from .videos import segment_videos as segment_videos
