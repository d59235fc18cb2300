"""What a licence asks for, in a few words.

**Conventions.** Licences are free text; only the words of the common ones are known here. This is a reminder and not advice: the
licence itself is what holds.

**References.** https://creativecommons.org/share-your-work/cclicenses/.
"""

from __future__ import annotations

import re
from typing import Final

_UNKNOWN: Final = "Read it before you pass anything on."
_CREDIT: Final = "Name the author and the licence, and say what was changed"
_PUBLIC_DOMAIN: Final = re.compile(r"\bcc-?0\b|public-domain|publicdomain|\bpd\b|zero")
_CREATIVE_COMMONS: Final = re.compile(r"\bcc-by\b|creative-commons-attribution|creativecommons\.org/licenses/by|attribution")
_SOFTWARE: Final = re.compile(r"\bapache\b|\bmit\b|\bbsd\b")
_COPYLEFT: Final = re.compile(r"\bgpl\b|gnu-general-public")
_NON_COMMERCIAL: Final = re.compile(r"\bnc\b|non-?commercial|commercial-use-may-be-restricted")


def demand_of(licence: str) -> str:
    """Return what must be done by whoever passes the music on.

    >>> demand_of("CC0 1.0"), demand_of("CC BY-SA 3.0 DE")
    ('Nothing.', 'Name the author and the licence, and say what was changed; pass on under the same licence.')
    >>> demand_of("https://creativecommons.org/licenses/by-nc-sa/4.0/")[-55:]
    'pass on under the same licence; not for commercial use.'
    >>> demand_of("see README")
    'Read it before you pass anything on.'
    """
    folded = _folded(licence)
    demands = []
    if _CREATIVE_COMMONS.search(folded):
        demands.append(_CREDIT)
        if re.search(r"\bsa\b|share-?alike", folded):
            demands.append("pass on under the same licence")
        if re.search(r"\bnd\b|no-?deriv", folded):
            demands.append("pass on unchanged only")
    elif _SOFTWARE.search(folded):
        demands.append("Keep the copyright notice and the licence")
    elif _COPYLEFT.search(folded):
        demands.append("Pass on under the same licence, with the source")
    elif _PUBLIC_DOMAIN.search(folded):
        return "Nothing."
    if is_non_commercial(licence):
        demands.append("not for commercial use" if demands else "Not for commercial use")
    return "; ".join(demands) + "." if demands else _UNKNOWN


def is_non_commercial(licence: str) -> bool:
    """Whether a licence excludes commercial use, by its words.

    >>> is_non_commercial("CC BY-NC-SA 4.0"), is_non_commercial("non-commercial use permitted"), is_non_commercial("CC BY 4.0")
    (True, True, False)
    """
    return bool(_NON_COMMERCIAL.search(_folded(licence)))


def _folded(licence: str) -> str:
    return re.sub(r"[\s_]+", "-", licence.casefold())
