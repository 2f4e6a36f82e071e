from .figures import TABLES as TABLES
from .figures import Figure as Figure
from .figures import PaperTable as PaperTable
from .figures import ours_path as ours_path
from .figures import read_table as read_table
from .figures import replace_ours as replace_ours
