"""E-invoices as Odoo's builders make them, held against the official schemas of UBL."""

from functools import lru_cache

import xmlschema
from lxml import etree

NAMES = {
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
}


@lru_cache
def _schema(kind, version):
    from devtools import schemas  # only the checkout has the schemas

    place = schemas.ensure_ubl() / f"xsd-{version}" / "maindoc" / f"UBL-{kind}-{version}.xsd"
    return xmlschema.XMLSchema(str(place), allow="local", defuse="always")


class EInvoiceChecks:
    """For a test case of Odoo."""

    def _einvoice(self, move, builder, version="2.1"):
        """The document of ``move``, lawful by its schema and without an objection of Odoo."""
        content, errors = self.env[builder]._export_invoice(move)
        self.assertFalse(errors)
        root = etree.fromstring(content)
        kind = etree.QName(root).localname
        faults = [str(fault.reason) for fault in _schema(kind, version).iter_errors(root)]
        self.assertEqual(faults, [])
        return root

    def _texts(self, root, path):
        return [node.text for node in root.findall(path, NAMES)]

    def _text(self, root, path):
        return root.findtext(path, namespaces=NAMES)
