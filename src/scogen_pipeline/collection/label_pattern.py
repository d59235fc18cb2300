"""Labels in the names of folders and files: a pattern such as `{composer}/{title}`.

**Conventions.** A pattern describes the whole path of a file below the source, without the suffix. `{field}` takes text within
one name, `*` anything within one name, `**/` any number of folders. All else stands for itself. A leading `/` or `./` means
nothing: it keeps a shell and YAML from reading more into the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from scogen_pipeline.collection.label_fields import check_field
from scogen_pipeline.errors import RequestError

_PIECES: Final = re.compile(r"(?P<folders>\*\*/)|(?P<any>\*+)|\{(?P<field>[^{}]*)\}|(?P<text>[^*{}]+)|(?P<alien>.)")

_EXAMPLE: Final = "Write, for example, {composer}/{title}."


@dataclass(frozen=True)
class PathPattern:
    """A pattern as a regular expression (of RE2).

    Args:
        expression: Its groups are the fields, in their order.
        fields: The fields.
    """

    expression: str
    fields: tuple[str, ...]


def parse_pattern(text: str) -> PathPattern:
    """Read a pattern.

    >>> parse_pattern("{composer}/*/{title}")
    PathPattern(expression='^([^/]+?)/[^/]*/([^/]+?)$', fields=('composer', 'title'))

    Raises:
        RequestError: If a field is unknown or there twice, or a brace is alone.
    """
    expression, fields = "", []
    for match in _PIECES.finditer(re.sub(r"^\.?/+", "", text.strip())):
        if match["folders"]:
            expression += "(?:[^/]+/)*"
        elif match["any"]:
            expression += "[^/]*"
        elif match["field"] is not None:
            fields.append(check_field(match["field"].strip()))
            expression += "([^/]+?)"
        elif match["text"]:
            expression += re.escape(match["text"])
        else:
            raise RequestError(f"`label_pattern` must have a field in each pair of braces, received `{text}`. {_EXAMPLE}")
    if not fields or len(set(fields)) < len(fields):
        raise RequestError(f"`label_pattern` must name at least one field, each once, received `{text}`. {_EXAMPLE}")
    return PathPattern(f"^{expression}$", tuple(fields))
