from mmva_core.store.files import sha256_file, sha256_folder


def test_the_digest_of_a_file_is_that_of_its_content(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_file(tmp_path / "a").startswith("ba7816bf8f01cfea")


def test_the_digest_of_a_folder_follows_names_and_contents(tmp_path):
    digests = set()
    for name, content in (("a", "1"), ("a", "2"), ("b", "2")):
        for old in tmp_path.iterdir():
            old.unlink()
        (tmp_path / name).write_text(content)
        digests.add(sha256_folder(tmp_path))
        assert sha256_folder(tmp_path) in digests
    assert len(digests) == 3
