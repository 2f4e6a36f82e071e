from .figures import EdgeFigures as EdgeFigures
from .figures import measure_edges as measure_edges
from .levels import SoundLevels as SoundLevels
from .levels import level_steps as level_steps
from .levels import measure_sound as measure_sound
from .reels import measure_reels as measure_reels
from .text import cuts_json as cuts_json
from .text import format_cuts as format_cuts
