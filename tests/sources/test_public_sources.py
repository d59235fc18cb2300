from pathlib import Path

import pytest
import yaml

from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.sources.public_sources import (
    FetchSettings,
    PublicSource,
    RemoteFile,
    choose_source,
    licence_text,
    next_step,
    read_sources,
    sources_text,
    target_names,
)

ROOT = Path(__file__).parents[2]
ROW = {
    "what": "tunes",
    "holds": "scores",
    "licence": "CC0 1.0",
    "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/",
    "home": "https://example.org",
    "files": ["https://example.org/tunes.zip"],
}


def table():
    return read_sources(yaml.safe_load((ROOT / "conf" / "base" / "sources.yml").read_text(encoding="utf-8")))


def source(**fields):
    return read_sources({"tunes": ROW | fields})["tunes"]


def test_the_table_of_the_project_is_sound_and_documented():
    page = (ROOT / "docs" / "fetch.md").read_text(encoding="utf-8")
    for name, entry in table().items():
        assert f"| `{name}` | " in page, name
        assert entry.licence in page, name
        assert ("-NC-" in entry.licence) == entry.is_non_commercial, name


def test_pinned_sources_are_named_by_their_commit():
    branches = {name for name, entry in table().items() for file in entry.files if "/refs/heads/" in file.url}
    assert branches == {"openscore-quartets"}


def test_no_name_is_answered_with_all_names():
    with pytest.raises(RequestError, match=r"must be one of aria-unique, .*received none\. Name one: kedro run --pipeline fetch"):
        choose_source(table(), "")


def test_an_unknown_name_is_answered_with_all_names_and_the_nearest():
    with pytest.raises(RequestError, match=r"must be one of aria-unique, .*received `maestr`. Did you mean `maestro`\?"):
        choose_source(table(), "maestr")


def test_the_table_for_people_has_a_line_a_source():
    lines = sources_text(table()).splitlines()
    assert len(lines) == len(table()) + 1
    assert lines[1].startswith("aria-unique         254 MB   CC BY-NC-SA 4.0  32,522 transcribed")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"licence": ""}, "sources.yml, tunes: `licence` must be given"),
        ({"holds": "sounds"}, "`holds` must be one of scores, performances, both"),
        ({"files": []}, "`files` must be given"),
        ({"files": ["ftp://example.org/a.zip"]}, "`url` must be https://"),
        ({"files": ["https://example.org/content"]}, "`name` must be a file name that ends in .zip"),
        ({"files": [{"url": "https://example.org/a", "name": "../a.zip"}]}, "`name` must be a file name"),
        ({"files": [{"url": "https://example.org/a.zip", "checksum": "md5:12"}]}, "`checksum` must be"),
        ({"files": ["https://example.org/a.zip", "https://example.org/b/a.zip"]}, "different names, received `a.zip` twice"),
        ({"license": "x"}, "received `license`. Did you mean `licence`?"),
        ({"genre": "lieder"}, "genre"),
    ],
)
def test_a_wrong_row_is_an_error_that_names_it(change, message):
    with pytest.raises(DataError) as error:
        source(**change)
    assert message in str(error.value)


def test_a_missing_field_is_an_error_that_names_it():
    with pytest.raises(DataError, match=r"sources\.yml, tunes: .*home"):
        read_sources({"tunes": {name: value for name, value in ROW.items() if name != "home"}})


@pytest.mark.parametrize("name", ["Tunes", "../tunes", ".fetch", ""])
def test_a_name_is_a_plain_folder_name(name):
    with pytest.raises(DataError, match="`name` must consist of"):
        read_sources({name: ROW})


def test_an_address_on_the_hub_is_taken_apart():
    address = RemoteFile("hf://datasets/owner/data@v1/deep/a.tar.gz").hub_address
    assert (address.repository, address.revision, address.path) == ("owner/data", "v1", "deep/a.tar.gz")
    assert RemoteFile("https://example.org/a.zip").hub_address is None


