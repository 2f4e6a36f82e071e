from .plan import FilmPiece as FilmPiece
from .plan import JoinedPlan as JoinedPlan
from .plan import JoinedRequest as JoinedRequest
from .plan import plan_joined_reel as plan_joined_reel
from .write import encode_joined as encode_joined
