from .load import cut_tracks as cut_tracks
from .mux import SubtitleTrack as SubtitleTrack
from .plan import CutTrack as CutTrack
from .plan import TrackPlan as TrackPlan
from .plan import plan_tracks as plan_tracks
