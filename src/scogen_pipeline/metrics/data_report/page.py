"""The data report as one file of HTML: figures inline, nothing loaded from anywhere, no script.

**Conventions.** All names and paths are hostile input: the template escapes what it is given, `wording.shown` removes hidden
characters, and a content security policy forbids scripts in case both should fail.

**References**: Jinja2, https://jinja.palletsprojects.com.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import Final

from scogen_pipeline.metrics.data_report import wording
from scogen_pipeline.metrics.data_report.facts import SPLITS, Collection, Tally
from scogen_pipeline.metrics.data_report.figures import PERFORMANCE_COLOUR, SCORE_COLOUR, draw_collection, pitch_name
from scogen_pipeline.metrics.data_report.licensing import demand_of
from scogen_pipeline.metrics.data_report.verdict import judge
from scogen_pipeline.midi.rejects import Reason
from scogen_pipeline.midi.time_base import MEASURED

_TEMPLATE: Final = "data_report.html.jinja"

#: What a reason means to somebody who has never seen the inside of a MIDI file.
MEANINGS: Final[dict[str, str]] = {
    Reason.UNOPENABLE: "The system would not open it.",
    Reason.BAD_ARCHIVE: "The archive is damaged.",
    Reason.ARCHIVE_BOMB: "The archive unpacks to far more than music does.",
    Reason.NESTED_ARCHIVE: "An archive inside an archive: unpack it first.",
    Reason.ENCRYPTED: "It asks for a password.",
    Reason.UNSAFE_NAME: "Its name would place it outside the archive.",
    Reason.LINK: "It only points at another file.",
    Reason.EMPTY: "There is nothing in it.",
    Reason.TOO_LARGE: "It has more bytes or tracks than any music.",
    Reason.NOT_MIDI: "It is not MIDI, whatever its name says.",
    Reason.BAD_FORMAT: "A kind of MIDI that holds independent songs, or is unknown.",
    Reason.BAD_TPQ: "Its time is not counted in fractions of a quarter note.",
    Reason.TRUNCATED: "It ends in the middle, as after a broken download.",
    Reason.TRACK_LENGTH: "A track does not end where it says.",
    Reason.UNREADABLE: "The parser gives up.",
    Reason.NO_NOTES: "It is MIDI, but silent.",
    Reason.BAD_NOTE: "A note that cannot be: out of range, or of negative duration.",
    Reason.BAD_TICK: "A time so large that sums of it overflow.",
    Reason.BAD_TEMPO: "A tempo that nobody can play.",
    Reason.BAD_METER: "A time signature that cannot be written.",
    Reason.BAD_KEY: "A key signature that does not exist.",
    Reason.TOO_LONG: "It lasts more than six hours.",
    Reason.DUPLICATE: "The same bytes as another file, which was kept.",
}


def lay_out(collection: Collection) -> str:
    """Return the report as HTML."""
    import jinja2  # noqa: PLC0415 - slow to import, and Kedro imports all pipelines at each start

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    for name in ("number", "short_number", "share", "counted", "duration", "clock", "size", "shown"):
        environment.filters[name] = getattr(wording, name)
    environment.filters["demand"] = demand_of
    environment.filters["meaning"] = lambda reason: MEANINGS.get(reason, "")
    sounding = [pitch for pitch, count in enumerate(collection.pitches) if count]
    text = resources.files(__package__ or "").joinpath(_TEMPLATE).read_text(encoding="utf-8")
    page = environment.from_string(text).render(
        collection=collection,
        verdict=judge(collection),
        figures=draw_collection(collection),
        splits=SPLITS,
        colours={"score": SCORE_COLOUR, "performance": PERFORMANCE_COLOUR},
        name=wording.shown(collection.name) or "MIDI collection",
        names_of=names_of,
        time_base=MEASURED,
        range=f"from {pitch_name(sounding[0])} to {pitch_name(sounding[-1])}" if sounding else "",
    )
    return re.sub(r"\n\s*\n", "\n", page.strip()) + "\n"


def names_of(tally: Tally, unnamed: str) -> list[tuple[str, str, int, int, float]]:
    """Return the rows of a table of names.

    Args:
        tally: What has been counted.
        unnamed: What to call the pieces without a name.

    Returns:
        (name, kind of row, scores, performances, length of the longest bar); kinds are "name", "others" and "unnamed".
    """
    rows = [(wording.shown(amount.name) or "(blank)", "name", amount) for amount in tally.amounts]
    if tally.others.n:
        rows.append((wording.counted(tally.n_names - len(tally.amounts), "other"), "others", tally.others))
    if tally.unnamed.n:
        rows.append((unnamed, "unnamed", tally.unnamed))
    longest = max((amount.n for _, _, amount in rows), default=1)
    return [(name, kind, amount.n_scores, amount.n_performances, longest) for name, kind, amount in rows]
