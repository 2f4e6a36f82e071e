from .base import Retriever as Retriever
from .head import fit_joint_head as fit_joint_head
from .methods import RETRIEVERS as RETRIEVERS
from .open_music import build_joint_head as build_joint_head
