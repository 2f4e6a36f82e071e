"""Data sets, from raw files to labelled tables.

`imemnet/` reads IMEMNet-C, `sources/` makes it from IAPS, NAPS, EMOTIC and DEAM, `open/` reads the
open sets that `mmva-lite` is trained on.
"""
