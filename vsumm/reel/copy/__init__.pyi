from .track import NotCopiableError as NotCopiableError
from .track import SmartPictureTrack as SmartPictureTrack
