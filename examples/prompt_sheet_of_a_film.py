"""Write a sheet of prompts along a film: what the music of every ten seconds could be.

    python examples/prompt_sheet_of_a_film.py [FILM]

Without a film, the sample film of `vsumm demo` is made. With the paper's sentences:

    mmva prompt FILM --every 10s
"""

import sys
import tempfile
from pathlib import Path

import vsumm
from mmva_core.prompts.film import parse_film_curve
from mmva_core.prompts.search import search_prompts
from mmva_core.prompts.table import prompt_va
from mmva_core.prompts.targets import film_targets
from mmva_core.prompts.templates import Templates
from vsumm.demo import make_sample_film

folder = Path(tempfile.mkdtemp(prefix="vsumm-"))
if len(sys.argv) > 1:
    film = Path(sys.argv[1])
else:
    film = folder / "sample.mp4"
    make_sample_film(film)

templates = Templates(
    sentences=("This is a {genre} music piece.", "The atmosphere is {mood}."),
    words={
        "genre": ("ambient", "jazz", "rock", "classic metal"),
        "mood": ("soothing", "dreamy", "melancholic", "euphoric", "dramatic", "aggressive"),
    },
)
va = prompt_va("mmva-lite", templates, cache=folder)

# The same text lies in FILM.summary.json after `vsumm summarize FILM`.
summary = vsumm.summarize(film, vsumm.SummaryConfig(by="image")).to_json()
for target in film_targets(parse_film_curve(summary, str(film)), every_seconds=10):
    (match,) = search_prompts(templates, va, target.va, k=1)
    print(f"{target.name}  arousal {target.va[1]:.2f}  {match.prompt}")
