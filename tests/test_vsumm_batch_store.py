"""Results on an object store: a film is done once its record is there, which comes last."""

import fsspec
import pytest
from batches import Inline
from films import make_film
from foretold import BrightLoudModel

from vsumm.batch import folders
from vsumm.batch.folders import plan_batch, run_batch
from vsumm.batch.ledger import FileFacts, FilmRecord, Seen
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


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of boto
def test_s3(films, monkeypatch):
    server = pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    s3 = server.ThreadedMotoServer(port=0)
    s3.start()
    try:
        host, port = s3.get_host_and_port()
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        with pytest.raises(OutputError, match="bucket"):
            plan_batch(films, "s3://bucket/reels")
        fsspec.filesystem("s3").mkdir("bucket")
        assert batch(films, "s3://bucket/reels")[0] == 2
        assert batch(films, "s3://bucket/reels") == (0, [])
        assert "manifest.csv" in objects("s3://bucket/reels")
    finally:
        s3.stop()
