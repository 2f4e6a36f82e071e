from .model import EmbeddedModel as EmbeddedModel
from .pictures import PictureEncoder as PictureEncoder
from .sentences import SentenceEncoder as SentenceEncoder
