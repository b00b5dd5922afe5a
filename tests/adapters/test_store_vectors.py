"""Kept embeddings: found again after reopening, and never in the way."""

from ioa.adapters.store.vectors import SqliteVectors


def test_vectors_are_found_again_after_reopening(tmp_path):
    vectors = SqliteVectors(tmp_path / "deep" / "vectors.sqlite")
    many = {n.to_bytes(16, "big"): bytes([n % 256]) * 768 for n in range(1_200)}
    vectors.put_many(many)
    vectors.close()
    again = SqliteVectors(tmp_path / "deep" / "vectors.sqlite")
    assert again.get_many([*many, b"unknown"]) == many
    again.put_many({b"a": b"1"})
    again.put_many({b"a": b"2"})
    assert again.get_many([b"a"]) == {b"a": b"2"}
    assert again.get_many([]) == {}
    again.close()
    again.close()


def test_a_damaged_file_is_begun_anew(tmp_path):
    path = tmp_path / "vectors.sqlite"
    path.write_bytes(b"this is no database" * 100)
    vectors = SqliteVectors(path)
    assert vectors.get_many([b"a"]) == {}
    vectors.put_many({b"a": b"1"})
    assert vectors.get_many([b"a"]) == {b"a": b"1"}
    vectors.close()


def test_a_folder_that_cannot_be_written_only_costs_the_cache(tmp_path):
    (tmp_path / "file").write_text("in the way")
    vectors = SqliteVectors(tmp_path / "file" / "vectors.sqlite")
    vectors.put_many({b"a": b"1"})
    assert vectors.get_many([b"a"]) == {}
    vectors.close()
