"""Find the words for music that feels like a picture, with sentences and words of your own.

    python examples/prompt_from_a_picture.py [PICTURE]

Without a picture one is made. With the paper's sentences, which take minutes the first time:

    mmva prompt PICTURE
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from mmva_core.prompts.search import search_prompts, spread_of, warnings_about
from mmva_core.prompts.table import prompt_va
from mmva_core.prompts.targets import find_targets
from mmva_core.prompts.templates import load_templates

TEMPLATES = """
sentences = ["A {mood} piece of {genre}.", "The {instrument_1} leads, {instrument_2} follows."]
[words]
mood = ["soothing", "melancholic", "euphoric", "aggressive"]
genre = ["jazz", "classic metal", "ambient"]
instrument = ["piano", "violin", "electric guitar"]
"""

folder = Path(tempfile.mkdtemp(prefix="mmva-"))
if len(sys.argv) > 1:
    picture = sys.argv[1]
else:
    picture = str(folder / "evening.png")
    sky = np.linspace([250, 160, 60], [20, 20, 60], 240)[:, None].repeat(320, axis=1)
    Image.fromarray(sky.astype(np.uint8)).save(picture)
(folder / "templates.toml").write_text(TEMPLATES, encoding="utf-8")

templates = load_templates(folder / "templates.toml")
va = prompt_va("mmva-lite", templates, cache=folder)  # worked out once, then kept there
(target,) = find_targets(picture, "mmva-lite")

print(f"{target.name}: valence {target.va[0]:.2f}, arousal {target.va[1]:.2f}")
for line in warnings_about(spread_of(va), target.va):
    print(f"note: {line}")
for match in search_prompts(templates, va, target.va, k=3):
    print(f"  off by {match.distance:.3f}: {match.prompt}")
