from .labels import MUSIC_SUFFIXES as MUSIC_SUFFIXES
from .labels import Sample as Sample
from .labels import attach_files as attach_files
from .labels import find_files as find_files
from .labels import read_labels as read_labels
from .run_file import TEMPLATE as TEMPLATE
from .run_file import read_run_config as read_run_config
from .runs import load_imemnet as load_imemnet
