from .job import Job as Job
from .job import JobResult as JobResult
from .job import Outputs as Outputs
from .job import is_done as is_done
from .job import summarize_file as summarize_file
from .run import Outcome as Outcome
from .run import summarize_files as summarize_files
from .views import Views as Views
