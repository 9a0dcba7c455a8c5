"""Guarantee: a file, a folder, a pattern or a URL names files in a fixed order, or says why not.

Floor 6.
"""

import glob
from pathlib import Path

from shoal.errors import InputError
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
        files = urls_of(source)
        if len(files) > 1:
            files = [file for file in files if _belongs(file, source)]
    elif Path(source).is_dir():
        files = _of_folder(source)
    elif any(mark in source for mark in PATTERN) and not Path(source).exists():
        found = glob.glob(source, recursive=True)  # noqa: PTH207  (Path.glob takes no full paths)
        files = sorted(path for path in found if Path(path).is_file())
    else:
        files = [source]
    if not files:
        raise InputError(
            f"{source} names no file that is read ({', '.join(ENDINGS[:4])} and such): check it"
        )
    return files


def _of_folder(folder: str) -> list[str]:
    try:
        paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    except OSError as error:
        raise InputError(
            f"the folder {folder} cannot be read ({error.strerror}): check its permissions, or name"
            " a file inside it"
        ) from error
    files = [str(path) for path in paths if _belongs(str(path), folder)]
    for path in paths:
        inside = path.relative_to(folder).parts[:-1]
        if any("=" in name for name in inside):
            raise InputError(
                f"{folder} holds values of a column in the names of its folders"
                f" ({'/'.join(inside)}), which are not read: write the column into the files, or"
                " name the files by a pattern to do without it"
            )
    if not files:
        raise InputError(
            f"the folder {folder} holds no file that is read ({', '.join(ENDINGS[:4])} and such):"
            " name a file, or another folder"
        )
    return files


def _belongs(file: str, folder: str) -> bool:
    """Whether a file in a folder is one of its table's, not one of notes or marks beside it."""
    inside = file.removeprefix(folder).replace("\\", "/").strip("/").split("/")
    return file.lower().endswith(ENDINGS) and not any(name[:1] in "._" for name in inside)
