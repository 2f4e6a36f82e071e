from .frame import to_csv as to_csv
from .frame import to_frame as to_frame
from .records import to_record as to_record
from .text import format_evaluation as format_evaluation
