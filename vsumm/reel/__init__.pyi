from .compose.options import Composition as Composition
from .compose.options import check_composition as check_composition
from .compose.options import find_soundtrack as find_soundtrack
from .export import export_reel as export_reel
from .export import write_reel as write_reel
from .formats import reel_format as reel_format
from .settings import EncodeSettings as EncodeSettings
