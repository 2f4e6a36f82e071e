from .picture import ComposedPictures as ComposedPictures
from .sound import SoundSource as SoundSource
from .sound import Soundtrack as Soundtrack
