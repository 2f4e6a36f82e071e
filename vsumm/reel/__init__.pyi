from .config import ReelConfig as ReelConfig
from .config import SoundtrackMode as SoundtrackMode
from .export import export_reel as export_reel
from .export import prepare_reel as prepare_reel
from .export import try_reel as try_reel
from .export import write_reel as write_reel
from .plan import ReelPlan as ReelPlan
from .plan import plan_reel as plan_reel
