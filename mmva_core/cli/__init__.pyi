from .parser import Parser as Parser
from .parser import did_you_mean as did_you_mean
from .parser import positive_integer as positive_integer
from .program import main as main
from .shell import EXIT_DONE as EXIT_DONE
from .shell import EXIT_FAILED as EXIT_FAILED
from .shell import Shell as Shell
from .shell import UsageError as UsageError
