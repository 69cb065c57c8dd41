"""Fonts for machines, whose outlines are of the other kind (CFF in OpenType), of one width.

reportlab embeds TrueType outlines only; the fonts that machines read come as OpenType mostly. Their
outlines go into the PDF as they are, and are used for characters of Western Europe.
"""

import struct

from reportlab.pdfbase import pdfdoc, pdfmetrics

_FLAGS = 1 | 32  # of one width; letters and signs of the usual alphabet
_STEM = 80


class OneWidthFace(pdfmetrics.TypeFace):
    """The outlines of an OpenType font whose characters are all equally wide.

    :raises ValueError: the file is no such font
    """

    def __init__(self, name: str, content: bytes):
        super().__init__(name)
        try:
            tables = _tables(content)
            self.outlines = tables[b"CFF "]
            head, hhea = tables[b"head"], tables[b"hhea"]
            unit = struct.unpack(">H", head[18:20])[0]
            self.bbox = [n * 1000 // unit for n in struct.unpack(">hhhh", head[36:44])]
            self.ascent, self.descent = (n * 1000 // unit for n in struct.unpack(">hh", hhea[4:8]))
            self.width = struct.unpack(">H", hhea[10:12])[0] * 1000 / unit
        except (KeyError, struct.error, ZeroDivisionError) as error:
            raise ValueError("no OpenType font with outlines of the kind CFF") from error
        self.requiredEncoding = None
        names = pdfmetrics.getEncoding("WinAnsiEncoding").vector
        self.glyphWidths = dict.fromkeys(filter(None, names), self.width)
        self.glyphNames = sorted(self.glyphWidths)

    def addObjects(self, doc):  # noqa: N802 - reportlab's name
        """Put the outlines into ``doc``; returns a reference to the descriptor."""
        outlines = pdfdoc.PDFStream()
        outlines.content = self.outlines
        outlines.dictionary["Subtype"] = "/Type1C"
        outlines.filters = [pdfdoc.PDFZCompress]
        descriptor = pdfdoc.PDFDictionary(
            {
                "Type": "/FontDescriptor",
                "Ascent": self.ascent,
                "CapHeight": self.ascent,
                "Descent": self.descent,
                "Flags": _FLAGS,
                "FontBBox": pdfdoc.PDFArray(self.bbox),
                "FontName": pdfdoc.PDFName(self.name),
                "ItalicAngle": 0,
                "StemV": _STEM,
                "FontFile3": doc.Reference(outlines, f"fontFile:{self.name}"),
            }
        )
        return doc.Reference(descriptor, f"fontDescriptor:{self.name}")


def register(name: str, content: bytes):
    """Make the font usable as ``name``.

    :raises ValueError: the file is no such font
    """
    pdfmetrics.registerTypeFace(OneWidthFace(name, content))
    pdfmetrics.registerFont(pdfmetrics.Font(name, name, "WinAnsiEncoding"))


def _tables(content):
    count = struct.unpack(">H", content[4:6])[0]
    tables = {}
    for start in range(12, 12 + 16 * count, 16):
        tag, _sum, offset, length = struct.unpack(">4sLLL", content[start : start + 16])
        tables[tag] = content[offset : offset + length]
    return tables
