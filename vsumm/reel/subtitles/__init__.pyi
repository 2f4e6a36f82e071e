from .load import cut_tracks as cut_tracks
from .mux import SubtitleTrack as SubtitleTrack
from .mux import copy_fonts as copy_fonts
from .plan import CutTrack as CutTrack
from .plan import TrackPlan as TrackPlan
from .plan import keeps_fonts as keeps_fonts
from .plan import plan_tracks as plan_tracks
