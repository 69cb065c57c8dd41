"""One search box: what a caller says is one of a few kinds of key, and each has an index."""

import re
from collections.abc import Callable
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...formats.references import normalise

# Letters that people spell in several ways, and signs that join words.
_LETTERS = {
    "a": "åäæáàâãÅÄÆÁÀÂÃ",
    "o": "öøóòôõÖØÓÒÔÕ",
    "e": "éèêëÉÈÊË",
    "u": "üúùûÜÚÙÛ",
    "i": "íìîïÍÌÎÏ",
    "y": "ýÿÝŸ",
    "n": "ñÑ",
    "c": "çÇ",
    "d": "ðÐ",
    " ": "-./@_",
}
_FROM = "".join(_LETTERS.values())
_TO = "".join(plain * len(letters) for plain, letters in _LETTERS.items())
_FOLD = str.maketrans(_FROM, _TO)
_PAIRS = {"aa": "a", "ae": "a", "oe": "o"}
_PLAIN = f"lower(translate(%s, '{_FROM}', '{_TO}'))"
for _pair, _one in _PAIRS.items():
    _PLAIN = f"replace({_PLAIN}, '{_pair}', '{_one}')"
_WORD_INDEX = f"to_tsvector('simple', {_PLAIN})"
_PHONE_INDEX = "right(regexp_replace(%s, '[^0-9]+', '', 'g'), 8)"
_PHONE = re.compile(r"[\d\s()+./-]+")
_JOINTS = re.compile(r"[<>+#]")
_COMPARED_DIGITS = 8
_SHORTEST_PHONE = 5


def name_words(text):
    """The words of a name in the form in which they are compared.

    >>> name_words("Soeren Åkesson"), name_words("Anne-Marie O'Brien")
    (['soren', 'akesson'], ['anne', 'marie', 'o', 'brien'])
    """
    plain = text.translate(_FOLD).lower()
    for pair, one in _PAIRS.items():
        plain = plain.replace(pair, one)
    return re.findall(r"\w+", plain)


def phone_key(text):
    """The last eight digits of a phone number; country codes and leading zeros fall away.

    >>> phone_key("+47 912 34 567"), phone_key("0047 91234567"), phone_key("1234")
    ('91234567', '91234567', '')
    """
    digits = re.sub(r"\D", "", text)
    if not _PHONE.fullmatch(text) or len(digits) < _SHORTEST_PHONE:
        return ""
    return digits[-_COMPARED_DIGITS:]


def reference_keys(text):
    """What in ``text`` may be a payment reference, normalised.

    The parts of a whole payment line, between its signs, are tried too.
    """
    return sorted({normalise(part) for part in [text, *_JOINTS.split(text)]} - {""})


def _codes(text):
    """The spellings of a number that has letters in it."""
    return sorted({text, text.upper(), re.sub(r"\s", "", text)})


def _has_digit(text):
    return any(char.isdigit() for char in text)


class SearchKey(NamedTuple):
    """One kind of key: what of a typed text may be one, and whom it finds.

    ``name`` is unique. ``read`` turns the text into the values that are looked up (an empty
    list: it cannot be such a key). ``query`` gets them with the ids of the user's companies
    and gives a ``SELECT``, answered by an index, of three columns: the id of the person; the
    id of the invoice that the key means, or null; and whether the key means who pays, so
    that the members paid for are looked for, too.
    """

    name: str
    read: Callable[[str], list[str]]
    query: Callable[[list[str], list[int]], SQL]


