from .figures import TABLES as TABLES
from .figures import Figure as Figure
from .figures import PaperTable as PaperTable
from .figures import read_table as read_table
