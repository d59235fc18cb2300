"""Keys as people write them, and what music is in."""

from __future__ import annotations

import pytest

from scogen_pipeline.errors import RequestError
from scogen_pipeline.music.key import ALL_KEYS, Key, estimate_key, estimate_mode


@pytest.mark.parametrize(
    ("text", "name", "fifths"),
    [
        ("F", "F major", -1),
        ("f", "F minor", -4),
        ("F minor", "F minor", -4),
        ("Bb", "Bb major", -2),
        ("bb", "Bb minor", -5),
        ("b", "B minor", 2),
        ("c#", "C# minor", 4),
        ("F#m", "F# minor", 3),
        ("CM", "C major", 0),
        ("E-flat major", "Eb major", -3),
        ("c sharp minor", "C# minor", 4),
        ("A♭", "Ab major", -4),
        ("Cb", "Cb major", -7),
        ("a# minor", "A# minor", 7),
    ],
)
def test_a_key_is_read_as_people_write_it(text: str, name: str, fifths: int) -> None:
    assert (Key.parse(text).name, Key.parse(text).fifths) == (name, fifths)


@pytest.mark.parametrize("key", ALL_KEYS, ids=str)
def test_the_name_of_a_key_reads_back_as_the_key(key: Key) -> None:
    assert Key.parse(key.name) == key


@pytest.mark.parametrize(("text", "hint"), [("H", "A to G"), ("F majr", "F major"), ("G#", "Ab major"), ("", "A to G")])
def test_a_key_that_is_none_is_refused_with_what_is_allowed(text: str, hint: str) -> None:
    with pytest.raises(RequestError, match=hint):
        Key.parse(text)


def test_a_key_has_at_most_seven_accidentals_and_one_of_two_modes() -> None:
    with pytest.raises(RequestError, match="at most 7"):
        Key(8, "major")
    with pytest.raises(RequestError, match="major or minor"):
        Key(0, "dorian")  # type: ignore[arg-type]


def test_relative_keys_share_a_signature_and_not_a_tonic() -> None:
    assert (Key.parse("F").tonic_pitch_class, Key.parse("d").tonic_pitch_class) == (5, 2)
    assert (Key.parse("bb").printed_name, Key.parse("f#").printed_name) == ("B♭ minor", "F♯ minor")
    assert Key.parse("d").normal == Key(0, "minor")


@pytest.mark.parametrize("tonic", range(12))
def test_a_scale_is_recognised_in_every_key(tonic: int) -> None:
    major = [0.0] * 12
    minor = [0.0] * 12
    for degree, weight in zip((0, 2, 4, 5, 7, 9, 11), (4, 1, 3, 1, 3, 1, 1), strict=True):
        major[(tonic + degree) % 12] += weight
    for degree, weight in zip((0, 2, 3, 5, 7, 8, 11), (4, 1, 3, 1, 3, 1, 1), strict=True):
        minor[(tonic + degree) % 12] += weight
    assert (estimate_key(major).tonic_pitch_class, estimate_key(major).mode) == (tonic, "major")
    assert (estimate_key(minor).tonic_pitch_class, estimate_key(minor).mode) == (tonic, "minor")


def test_the_mode_is_told_from_the_notes_where_the_signature_is_known() -> None:
    a_minor = [3, 0, 1, 0, 3, 0, 0, 0, 1, 5, 0, 1]
    c_major = [5, 0, 1, 0, 3, 1, 0, 4, 0, 1, 0, 1]
    assert (estimate_mode(a_minor, 0), estimate_mode(c_major, 0)) == ("minor", "major")
