"""What others have published, with where it was read and what to mind.

**Conventions.** Nats on the test split: per frame for rolls, per note for the 16th grid. `is_from_memory` marks a figure that
nobody has checked against its source for this table: it must not be printed without saying so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import pandas as pd

_BAI: Final = "Bai, Kolter and Koltun, 2018"
_BAI_CAVEAT: Final = "pitches independent of each other in a frame; the first frame is not scored"
_FIVO: Final = "Maddison et al., 2017"
_FIVO_CAVEAT: Final = "an upper bound of the NLL"
_BL: Final = "Boulanger-Lewandowski, Bengio and Vincent, 2012"
_JOINT: Final = "joint over the pitches of a frame: the row to compare with"
_KRISHNAN: Final = "Krishnan, Shalit and Sontag, 2017, table 4"
_READ_THERE: Final = f"{_JOINT}; read in {_KRISHNAN}"


@dataclass(frozen=True)
class PublishedFigure:
    """A number of the literature.

    Args:
        set: Name of the data set.
        model: What made it.
        nats: Per frame, or per note of the 16th grid.
        source: Who published it.
        caveat: What a reader must know to compare.
        is_from_memory: Whether it was quoted from memory.
    """

    set: str
    model: str
    nats: float
    source: str
    caveat: str = ""
    is_from_memory: bool = False


PUBLISHED: Final = (
    PublishedFigure("jsb_quarter", "RNN", 8.91, _BAI, _BAI_CAVEAT),
    PublishedFigure("jsb_quarter", "LSTM", 8.45, _BAI, _BAI_CAVEAT),
    PublishedFigure("jsb_quarter", "GRU", 8.43, _BAI, _BAI_CAVEAT),
    PublishedFigure("jsb_quarter", "TCN", 8.10, _BAI, _BAI_CAVEAT),
    PublishedFigure("nottingham", "RNN", 4.05, _BAI, _BAI_CAVEAT),
    PublishedFigure("nottingham", "LSTM", 3.29, _BAI, _BAI_CAVEAT),
    PublishedFigure("nottingham", "GRU", 3.46, _BAI, _BAI_CAVEAT),
    PublishedFigure("nottingham", "TCN", 3.07, _BAI, _BAI_CAVEAT),
    PublishedFigure("jsb_quarter", "VRNN with FIVO", 7.40, _FIVO, _FIVO_CAVEAT),
    PublishedFigure("nottingham", "VRNN with FIVO", 2.99, _FIVO, _FIVO_CAVEAT),
    PublishedFigure("musedata", "VRNN with FIVO", 6.67, _FIVO, _FIVO_CAVEAT),
    PublishedFigure("piano_midi", "VRNN with FIVO", 7.80, _FIVO, _FIVO_CAVEAT),
    PublishedFigure("jsb_quarter", "RNN-RBM", 6.27, _BL),
    PublishedFigure("nottingham", "RNN-RBM", 2.39, _BL, "read in a later project's copy of their table"),
    PublishedFigure("musedata", "RNN-RBM", 6.01, _BL, is_from_memory=True),
    PublishedFigure("piano_midi", "RNN-RBM", 7.09, _BL, is_from_memory=True),
    PublishedFigure("jsb_quarter", "RNN-NADE", 5.56, _BL, _JOINT),
    PublishedFigure("jsb_quarter", "RNN-NADE, a later figure", 5.19, f"quoted by {_KRISHNAN}", _JOINT),
    PublishedFigure("nottingham", "RNN-NADE", 2.31, _BL, _READ_THERE),
    PublishedFigure("musedata", "RNN-NADE", 5.60, _BL, _READ_THERE),
    PublishedFigure("piano_midi", "RNN-NADE", 7.05, _BL, _READ_THERE),
    PublishedFigure(
        "jsb_16th",
        "TonicNet (GRU)",
        0.396,
        "Peracha, 2019",
        "validation, not test; 0.317 nats a token, five tokens a frame, its own chord among them. Its headline 0.220 is told the "
        "true chord and is not comparable",
    ),
)


def published_table() -> pd.DataFrame:
    """Return all figures, a row each."""
    return pd.DataFrame([asdict(figure) for figure in PUBLISHED])
