from .catalogue import SIGNALS as SIGNALS
from .catalogue import signals_of as signals_of
from .image import IMAGE as IMAGE
from .motion import DIFFERENCES as DIFFERENCES
from .music import MUSIC as MUSIC