def test_a_licence_without_commercial_use_says_so_plainly():
    assert "NON-COMMERCIAL USE ONLY" in licence_text(source(is_non_commercial=True))
    assert "NON-COMMERCIAL" not in licence_text(source())
    assert "https://creativecommons.org/publicdomain/zero/1.0/" in licence_text(source())


def test_scores_are_read_by_corpus_and_midi_by_ingest():
    assert next_step(source(take=["*.mxl"], genre="lied"), "data/01_raw/tunes").startswith(
        'Next: kedro run --pipeline corpus --params "score_dir=data/01_raw/tunes,score_genre=lied,score_licence=CC0 1.0"'
    )
    assert next_step(source(), "raw/tunes") == "Next: kedro run --pipeline ingest --params midi_dir=raw/tunes"
    assert "never train the notation model" in next_step(source(holds="performances"), "raw/tunes")


def test_members_are_chosen_by_pattern_and_lose_leading_folders():
    chosen = target_names(
        source(take=["*/scores/*.mxl"], drop_levels=2), ["x-1/scores/a/b.mxl", "x-1/data/c.mxl", "x-1/scores/d.txt"]
    )
    assert chosen == {"x-1/scores/a/b.mxl": "a/b.mxl"}


@pytest.mark.parametrize(
    ("name", "member", "target"),
    [
        (
            "openscore-lieder",
            "Lieder-6b2dc542/scores/Abbott,_Jane_Bingham/_/Just_for_Today/lc6583477.mxl",
            "Abbott,_Jane_Bingham/_/Just_for_Today.mxl",
        ),
        ("openscore-quartets", "StringQuartets-main/scores/Beach,_Amy/Op._89/sq14387632.mxl", "Beach,_Amy/Op._89.mxl"),
        ("mozart-sonatas", "mozart-piano-sonatas-d95836a1/kern/sonata01-1.krn", "sonata01-1.krn"),
        ("nottingham", "nottingham-dataset-bcb2afc6/ABC_cleaned/jigs.abc", "jigs.abc"),
        ("pdmx", "./mxl/1/11/Qm.mxl", "1/11/Qm.mxl"),
    ],
)
def test_scores_of_the_table_are_taken_from_where_their_archives_have_them(name, member, target):
    assert target_names(table()[name], [member, "Lieder-6b2dc542/README.md"]) == {member: target}


def test_the_only_score_of_a_folder_takes_its_name():
    entry = source(take=["*.mxl"], is_named_by_folder=True)
    members = ["./Haydn/_/Song/lc1.mxl", "Haydn/Set/lc2.mxl", "Haydn/Set/lc3.mxl", "lc4.mxl"]
    assert list(target_names(entry, members).values()) == [
        "Haydn/_/Song.mxl",
        "Haydn/Set/lc2.mxl",
        "Haydn/Set/lc3.mxl",
        "lc4.mxl",
    ]


@pytest.mark.parametrize("member", ["../a.mxl", "a/../../b.mxl", "/etc/a.mxl", "a//b.mxl", "a\\..\\b.mxl", "C:/a.mxl"])
def test_a_name_that_leads_out_of_the_folder_is_refused(member):
    with pytest.raises(DataError, match="must be an archive of plain relative names"):
        target_names(source(take=["*.mxl"]), [member])


def test_two_members_for_one_file_are_refused():
    with pytest.raises(DataError, match=r"received two for `a\.mxl`"):
        target_names(source(take=["*.mxl"], drop_levels=1), ["x/a.mxl", "y/a.mxl"])


@pytest.mark.parametrize("settings", [{"retries": -1}, {"retries": 2.5}, {"read_timeout_s": 0}, {"retries": True}])
def test_settings_out_of_range_are_an_error(settings):
    with pytest.raises(RequestError, match=f"`{next(iter(settings))}` must be a whole number"):
        FetchSettings(**settings)


def test_a_source_knows_its_defaults():
    assert PublicSource(**{"name": "tunes"} | ROW | {"files": (RemoteFile("https://e.org/a.zip"),)}).n_bytes == 0
