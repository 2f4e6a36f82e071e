"""A result appears whole under its final name, or not at all."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from vsumm.errors import OutputError
from vsumm.files.outputs import atomic_output, check_output


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_free_name_passes_and_nothing_is_left(tmp_path):
    assert check_output(tmp_path / "reel.mp4") == tmp_path / "reel.mp4"
    assert names(tmp_path) == set()


def test_an_existing_file_needs_overwrite(tmp_path):
    target = tmp_path / "reel.mp4"
    target.write_bytes(b"old")
    with pytest.raises(OutputError, match="exists already; use overwrite=True"):
        check_output(target)
    assert check_output(target, overwrite=True) == target
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_a_link_to_the_input_is_refused_even_with_overwrite(tmp_path, make):
    source = tmp_path / "film.mp4"
    source.write_bytes(b"film")
    link = tmp_path / "link.mp4"
    make(source, link)
    with pytest.raises(OutputError, match="the input itself"):
        check_output(link, overwrite=True, inputs=[source])


def test_another_spelling_of_the_input_is_refused(tmp_path, monkeypatch):
    (tmp_path / "films").mkdir()
    source = tmp_path / "films" / "film.mp4"
    source.write_bytes(b"film")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="the input itself"):
        check_output("films/../films/./film.mp4", overwrite=True, inputs=[source])


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(OutputError, match="no/such does not exist"):
        check_output(tmp_path / "no" / "such" / "reel.mp4")


def test_a_folder_or_a_device_is_no_target(tmp_path):
    with pytest.raises(OutputError, match="this is a folder"):
        check_output(tmp_path, overwrite=True)
    with pytest.raises(OutputError, match="not a regular file"):
        check_output("/dev/null", overwrite=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to read-only folders")
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission denied"):
        check_output(tmp_path / "reel.mp4")


def test_a_folder_that_nobody_can_write_to_is_refused():
    with pytest.raises(OutputError, match="cannot be written"):
        check_output("/proc/reel.mp4")


@pytest.mark.parametrize("name", ["a" * 300 + ".mp4", "null\0byte.mp4"])
def test_an_impossible_name_is_one_line(tmp_path, name):
    with pytest.raises(OutputError) as caught:
        check_output(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_the_longest_possible_name_can_be_written(tmp_path):
    target = tmp_path / ("a" * 251 + ".mp4")
    with atomic_output(target) as partial:
        partial.write_bytes(b"new")
    assert target.read_bytes() == b"new"


def test_the_target_appears_only_at_the_end(tmp_path):
    target = tmp_path / "reel.mp4"
    with atomic_output(target) as partial:
        assert partial.parent == tmp_path
        assert partial.suffix == ".mp4"
        partial.write_bytes(b"new")
        assert not target.exists()
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == {"reel.mp4"}


def write_half_and_raise(target, error):
    with atomic_output(target, overwrite=True) as partial:
        partial.write_bytes(b"half")
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_keeps_the_old_file_and_leaves_nothing_else(tmp_path, error):
    target = tmp_path / "reel.mp4"
    target.write_bytes(b"old")
    with pytest.raises(error):
        write_half_and_raise(target, error)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == {"reel.mp4"}


def test_a_new_file_has_the_usual_mode_and_a_replaced_one_keeps_its_own(tmp_path):
    target = tmp_path / "reel.mp4"
    before = os.umask(0o027)
    try:
        with atomic_output(target):
            pass
        assert target.stat().st_mode & 0o777 == 0o640
        target.chmod(0o604)
        with atomic_output(target, overwrite=True):
            pass
        assert target.stat().st_mode & 0o777 == 0o604
    finally:
        os.umask(before)


def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "disk").mkdir()
    link = tmp_path / "reel.mp4"
    link.symlink_to(tmp_path / "disk" / "real.mp4")
    with atomic_output(link) as partial:
        assert partial.parent == tmp_path / "disk"
        partial.write_bytes(b"new")
    assert link.is_symlink()
    assert link.read_bytes() == b"new"


def write_while_another_run_writes(target):
    with atomic_output(target) as partial:
        partial.write_bytes(b"mine")
        target.write_bytes(b"theirs")


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path):
    target = tmp_path / "reel.mp4"
    with pytest.raises(OutputError, match="appeared meanwhile"):
        write_while_another_run_writes(target)
    assert target.read_bytes() == b"theirs"
    assert names(tmp_path) == {"reel.mp4"}


def test_a_file_system_without_hard_links_works(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with atomic_output(tmp_path / "reel.mp4") as partial:
        partial.write_bytes(b"new")
    assert (tmp_path / "reel.mp4").read_bytes() == b"new"
    assert names(tmp_path) == {"reel.mp4"}


def test_two_runs_at_once_do_not_disturb_each_other(tmp_path):
    target = tmp_path / "reel.mp4"
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(atomic_output(target, overwrite=True))
        first.write_bytes(b"first")
        with atomic_output(target, overwrite=True) as second:
            assert first.exists()
            second.write_bytes(b"second")
        assert target.read_bytes() == b"second"
    assert target.read_bytes() == b"first"


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    code = """
    import resource, sys
    from vsumm.errors import OutputError
    from vsumm.files.outputs import atomic_output
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        with atomic_output(sys.argv[1]) as partial:
            partial.write_bytes(bytes(10_000))
    except OutputError as error:
        print(error)
    """
    done = run_python(code, tmp_path / "reel.mp4")
    assert done.stdout == f"{tmp_path}/reel.mp4: cannot be written: no space left for it\n"
    assert names(tmp_path) == set()


def test_a_killed_run_leaves_the_old_file_and_the_next_run_sweeps(tmp_path):
    code = """
    import os, signal, sys
    from vsumm.files.outputs import atomic_output
    with atomic_output(sys.argv[1], overwrite=True) as partial:
        partial.write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    target = tmp_path / "reel.mp4"
    target.write_bytes(b"old")
    assert run_python(code, target).returncode == -signal.SIGKILL
    assert target.read_bytes() == b"old"
    assert len(names(tmp_path)) == 2
    with atomic_output(target, overwrite=True) as partial:
        partial.write_bytes(b"new")
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == {"reel.mp4"}


def test_hidden_files_of_other_programs_are_left_alone(tmp_path):
    (tmp_path / ".vsumm-notes.part").write_bytes(b"mine")
    with atomic_output(tmp_path / "reel.mp4"):
        pass
    assert ".vsumm-notes.part" in names(tmp_path)
