from .pieces import Piece as Piece
from .pieces import is_still as is_still
from .pieces import pieces_of as pieces_of
from .study import Figure as Figure
from .study import format_study as format_study
from .study import match_levels as match_levels
from .study import match_places as match_places
