import json
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from data_mix.packing.pack import Pack, open_packs
from espalier.artifacts import records
from espalier.errors import UserError
from espalier.text.rows import write_rows
from tests import tiny
from training.row_weights import weigh

TABLE = {"text-0": 0.0, "text-1": 2.5, "elsewhere": 1.0}


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    folder = tmp_path / "mix"
    folder.mkdir()
    write_rows(folder / "train.parquet", [tiny.text_row(n, f"I went {n}.", weight=1.0 + n) for n in range(3)])
    records.write_manifest(folder, {})
    return open_packs(folder, tiny.renderer(), seq_len=48, rows="all", long_rows="split")[0]["train"]


def written(path: Path, table: dict[str, float]) -> Path:
    columns = {"id": list(table), "weight": list(table.values())}
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
    elif path.suffix == ".csv":
        path.write_text("id,weight\n" + "".join(f"{key},{value}\n" for key, value in table.items()))
    else:
        path.write_text("".join(json.dumps({"id": key, "weight": value}) + "\n" for key, value in table.items()))
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_rows_count_as_the_table_says(
    pack: Pack, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dict(zip(pack.row_ids, pack.row_weights.tolist(), strict=True))
    weigh(pack, written(tmp_path / f"table{suffix}", TABLE))
    expected = {key: value * TABLE.get(key, 1.0) for key, value in before.items()}
    assert dict(zip(pack.row_ids, pack.row_weights.tolist(), strict=True)) == expected == {
        "text-0": 0.0,
        "text-1": 5.0,
        "text-2": 3.0,
    }  # fmt: skip
    everything = np.arange(len(pack))
    assert set(pack.weights(everything)[pack.trained(everything)].tolist()) == {0.0, 3.0, 5.0}
    assert "2 of 3 rows are named in table" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("t.csv", None, "no such file"),
        ("t.txt", "id,weight\n", r"ends in \.parquet, \.csv, \.jsonl"),
        ("t.csv", "row,weight\ntext-0,1\n", "no table of id and weight"),
        ("t.csv", "id,weight\ntext-0,heavy\n", "no table of id and weight"),
        ("t.jsonl", "nonsense\n", "no table of id and weight"),
        ("t.parquet", "nonsense\n", "no table of id and weight"),
        ("t.csv", "id,weight\ntext-0,-1\n", "row 1: wants an id and a weight of 0 or more"),
        ("t.csv", "id,weight\ntext-0,nan\n", "row 1: wants"),
        ("t.jsonl", '{"id": "text-0"}\n', "row 1: wants"),
        ("t.csv", "id,weight\ntext-0,1\ntext-0,2\n", "row 2: 'text-0' stands twice"),
        ("t.csv", "id,weight\nelsewhere,1\n", "none of its 1 ids"),
        ("t.csv", "id,weight\ntext-0,0\ntext-1,0\ntext-2,0\n", "nothing would be learned"),
    ],
)
def test_tables_that_cannot_be_meant(pack: Pack, tmp_path: Path, name: str, text: str | None, complaint: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=complaint):
        weigh(pack, tmp_path / name)
