"""Guarantee: a file, a folder, a pattern or a URL names files in a fixed order, or says why not.

Floor 6.
"""

import glob
from collections.abc import Sequence
from pathlib import Path

from shoal.errors import InputError
from shoal.tables import opened
from shoal.urls import urls_of

PATTERN = "*?["
ENDINGS = (".parquet", ".pq", ".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")


def files_of(source: str | Path) -> list[str]:
    """Return the files that a source names, in order; see :func:`find_shards`."""
    if not isinstance(source, str | Path):
        raise InputError(
            f"a table in files is named by a text or a Path, not by a {type(source).__name__}: give"
            " a file, a folder or a pattern; data in memory is for train_table"
        )
    source = str(source)
    if "://" in source:
        files = _of_url(source)
    elif Path(source).is_dir():
        files = _of_folder(source)
    elif any(mark in source for mark in PATTERN) and not Path(source).exists():
        found = glob.glob(source, recursive=True)  # noqa: PTH207  (Path.glob takes no full paths)
        files = sorted(path for path in found if Path(path).is_file())
    else:
        files = [source]
        if not (source == "-" or Path(source).exists()):
            with opened(source):  # which says what is near
                pass
    if not files:
        raise InputError(f"{source} names no file: check the pattern")
    return files


def is_stream(source: str | Path) -> bool:
    """Whether a source can be read once only: standard input, or a pipe that has a name."""
    path = Path(source)
    return str(source) == "-" or (path.exists() and not (path.is_file() or path.is_dir()))


def _of_url(url: str) -> list[str]:
    found = urls_of(url)
    if not any(inside for _, inside in found):  # a file, or a pattern, which names what is meant
        return [file for file, _ in found]
    return _of_table(found, url)


def _of_folder(folder: str) -> list[str]:
    try:
        paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    except OSError as error:
        raise InputError(
            f"the folder {folder} cannot be read ({error.strerror}): check its permissions, or name"
            " a file inside it"
        ) from error
    return _of_table([(str(path), path.relative_to(folder).as_posix()) for path in paths], folder)


def _of_table(found: Sequence[tuple[str, str]], folder: str) -> list[str]:
    """Return those files of a folder that are its table's, not notes or marks beside them.

    Each file is given with its path inside the folder.
    """
    kept = [(file, inside.split("/")) for file, inside in found]
    kept = [(file, names) for file, names in kept if _belongs(names)]
    if not kept:
        raise InputError(
            f"the folder {folder} holds no file that is read ({', '.join(ENDINGS[:4])} and such):"
            " name a file, or another folder"
        )
    for _, (*folders, _) in kept:
        if any("=" in name for name in folders):
            raise InputError(
                f"{folder} holds values of a column in the names of its folders"
                f" ({'/'.join(folders)}), which are not read: write the column into the files, or"
                " name the files by a pattern to do without it"
            )
    return [file for file, _ in kept]


def _belongs(names: Sequence[str]) -> bool:
    """Whether a file, given by the names of its folders and its own, is one of a table's."""
    return names[-1].lower().endswith(ENDINGS) and not any(n.startswith((".", "_")) for n in names)
