"""What files suffer on their way, for the tests of decoders."""

from io import BytesIO

from hypothesis import strategies as st
from odoo.addons.l10n_no_ocr.formats import ocr_giro


class Dribble(BytesIO):
    """A stream that gives at most ``size`` bytes at a time."""

    def __init__(self, content, size):
        super().__init__(content)
        self.size = size

    def read(self, wanted=-1):
        return super().read(min(self.size, wanted) if wanted > 0 else self.size)


def mutated(content):
    """The file with one to four places overwritten."""
    change = st.tuples(
        st.integers(0, len(content) - 1),
        st.integers(0, 3),
        st.binary(max_size=3) | st.sampled_from([b"0", b"9", b"-", b" ", b"\r\n", b"\x1a"]),
    )
    return st.lists(change, min_size=1, max_size=4).map(lambda changes: _changed(content, changes))


def _changed(content, changes):
    for place, length, instead in changes:
        content = content[:place] + instead + content[place + length :]
    return content


def never_raises(content):
    """Decoded as OCR giro, with a number of messages that fits the file."""
    messages = list(ocr_giro.decode(BytesIO(content)))
    assert len(messages) <= 20 + 6 * (1 + len(content) // 80)
