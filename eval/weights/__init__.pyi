from .choose import JudgedFilm as JudgedFilm
from .choose import LeftOut as LeftOut
from .choose import draw_weights as draw_weights
from .choose import leave_one_out as leave_one_out
from .judge import judge_labelled as judge_labelled
from .judge import judge_scored as judge_scored
from .text import format_left_out as format_left_out
