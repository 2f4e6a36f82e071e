from .levels import SoundLevels as SoundLevels
from .levels import level_steps as level_steps
from .levels import measure_sound as measure_sound
