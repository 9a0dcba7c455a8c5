import numpy as np
import pytest
from safetensors.numpy import save_file

from shoal import model_file
from shoal.errors import InputError
from shoal.model_file import check_model_path, load_model, save_model
from shoal.table_model import TableModel

HEADER = {"name": "é", "list": [1, 2.5, None, {"deep": True}], "number": 0.1}
ARRAYS = {
    "theta": np.linspace(-1, 1, 23),
    "single": np.float32([[1, 2], [3, 4]]),
    "empty": np.zeros((0, 3)),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "m.shoal"


@pytest.fixture
def data(path):
    """The bytes of a model file."""
    save_model(path, HEADER, ARRAYS)
    return path.read_bytes()


def refusal(path, load=load_model):
    with pytest.raises(InputError) as caught:
        load(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def equal(loaded):
    header, arrays = loaded
    return header == HEADER and {
        name: (a.dtype.str, a.shape, a.tobytes()) for name, a in arrays.items()
    } == {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in ARRAYS.items()}


def test_what_is_saved_comes_back(path, data):
    assert equal(load_model(path))


def test_the_same_content_gives_the_same_bytes(path, data):
    for _ in range(20):
        save_model(path, dict(reversed(HEADER.items())), dict(reversed(ARRAYS.items())))
        assert path.read_bytes() == data


def test_the_layout_of_an_array_in_memory_does_not_matter(path):
    a = np.arange(12.0).reshape(3, 4)
    save_model(path, {}, {"a": a.T})
    np.testing.assert_array_equal(load_model(path)[1]["a"], a.T)


def test_a_header_with_infinity_is_not_written(path):
    with pytest.raises(ValueError, match="JSON"):
        save_model(path, {"cost": float("inf")}, {})
    assert not path.exists()


def test_a_truncated_file_is_refused_wherever_it_ends(path, data):
    ends = {*range(64), *range(0, len(data), 7), len(data) - 1}
    for end in sorted(ends):
        path.write_bytes(data[:end])
        refusal(path)


def test_a_truncated_model_of_a_table_is_refused_wherever_it_ends(path, model_bytes):
    for end in [*range(64), *range(64, len(model_bytes), 97)]:
        path.write_bytes(model_bytes[:end])
        refusal(path, TableModel.load)


def test_more_bytes_at_the_end_are_refused(path, data):
    path.write_bytes(data + b"\n")
    refusal(path)


@pytest.mark.parametrize("bit", range(8))
def test_one_wrong_bit_anywhere_is_refused_or_harmless(path, data, bit):
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1 << bit
        path.write_bytes(damaged)
        try:
            loaded = load_model(path)
        except InputError as error:
            assert str(path) in str(error)  # noqa: PT017
        else:
            assert equal(loaded), position


def test_wrong_bits_in_the_model_of_a_table_are_refused(path, model_bytes):
    random = np.random.default_rng(0)
    for position in random.integers(len(model_bytes), size=200):
        damaged = bytearray(model_bytes)
        damaged[position] ^= 1 << random.integers(8)
        path.write_bytes(damaged)
        try:
            TableModel.load(path)
        except InputError as error:
            assert str(path) in str(error)  # noqa: PT017
        else:  # spaces that pad the header
            assert model_bytes[position] in b" 1"


@pytest.mark.parametrize(
    "content",
    [b"", b"a,b\n1,2\n", b"\x89PNG\r\n\x1a\n" + bytes(100), b"PAR1" + bytes(50), bytes(8),
     b"\xff" * 200, (2).to_bytes(8, "little") + b"{}", (2**40).to_bytes(8, "little") + b"{}"],
    ids=["empty", "csv", "png", "parquet", "zeros", "ones", "no arrays", "too long"],
)  # fmt: skip
@pytest.mark.parametrize("load", [load_model, TableModel.load])
def test_what_is_not_a_model_is_refused(path, content, load):
    path.write_bytes(content)
    assert "Shoal" in refusal(path, load)


def test_another_safetensors_file_is_refused(path):
    for metadata in (None, {"format": "pt"}):
        save_file({"w": np.ones(3)}, path, metadata)
        message = refusal(path)
        assert "Shoal" in message
        assert "shoal train" in message


def test_a_file_that_only_pretends_to_be_a_model_is_refused(path):
    for metadata in ({"shoal": "{}"}, {"shoal": "{}", "format": "x"}):
        save_file({"w": np.ones(3)}, path, metadata)
        refusal(path)


def test_a_newer_format_is_refused_with_the_remedy(path, monkeypatch):
    monkeypatch.setattr(model_file, "FORMAT", model_file.FORMAT + 1)
    save_model(path, HEADER, ARRAYS)
    monkeypatch.undo()
    assert "update" in refusal(path)


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    assert "folder" in refusal(tmp_path)
    assert "no model file" in refusal(tmp_path / "none.shoal")
    assert "no model file" in refusal(tmp_path / "no folder" / "none.shoal")


def test_a_path_may_hold_a_model_or_nothing_but_no_other_file(path, data):
    check_model_path(path)
    check_model_path(path.with_name("new.shoal"))
    path.write_bytes(b"")
    check_model_path(path)
    path.write_text("age,bought\n1,yes\n")
    with pytest.raises(InputError, match="choose another name") as caught:
        check_model_path(path)
    assert str(path) in str(caught.value)
    assert path.read_text() == "age,bought\n1,yes\n"


def test_a_file_of_numbers_that_numpy_does_not_have_is_no_model(path):
    header = b'{"w":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\x00\x00")
    with pytest.raises(InputError, match=path.name):
        load_model(path)
