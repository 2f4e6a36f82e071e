"""What was picked and why, to look at: a page, a contact sheet, a poster, a preview.

In: a `Summary` and the film that it is of. Out: an HTML, JPEG, GIF or WebP file.
Open `html.py` first; `moments.py` finds picks, runners-up and reasons, `content.py` puts them into
the words of the page, and `page/` holds its template, style and script.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
