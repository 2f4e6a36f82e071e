from .edit import Edit as Edit
from .edit import edit_picks as edit_picks
from .edit import parse_drop as parse_drop
from .edit import parse_extend as parse_extend
from .edit import parse_keep as parse_keep
from .picks import Picks as Picks
from .picks import load_picks as load_picks
from .write import render as render
