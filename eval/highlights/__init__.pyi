from .figures import area_under_curve as area_under_curve
from .labels import LabelledFilm as LabelledFilm
from .labels import find_labelled_films as find_labelled_films
from .run import measure_films as measure_films
from .text import format_figures as format_figures
from .text import to_table as to_table
