from .cache import RecordCache as RecordCache
from .cache import default_cache_folder as default_cache_folder
from .inputs import open_regular_file as open_regular_file
from .inputs import shown as shown
from .outputs import atomic_output as atomic_output
from .outputs import check_output as check_output
from .outputs import make_folder as make_folder
