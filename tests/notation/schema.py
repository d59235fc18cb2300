"""Does a text follow the MusicXML 4.0 schema?

The schema ships in the `musicxml` package. It imports two small schemas from the web; what it uses of them is written out here,
so that checking needs no network.

**References.** https://www.w3.org/2021/06/musicxml40/
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

from lxml import etree

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
    """Check a MusicXML text against the 4.0 schema; the error names the first fault and its line."""
    schema = _schema()
    if not schema.validate(etree.fromstring(text.encode())):
        fault = schema.error_log[0]
        raise AssertionError(f"line {fault.line}: {fault.message}")


class _Imports(etree.Resolver):
    def resolve(self, system_url: str, public_id: str | None, context: object) -> object:
        local = _XLINK_XSD if system_url.endswith("xlink.xsd") else _XML_XSD
        return self.resolve_string(local, context)


@lru_cache(maxsize=1)
def _schema() -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Imports())
    return etree.XMLSchema(etree.fromstring(_schema_path().read_bytes(), parser))


def _schema_path() -> Path:
    """Find the schema without importing the package, which takes a second."""
    spec = importlib.util.find_spec("musicxml")
    (folder,) = spec.submodule_search_locations
    return next(Path(folder).rglob("musicxml_4_0.xsd"))
