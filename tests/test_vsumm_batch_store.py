"""Results on an object store: a film is done once its record is there, which comes last."""

import subprocess
import sys
from urllib.request import urlopen

import fsspec
import pytest
from batches import Inline
from films import make_film
from foretold import BrightLoudModel
from fsspec.implementations.memory import MemoryFileSystem

from vsumm.batch import folders
from vsumm.batch.folders import plan_batch, run_batch
from vsumm.batch.ledger import FileFacts, FilmRecord, Seen, write_record
from vsumm.batch.store import Store, url_of
from vsumm.errors import OutputError
from vsumm.reel import ReelConfig


@pytest.fixture
def films(tmp_path, monkeypatch):
    source = "vsumm.score.model_source"
    monkeypatch.setattr(f"{source}.load_model", lambda _: BrightLoudModel())
    monkeypatch.setattr(f"{source}.model_fingerprint", lambda name: "bright and loud")
    monkeypatch.setattr(f"{source}._shared", {})
    monkeypatch.setattr(
        folders, "open_engine", lambda engine, num_jobs, address: Inline(num_slots=num_jobs)
    )
    (tmp_path / "films").mkdir()
    make_film(tmp_path / "films" / "a.mp4", seconds=6, size=(64, 36), flashes=[3.0])
    (tmp_path / "films" / "bad.mp4").write_text("no film")
    return tmp_path / "films"


@pytest.fixture
def url(request):
    """A folder in the memory of this process, of this test alone."""
    return f"memory://bucket/{request.node.name}"


def objects(url):
    fs, root = fsspec.core.url_to_fs(url)
    fs.invalidate_cache()
    return {name.removeprefix(f"{root}/"): fs.cat_file(name) for name in fs.find(root)}


def batch(films, output):
    plan = plan_batch(films, output, budget="2s", cut_at="grid")
    return len(plan.to_do), list(run_batch(plan))


def test_a_store_has_the_results_that_a_folder_has(films, url, tmp_path):
    num_to_do, records = batch(films, url)
    assert (num_to_do, [record.state for record in records]) == (2, ["done", "broken"])
    batch(films, tmp_path / "out")
    found = objects(url)
    paths = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    on_disk = {path.relative_to(tmp_path / "out").as_posix(): path.read_bytes() for path in paths}
    assert found.keys() | {".vsumm/locks"} == on_disk.keys()
    assert {records[0].reel, records[0].summary} < found.keys()
    assert found[records[0].reel] == on_disk[records[0].reel]


def test_what_is_done_stays_done(films, url):
    batch(films, url)
    assert batch(films, url) == (0, [])
    assert "a.summary.mp4" in objects(url)["manifest.csv"].decode()
    make_film(films / "c.mp4", seconds=7, size=(64, 36))
    num_to_do, records = batch(films, url)
    assert (num_to_do, records[0].path) == (1, str(films / "c.mp4"))


def test_a_film_whose_reel_is_gone_is_done_again(films, url):
    _, records = batch(films, url)
    fs, root = fsspec.core.url_to_fs(url)
    fs.rm_file(f"{root}/{records[0].reel}")
    assert batch(films, url)[0] == 1


def test_a_store_that_fails_meanwhile_is_tried_again(films, url, monkeypatch):
    put, errors = Store._put, [ConnectionError("reset by peer")]

    def put_or_fail(self, name, content):
        if "records" in name and errors:
            raise errors.pop()
        put(self, name, content)

    monkeypatch.setattr(Store, "_put", put_or_fail)
    _, records = batch(films, url)
    assert sorted(record.state for record in records) == ["broken", "done"]


def test_results_come_before_their_record(tmp_path, url):
    (tmp_path / "a-0").mkdir()
    (tmp_path / "a-0" / "a.json").write_text("{}")
    (tmp_path / ".vsumm").mkdir()
    (tmp_path / ".vsumm" / "locks").touch()
    store = Store(url)
    order = []
    fs = store._fs
    store._put = lambda name, content: order.append(name)
    store.put(tmp_path, FilmRecord("/a", "done", "ab" * 32))
    assert order == [f".vsumm/records/ab/{'ab' * 32}.json"]
    assert [name.rpartition("/")[2] for name in fs.find(store._root)] == ["a.json"]


def test_what_is_known_of_files_is_kept(url):
    one, other = Seen(FileFacts(1, 2, 3), "hash"), Seen(FileFacts(4, 5, 6), None, 7.0)
    for path, seen in (("/a", one), ("/b\n", other)):
        store = Store(url)
        store.see(path, seen)
        store.save()
    assert Store(url).seen() == {"/a": one, "/b\n": other}


def test_a_damaged_record_is_said_and_left_out(url, caplog):
    fs, root = fsspec.core.url_to_fs(url)
    fs.pipe_file(f"{root}/.vsumm/records/ab/ab.json", b'{"path": 3')
    assert not list(Store(url).records())
    assert "damaged record" in caplog.text


