"""Does a text follow the MusicXML 4.0 schema?

The schema ships in the `musicxml` package. It imports two small schemas from the web; what it uses of them is written out here,
so that checking needs no network.

**References.** https://www.w3.org/2021/06/musicxml40/
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

from scogen_pipeline.errors import RenderError

_XML_XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/XML/1998/namespace">
<xs:attribute name="lang" type="xs:language"/>
<xs:attribute name="space"><xs:simpleType><xs:restriction base="xs:NCName">
<xs:enumeration value="default"/><xs:enumeration value="preserve"/></xs:restriction></xs:simpleType></xs:attribute>
</xs:schema>"""
_XLINK_XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/1999/xlink">
<xs:attribute name="href" type="xs:anyURI"/><xs:attribute name="type" type="xs:string"/>
<xs:attribute name="role" type="xs:string"/><xs:attribute name="title" type="xs:string"/>
<xs:attribute name="show" type="xs:string"/><xs:attribute name="actuate" type="xs:string"/>
</xs:schema>"""


def validate_musicxml(text: str) -> None:
    """Check a MusicXML text against the 4.0 schema.

    Raises:
        RenderError: If it is no XML, or breaks the schema; the message names the first fault and its line.
    """
    from lxml import etree  # noqa: PLC0415 - only checks need it, generation does not

    try:
        document = etree.fromstring(text.encode())
    except etree.XMLSyntaxError as error:
        raise RenderError(f"The MusicXML must be well-formed, received a text that is not: {error}.") from error
    schema = _schema()
    if not schema.validate(document):
        fault = schema.error_log[0]
        raise RenderError(f"The MusicXML must follow the 4.0 schema; line {fault.line}: {fault.message}")


@lru_cache(maxsize=1)
def _schema() -> Any:
    from lxml import etree  # noqa: PLC0415

    class Imports(etree.Resolver):  # type: ignore[misc]
        def resolve(self, system_url: str, public_id: str | None, context: object) -> object:  # noqa: ARG002 - lxml's signature
            local = _XLINK_XSD if system_url.endswith("xlink.xsd") else _XML_XSD
            return self.resolve_string(local, context)

    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Imports())
    return etree.XMLSchema(etree.fromstring(_schema_path().read_bytes(), parser))


def _schema_path() -> Path:
    """Find the schema without importing the package, which takes a second."""
    spec = importlib.util.find_spec("musicxml")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        for path in sorted(Path(folder).rglob("musicxml_4_0.xsd")):
            return path
    raise RenderError("The MusicXML 4.0 schema must be installed, found none. Run `pip install musicxml`.")
