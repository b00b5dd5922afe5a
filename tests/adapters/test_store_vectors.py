"""Kept embeddings: found again after reopening, bounded, and never in the way."""

import hashlib

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


def test_a_cache_that_is_full_forgets_some_and_grows_no_more(tmp_path):
    path = tmp_path / "vectors.sqlite"
    vectors = SqliteVectors(path, most_bytes=400_000)
    keys = [hashlib.sha256(str(n).encode()).digest()[:16] for n in range(5_000)]
    for start in range(0, len(keys), 50):
        vectors.put_many({key: key * 48 for key in keys[start : start + 50]})
    found = vectors.get_many(keys)
    assert all(value == key * 48 for key, value in found.items())
    assert 300 < len(found) < 500
    kept = [key in found for key in keys]
    assert any(kept[:4_000]), "it is not the oldest that go: nothing says which those are"
    assert sum(kept[4_000:]) > 100, "nor are the newest forgotten at once"
    vectors.close()
    assert path.stat().st_size < 600_000
    vectors.put_many({})
    assert len(vectors.get_many(keys)) == len(found)
    vectors.close()
