"""Keep films in a library, and cut what is found into one reel.

    python examples/search_a_library.py [FOLDER]

Without a folder, a sample film is made. Needs the extra library.
"""

import sys
import tempfile
from pathlib import Path

from vsumm.demo import make_sample_film
from vsumm.files import walk_films
from vsumm.film_library import add_films, create, query_point, query_text, search, write_found


def main() -> None:
    """Add films, look for a place of the plane, then for words, and cut a reel."""
    work = Path(tempfile.mkdtemp(prefix="vsumm-"))
    if len(sys.argv) > 1:
        films = list(walk_films(Path(sys.argv[1])))
    else:
        films = [work / "sample.mp4"]
        make_sample_film(films[0])
    library = create(work / "library")
    for added in add_films(library, films):
        print(f"{added.state}: {added.path.name} {added.note}")
    for query in (query_point(0.5, 0.9), query_text("fire at night")):
        found = search(library, query, k=3, min_seconds=3.0)
        for one in found:
            start, end = one.segment.start_seconds, one.segment.end_seconds
            print(f"{one.film.path.name} {start:.1f} to {end:.1f} s: {one.why}")
    print(write_found(found, work / "found.mp4"))


if __name__ == "__main__":
    main()
