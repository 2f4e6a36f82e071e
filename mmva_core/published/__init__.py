"""Figures of the paper's Tables 1 to 5, and ours on open data under the same headings.

In: the number of a table. Out: its figures, each with its protocol and source.
Open `figures.py` first. The figures are data, one CSV file per table: those in `paper/` were not
measured here, those in `ours/` were; `tables.toml` says what each table shows and what compares.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
