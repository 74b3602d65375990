"""Arrays that stay in files, so that memory does not grow with the rows.

Not memory maps: their pages would count as memory of the process, as many as were ever looked at.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class RowsOnDisk:
    """An array of shape (N, width) of 4-byte numbers in a file, of which some rows at a time are looked at."""

    def __init__(self, path: Path, width: int) -> None:
        self._bytes = 4 * width
        self._handle = os.open(path, os.O_RDONLY)
        self.shape = (path.stat().st_size // self._bytes, width)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: NDArray[Any]) -> NDArray[np.uint32]:
        size, handle = self._bytes, self._handle
        wanted, places = np.unique(rows, return_inverse=True)
        read = b"".join([os.pread(handle, size, row * size) for row in wanted.tolist()])
        return np.frombuffer(read, np.uint32).reshape(-1, self.shape[1])[places]

    def __del__(self) -> None:
        os.close(self._handle)


class ColumnsOnDisk:
    """An array of shape (N, columns) of 8-byte numbers, a file for each column, of which one at a time is looked at."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self.shape = (paths[0].stat().st_size // 8, len(paths))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, at: tuple[slice, int]) -> NDArray[np.uint64]:
        return np.fromfile(self._paths[at[1]], np.uint64)[at[0]]
