"""The methods of Table 2 by name."""

from __future__ import annotations

from mmva_core.retrievers.base import Retriever
from mmva_core.retrievers.class_bin import ClassBin
from mmva_core.retrievers.joint import ContrastiveSentences, TripletSentences, TripletWords

RETRIEVERS: dict[str, type[Retriever]] = {
    "class-bin": ClassBin,
    "triplet-words": TripletWords,
    "triplet-bert": TripletSentences,
    "contrastive-bert": ContrastiveSentences,
}
"""Every method besides MMVA, in the order of Table 2."""
