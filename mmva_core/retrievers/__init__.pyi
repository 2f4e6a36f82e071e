from .base import Retriever as Retriever
from .methods import RETRIEVERS as RETRIEVERS
