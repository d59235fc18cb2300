"""Small MusicXML documents written by hand, so that the page is tested without the writer."""

from __future__ import annotations

_HEAD = '<?xml version="1.0" encoding="UTF-8"?><score-partwise version="4.0">'
TEMPO = (
    '<direction placement="above"><direction-type><words>{words}</words></direction-type><direction-type><metronome>'
    "<beat-unit>quarter</beat-unit><beat-unit-dot/><per-minute>96</per-minute></metronome></direction-type>"
    '<sound tempo="144"/></direction>'
)


def tune(n_bars: int = 8, *, title: str = "Trial", composer: str = "scogen", words: str = "Allegro", n_parts: int = 1) -> str:
    """Return a score in F major, 6/8, with two notes a bar."""
    names = [f"Violin {number}" for number in range(1, n_parts + 1)]
    listed = "".join(
        f'<score-part id="P{i}"><part-name>{name}</part-name><part-abbreviation>Vln. {i}</part-abbreviation></score-part>'
        for i, name in enumerate(names, 1)
    )
    parts = "".join(f'<part id="P{i}">{_measures(n_bars, words if i == 1 else "")}</part>' for i in range(1, n_parts + 1))
    credit = f"<work><work-title>{title}</work-title></work>" if title else ""
    creator = f'<identification><creator type="composer">{composer}</creator></identification>' if composer else ""
    return f"{_HEAD}{credit}{creator}<part-list>{listed}</part-list>{parts}</score-partwise>"


def _measures(n_bars: int, words: str) -> str:
    attributes = (
        "<attributes><divisions>24</divisions><key><fifths>-1</fifths></key><time><beats>6</beats><beat-type>8</beat-type></time>"
        "<clef><sign>G</sign><line>2</line></clef></attributes>" + (TEMPO.format(words=words) if words else "")
    )
    note = "<note><pitch><step>{}</step><octave>4</octave></pitch><duration>36</duration><type>quarter</type><dot/></note>"
    final = '<barline location="right"><bar-style>light-heavy</bar-style></barline>'
    bars = [note.format("F") + note.format("A")] * n_bars
    bars[0] = attributes + bars[0]
    bars[-1] += final
    return "".join(f'<measure number="{number}">{bar}</measure>' for number, bar in enumerate(bars, 1))
