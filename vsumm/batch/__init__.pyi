from .job import Job as Job
from .job import JobResult as JobResult
from .job import run_job as run_job
from .run import Outcome as Outcome
from .run import run_jobs as run_jobs
