from .shots import FoundCuts as FoundCuts
from .shots import Looks as Looks
from .shots import find_cuts as find_cuts
