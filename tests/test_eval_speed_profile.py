"""Where the CPU time of an analysis goes."""

import pytest
from films import make_film

from eval.speed.profile import measure_profile, write_flame_graph
from vsumm.errors import OutputError


def test_every_part_costs_something_and_has_its_floor(tmp_path):
    film = make_film(tmp_path / "film.mp4", seconds=6, size=(64, 36), frame_rate=10)
    rows = list(measure_profile(film))
    assert all(row.cpu_seconds >= 0 for row in rows)
    named = {row.name: row for row in rows}
    assert named["FFmpeg, every frame"].is_floor
    assert not named["decode the picture"].is_floor
    parts = sum(row.cpu_seconds for row in rows[:-1] if not row.is_floor)
    assert parts > 0.3 * rows[-1].cpu_seconds > 0


def test_a_flame_graph_is_named_by_its_extension(tmp_path):
    with pytest.raises(OutputError, match="svg"):
        write_flame_graph(tmp_path / "film.mp4", tmp_path / "flame.png")
