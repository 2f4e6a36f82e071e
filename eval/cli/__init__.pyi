from .program import add_arguments as add_arguments
from .program import run as run
