from .choose import Choice as Choice
from .choose import choose_soundtrack as choose_soundtrack
from .curve import check_film as check_film
from .curve import reel_curve as reel_curve
from .library import Library as Library
from .library import open_library as open_library
