"""Tags of several files, read by a process that may be lost."""

from music import make_tone

from mmva_core.inputs import Tags
from vsumm.soundtrack.tags import read_tags


def test_one_process_reads_the_tags_of_all_files(tmp_path):
    calm = make_tone(tmp_path / "calm.flac", tags={"title": "Calm", "artist": "Somebody"})
    (tmp_path / "broken.flac").write_bytes(b"fLaC" + bytes(40))
    last = make_tone(tmp_path / "last.flac", tags={"title": "Last"})
    found = read_tags([calm, tmp_path / "broken.flac", tmp_path / "missing.flac", last])
    assert found == [Tags("Calm", "Somebody"), Tags(), Tags(), Tags("Last")]


def test_only_the_file_that_crashes_what_reads_it_has_no_tags(tmp_path, broken_jobs):
    paths = [make_tone(tmp_path / f"{k}.flac", tags={"title": str(k)}) for k in range(3)]
    paths[1] = paths[1].rename(tmp_path / "crash.flac")
    broken_jobs("vsumm.soundtrack.tags.Worker", "read_tags_or_crash")
    assert read_tags(paths) == [Tags("0"), Tags(), Tags("2")]