class ResPartner(models.Model):
    _inherit = "res.partner"

    mbn_search = fields.Char(
        string="Number, name, phone, e-mail or reference",
        store=False,
        search="_search_mbn_search",
        help="Finds people by what they say on the phone: member number, name, phone, e-mail, "
        "payer number, contract or invoice number, or any payment reference.",
    )

    _mbn_name_words = models.Index(f"USING gin (({_WORD_INDEX % 'name'})) WITH (fastupdate = off)")
    _mbn_phone_key = models.Index(f"(({_PHONE_INDEX % 'phone'})) WHERE phone IS NOT NULL")
    _mbn_email_key = models.Index(
        "(email_normalized text_pattern_ops) WHERE email_normalized IS NOT NULL"
    )

    @api.model
    def _mbn_find(self, text, limit=None):
        """The people whom ``text`` means: see :attr:`mbn_search`.

        Those who are found by a payer number or a reference bring the members they pay for.
        """
        return self.search([("mbn_search", "=", text)], limit=limit)

    def _search_mbn_search(self, operator, value):
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        texts = [value] if isinstance(value, str) else value
        return Domain.OR(
            self._mbn_search_domain(text.strip()) for text in texts if isinstance(text, str)
        )

    @api.model
    def _mbn_search_domain(self, text):
        by_key = Domain("id", "in", self._mbn_ids_by_key(text))
        if any(char.isalpha() for char in text) and "@" not in text:
            return self._mbn_by_name(name_words(text)) | by_key
        return by_key

    @api.model
    def _mbn_by_name(self, words):
        """Those who have, for each of ``words``, one in their name that begins with it."""
        return Domain.custom(to_sql=self._mbn_name_sql(words, ":*")) if words else Domain.FALSE

    @api.model
    def _mbn_name_sql(self, words, ending=""):
        """The condition for :meth:`Domain.custom`. ``ending``: ``:*`` for beginnings of words.

        The array keeps PostgreSQL from reading everybody in the order of the list, in the
        hope of finding enough soon.
        """
        wanted = " & ".join(word + ending for word in words)
        return lambda model, alias, query: SQL(
            "%s = ANY(ARRAY(SELECT id FROM res_partner WHERE %s @@ to_tsquery('simple', %s)))",
            SQL.identifier(alias, "id"),
            SQL(_WORD_INDEX, SQL.identifier("name", to_flush=model._fields["name"])),
            wanted,
        )

    @api.model
    def _mbn_phone_sql(self, key):
        """The condition that somebody has a phone number with this key."""
        return lambda model, alias, query: SQL(
            "%s = %s", SQL(_PHONE_INDEX, model._field_to_sql(alias, "phone", query)), key
        )

    @api.model
    def _mbn_ids_by_key(self, text):
        """Ids of those who have ``text`` as a key of any kind, in one query."""
        companies = self.env.companies.ids
        queries = [
            key.query(values, companies)
            for key in self._mbn_search_keys()
            if text and (values := key.read(text))
        ]
        if not queries:
            return []
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(" UNION ALL ").join(SQL("(%s)", query) for query in queries)
        )
        people = {person for person, _move, _pays in rows if person}
        payers = {person for person, _move, pays in rows if pays and person}
        return [*people, *self._mbn_ids_paid_for(payers, {move for _person, move, _pays in rows})]

    @api.model
    def _mbn_ids_paid_for(self, payer_ids, move_ids):
        """Ids of the members whom these payers pay for, or whom these invoices were for."""
        if not payer_ids:
            return []
        rows = self.env.execute_query(
            SQL(
                """SELECT member_id FROM membership_contract
                    WHERE payer_id = ANY(%(payers)s) AND state <> 'ended'
                    UNION ALL
                   SELECT contract.member_id
                     FROM membership_charge charge
                     JOIN membership_contract contract ON contract.id = charge.contract_id
                    WHERE charge.invoice_id = ANY(%(moves)s)""",
                payers=list(payer_ids),
                moves=list(move_ids - {None}),
            )
        )
        return {member_id for (member_id,) in rows}

    @api.model
    def _mbn_search_keys(self):
        """All kinds of key but the name. Extend the list where a further number is kept.

        :return: list of :class:`SearchKey`
        """
        return [
            SearchKey("email", _read_email, _by_email),
            SearchKey("phone", _read_phone, _by_phone),
            SearchKey("person", _read_codes, _by_person),
            SearchKey("contract", _read_codes, _by_contract),
            SearchKey("payer_number", _read_payer_number, _by_payer_number),
            SearchKey("reference", _read_references, _by_reference),
            SearchKey("invoice", _read_invoice_number, _by_invoice_number),
        ]


# -- what of a text may be a key ---------------------------------------------------------


def _read_email(text):
    return [text.lower()] if "@" in text else []


def _read_phone(text):
    return [phone_key(text)] if phone_key(text) else []


def _read_codes(text):
    """Numbers of other systems may be words or addresses; words with blanks between are names."""
    return _codes(text) if _has_digit(text) or not re.search(r"\s", text) else []


def _read_invoice_number(text):
    return _codes(text) if _has_digit(text) and "@" not in text else []


def _read_payer_number(text):
    digits = re.sub(r"\s", "", text)
    return [digits.lstrip("0")] if digits.isascii() and digits.isdigit() else []


def _read_references(text):
    return reference_keys(text) if _has_digit(text) and "@" not in text else []


# -- whom a key finds --------------------------------------------------------------------


def _by_email(values, _companies):
    escaped = values[0].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return SQL(
        """SELECT id, NULL::integer, FALSE FROM res_partner WHERE email_normalized LIKE %s""",
        escaped + "%",
    )


def _by_phone(values, _companies):
    return SQL(
        "SELECT id, NULL::integer, FALSE FROM res_partner WHERE %s = %s",
        SQL(_PHONE_INDEX, SQL.identifier("phone")),
        values[0],
    )


def _by_person(values, _companies):
    return SQL(
        """SELECT id, NULL::integer, FALSE
             FROM res_partner
            WHERE mbn_member_number = ANY(%(values)s) OR mbn_external_id = ANY(%(values)s)""",
        values=values,
    )


def _by_contract(values, companies):
    return SQL(
        """SELECT unnest(ARRAY[member_id, payer_id]), NULL::integer, FALSE
             FROM membership_contract
            WHERE (name = ANY(%(values)s) OR external_id = ANY(%(values)s))
              AND company_id = ANY(%(companies)s)""",
        values=values,
        companies=companies,
    )


def _by_payer_number(values, companies):
    return SQL(
        """SELECT partner_id, NULL::integer, TRUE
             FROM bank_payer_number
            WHERE number = ANY(%s) AND company_id = ANY(%s)""",
        values,
        companies,
    )


def _by_reference(values, companies):
    return SQL(
        """SELECT COALESCE(move.commercial_partner_id, reference.partner_id), move.id, TRUE
             FROM billing_reference reference
             LEFT JOIN account_move move ON move.id = reference.move_id
            WHERE reference.value = ANY(%s) AND reference.company_id = ANY(%s)""",
        values,
        companies,
    )


def _by_invoice_number(values, companies):
    return SQL(
        """SELECT commercial_partner_id, id, TRUE
             FROM account_move
            WHERE name = ANY(%s) AND name <> '/' AND state = 'posted'
              AND company_id = ANY(%s)""",
        values,
        companies,
    )
