from .cards import draw_card as draw_card
from .cards import draw_scene as draw_scene
from .fit import build_heads as build_heads
from .heads import ContentHeads as ContentHeads
from .heads import load_heads as load_heads
from .reader import PictureContent as PictureContent
from .reader import PictureReader as PictureReader
from .text import TextEncoder as TextEncoder
