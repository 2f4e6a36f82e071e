from .info import AudioStream as AudioStream
from .info import MediaInfo as MediaInfo
from .info import VideoStream as VideoStream
from .info import probe as probe
from .report import DecodeReport as DecodeReport
from .segments import Segment as Segment
from .segments import merge_neighbours as merge_neighbours
from .segments import split_into_segments as split_into_segments
