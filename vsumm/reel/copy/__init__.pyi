from .track import CopiedPictureTrack as CopiedPictureTrack
from .track import NotCopiableError as NotCopiableError
