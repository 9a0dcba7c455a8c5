import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from shoal import atomic
from shoal.atomic import (
    check_writable,
    remove_abandoned,
    temporary_folder,
    write_atomically,
    written_atomically,
)
from shoal.errors import InputError

posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions and links as in POSIX")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def names(folder):
    return [path.name for path in folder.iterdir()]


def test_a_new_file_holds_the_bytes_and_nothing_else_is_left(tmp_path):
    write_atomically(tmp_path / "out.bin", b"\x00\xff\n")
    assert (tmp_path / "out.bin").read_bytes() == b"\x00\xff\n"
    assert names(tmp_path) == ["out.bin"]


@posix
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_new_file_has_the_permissions_of_a_plainly_opened_one(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "ours", b"x")
        (tmp_path / "plain").write_bytes(b"x")
    finally:
        os.umask(before)
    assert mode(tmp_path / "ours") == mode(tmp_path / "plain") == 0o666 & ~umask


@posix
def test_a_replaced_file_keeps_its_permissions(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o640


@posix
def test_a_link_is_written_through(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real" / "out")
    write_atomically(link, b"first")
    write_atomically(link, b"second")
    assert link.is_symlink()
    assert (tmp_path / "real" / "out").read_bytes() == b"second"


@posix
def test_devices_are_simply_written_to():
    check_writable("/dev/null")
    write_atomically("/dev/null", b"gone")
    assert not Path("/dev/null").is_file()


@posix
def test_redirected_output_is_added_to_and_not_replaced(tmp_path):
    with (tmp_path / "out").open("wb") as file:
        file.write(b"before ")
        file.flush()
        write_atomically(f"/dev/fd/{file.fileno()}", b"after")
    assert (tmp_path / "out").read_bytes() == b"before after"


def test_a_failure_keeps_the_old_file_and_leaves_no_other(tmp_path, monkeypatch):
    path = tmp_path / "out"
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(InputError, match=r"cannot write .*out: No space left on device; choose"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["out"]


def test_a_disk_that_fills_up_leaves_nothing(tmp_path, monkeypatch):
    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InputError, match="No space left"):
        write_atomically(tmp_path / "out", b"new")
    assert names(tmp_path) == []


@pytest.mark.parametrize("call", [check_writable, lambda path: write_atomically(path, b"")])
def test_places_where_no_file_can_be_are_refused_in_one_sentence(tmp_path, call):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="it is a folder; name a file inside it"):
        call(tmp_path)
    with pytest.raises(InputError, match="missing does not exist; create it first"):
        call(tmp_path / "missing" / "out")
    with pytest.raises(InputError, match="file is not a folder; choose another place"):
        call(tmp_path / "file" / "out")


def test_checking_changes_nothing(tmp_path):
    path = tmp_path / "out"
    check_writable(path)
    assert names(tmp_path) == []
    path.write_bytes(b"old")
    check_writable(str(path))
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["out"]


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_protected_files_and_folders_are_refused(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(InputError, match="write-protected"):
        check_writable(path)
    tmp_path.chmod(0o555)
    with pytest.raises(InputError, match="Permission denied"):
        check_writable(tmp_path / "new")
    tmp_path.chmod(0o755)


@posix
def test_a_folder_that_refuses_new_files_is_found_out(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError, match="Permission denied; choose another place"):
        check_writable(tmp_path / "out")


def test_a_file_that_nobody_may_write_is_kept_even_from_root(tmp_path):
    path = tmp_path / "precious"
    path.write_bytes(b"as it is")
    path.chmod(0o444)
    with pytest.raises(InputError, match=r"precious.*write-protected"):
        write_atomically(path, b"something else")
    assert path.read_bytes() == b"as it is"


@posix
def test_the_next_writer_removes_what_a_killed_one_left_and_nothing_in_use(tmp_path):
    code = """
import os, signal, sys
from shoal.atomic import written_atomically
with written_atomically(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    (tmp_path / "out").write_bytes(b"old")
    subprocess.run([sys.executable, "-c", code, tmp_path / "out"], check=False)
    assert len(names(tmp_path)) == 2
    assert (tmp_path / "out").read_bytes() == b"old"
    with written_atomically(tmp_path / "other") as file:
        (held,) = (name for name in names(tmp_path) if name != "out")
        file.write(b"first")
        write_atomically(tmp_path / "out", b"new")
        assert sorted(names(tmp_path)) == [held, "out"]
        file.write(b" and last")
    assert sorted(names(tmp_path)) == ["other", "out"]
    assert (tmp_path / "other").read_bytes() == b"first and last"


@posix
def test_a_new_file_is_held_until_it_has_its_name(tmp_path, monkeypatch):
    replace = Path.replace

    def after_another_writer(self, target):
        remove_abandoned(tmp_path)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", after_another_writer)
    write_atomically(tmp_path / "out", b"new")
    assert (tmp_path / "out").read_bytes() == b"new"


@posix
def test_a_new_file_that_another_writer_took_for_abandoned_is_made_again(tmp_path, monkeypatch):
    lock, removed = atomic.fcntl.flock, []

    def late(file, how):
        if not removed:
            removed.extend(tmp_path.iterdir())
            removed[0].unlink()
        lock(file, how)

    monkeypatch.setattr(atomic.fcntl, "flock", late)
    write_atomically(tmp_path / "out", b"new")
    assert names(tmp_path) == ["out"]
    assert removed


def test_a_folder_is_gone_at_the_end_and_one_that_a_killed_process_left_too(tmp_path):
    code = """if True:
    import os, signal, sys
    from pathlib import Path
    from shoal.atomic import temporary_folder
    with temporary_folder(Path(sys.argv[1])) as folder:
        (folder / "part").write_bytes(b"x")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", code, tmp_path], check=False)
    (left,) = tmp_path.iterdir()
    with temporary_folder(tmp_path) as first, temporary_folder(tmp_path) as second:
        assert sorted(tmp_path.iterdir()) == sorted([first, second])  # in use, and so kept
        assert left not in (first, second)
    assert names(tmp_path) == []
