from .make import MedleyJob as MedleyJob
from .make import MedleyResult as MedleyResult
from .make import make_medley as make_medley