def test_what_other_processes_wrote_meanwhile_is_seen(url, monkeypatch):
    """Although fsspec lists a folder of S3 once, whatever others write to it."""
    lists, find = {}, MemoryFileSystem.find
    monkeypatch.setattr(
        MemoryFileSystem, "find", lambda fs, path: lists.setdefault(path, find(fs, path))
    )
    monkeypatch.setattr(MemoryFileSystem, "invalidate_cache", lambda fs, path=None: lists.clear())
    assert list(Store(url).records()) == []
    record = FilmRecord("/a", "done", "ab" * 32)
    fs, root = fsspec.core.url_to_fs(url)
    fs.pipe_file(f"{root}/.vsumm/records/ab/{record.key}.json", write_record(record).encode())
    assert list(Store(url).records()) == [record]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("nosuch://bucket/reels", "cannot be reached: Protocol not known: nosuch"),
        ("http://127.0.0.1:9/reels", "127.0.0.1:9/reels"),
    ],
)
def test_a_store_that_is_not_there_is_one_line(films, output, message):
    with pytest.raises(OutputError, match=message) as caught:
        plan_batch(films, output)
    assert "\n" not in str(caught.value)


def test_a_url_of_a_file_is_a_path(films, tmp_path):
    assert url_of("local://x/") == "local://x"
    assert url_of(f"file://{tmp_path}") is None
    plan = plan_batch(films, f"file://{tmp_path}/my%20out")
    assert (plan.output, plan.url) == (tmp_path / "my out", None)


@pytest.mark.slow
def test_processes_put_results_on_one_store(films, tmp_path, monkeypatch):
    monkeypatch.undo()
    plan = plan_batch(films, f"local://{tmp_path}/out", reel=ReelConfig(), budget="2s")
    states = {record.path[-5:]: record.state for record in run_batch(plan, num_jobs=2)}
    assert states == {"a.mp4": "done", "d.mp4": "broken"}
    assert len(list((tmp_path / "out").glob("a-*/a.summary.mp4"))) == 1


@pytest.fixture
def s3(monkeypatch):
    """A server that speaks as S3 does, with an empty bucket."""
    server = pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    s3 = server.ThreadedMotoServer(port=0)
    s3.start()
    host, port = s3.get_host_and_port()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    # Servers of one process share their buckets, and fsspec keeps what spoke with the last one.
    urlopen(f"http://{host}:{port}/moto-api/reset", data=b"").close()
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    yield fsspec.filesystem("s3")
    s3.stop()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of boto
def test_s3_has_the_results_that_a_folder_has(films, s3, tmp_path):
    with pytest.raises(OutputError, match="bucket"):
        plan_batch(films, "s3://bucket/reels")
    s3.mkdir("bucket")
    num_to_do, records = batch(films, "s3://bucket/reels")
    assert num_to_do == 2
    assert batch(films, "s3://bucket/reels") == (0, [])
    batch(films, tmp_path / "out")
    found = objects("s3://bucket/reels")
    assert {records[0].summary, "manifest.csv"} < found.keys()
    assert found[records[0].reel] == (tmp_path / "out" / records[0].reel).read_bytes()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_batch_to_s3_that_was_killed_goes_on(s3, tmp_path):
    """With real processes and the real model."""
    s3.mkdir("bucket")
    (tmp_path / "films").mkdir()
    for number in range(3):
        make_film(tmp_path / "films" / f"{number}.mp4", seconds=20 + number, size=(160, 90))
    run = "import sys; from vsumm.cli.program import main; sys.exit(main())"

    def start(output):
        command = [sys.executable, "-c", run, "batch", tmp_path / "films", "-o", output]
        return subprocess.Popen([*command, "--no-cache"], stdout=subprocess.PIPE, text=True)

    with start("s3://bucket/reels") as first:
        assert any("0.summary.mp4" in line for line in first.stdout)
        first.kill()
    before = done(objects("s3://bucket/reels"))
    assert before
    assert len(plan_batch(tmp_path / "films", "s3://bucket/reels").to_do) in (1, 2)
    for output in ("s3://bucket/reels", tmp_path / "out"):
        with start(output) as again:
            assert "3 films done" in again.stdout.read()
    assert not plan_batch(tmp_path / "films", "s3://bucket/reels").to_do
    after = done(objects("s3://bucket/reels"))
    # Records say how long their films took: the same ones were not done again.
    assert before.items() < after.items()
    reels = list((tmp_path / "out").glob("[!.]*/*.mp4"))
    assert len(reels) == 3
    for reel in reels:
        assert after[reel.relative_to(tmp_path / "out").as_posix()] == reel.read_bytes()


def done(found):
    """Return the results and records among objects."""
    return {
        name: content
        for name, content in found.items()
        if name not in ("manifest.csv", ".vsumm/seen.jsonl")
    }
