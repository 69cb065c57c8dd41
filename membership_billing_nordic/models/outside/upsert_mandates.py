"""Mandates by payer and agreement."""

import re

from odoo.fields import Domain

from ...formats.references import normalise
from . import arguments
from .arguments import ArgumentError
from .lookup import Lookup
from .upsert import Upsert

# Who is meant: argument -> field of the person.
PAYER_KEYS = {
    "payer_id": "id",
    "payer_external_id": "mbn_external_id",
    "payer_member_number": "mbn_member_number",
}
STATES = ("draft", "requested", "active")
PLAIN_FIELDS = {
    "reference": ("reference", arguments.text),
    "mandate_number": ("number", arguments.text),
    "valid_from": ("valid_from", arguments.day),
    "valid_to": ("valid_to", arguments.day),
}
_NOTICES = {True: "yes", False: "no"}
# What the bank is asked for a mandate with is kept until it answers.
_ASKING = ("draft", "requested")
MANDATE_FIELDS = (
    *PAYER_KEYS,
    "agreement",
    "payer_number",
    "account",
    "identity",
    "written_notice",
    "state",
    *PLAIN_FIELDS,
)


class MandateUpsert(Upsert):
    """The live mandate of a payer is changed, or the draft of one, or a new one made."""

    known = MANDATE_FIELDS
    id_name = "mandate_id"

    def __init__(self, env):
        super().__init__(env)
        self.records = env["direct.debit.mandate"]
        above = Domain("company_id", "parent_of", env.company.id)
        self.people = {
            key: Lookup(env["res.partner"], key, env._("one payer you may see"))
            for key in PAYER_KEYS.values()
        }
        self.agreements = Lookup(
            env["bank.agreement"],
            "number",
            env._("the number of one bank agreement of your company"),
            above,
        )
        own = env["bank.agreement"].search(above & Domain("debit_out", "=", True), limit=2)
        self.only_agreement = own if len(own) == 1 else own.browse()

    def learn(self, rows):
        for argument, key in PAYER_KEYS.items():
            self.people[key].learn(row.get(argument) for row in rows)
        self.agreements.learn(row.get("agreement") for row in rows)

    def _read(self, row, taken):
        row.values = arguments.mapping("rows", row.values, self.known)
        agreement, payer = self._agreement(row.values), self._payer(row.values)
        if (agreement.id, payer.id) in taken:
            raise ArgumentError("payer", self.env._("one row for each"))
        taken.add((agreement.id, payer.id))
        row.agreement, row.payer = agreement, payer
        self.read(row)

    def read(self, row):
        live = self.records._live_of(row.agreement, row.payer)
        row.record = live.get((row.agreement.id, row.payer.id)) or self._draft(row)
        row.payer_number = self._payer_number(row)
        given = {}
        for name, (field, read) in PLAIN_FIELDS.items():
            if name in row.values:
                given[field] = read(name, row.values[name]) or False
        if row.values.get("written_notice") is not None:
            given["written_notice"] = _NOTICES[
                arguments.flag("written_notice", row.values["written_notice"])
            ]
        if state := arguments.choice("state", row.values.get("state"), STATES):
            given["state"] = self._allowed_state(row, state)
        asking = (given.get("state") or row.record.state or "draft") in _ASKING
        row.account, personal = self._request_facts(row, asking)
        given |= personal
        row.new = {field: value for field, value in given.items() if value != self._now(row, field)}
        if not row.record:
            row.new |= {"agreement_id": row.agreement.id, "partner_id": row.payer.id}
        elif row.account:
            row.new |= self._account(row)

    def _draft(self, row):
        """A mandate that was made for the payer before, and the bank does not know yet."""
        return self.records.search(
            Domain("agreement_id", "=", row.agreement.id)
            & Domain("partner_id", "=", row.payer.id)
            & Domain("state", "=", "draft")
            & Domain("wish", "=", False),
            limit=1,
        )

    def _request_facts(self, row, asking):
        """What the mandate is asked for with: an account to keep, and what is not kept.

        Of a mandate that is asked for no more it is left aside: a row can be sent again as it is.
        """
        names = row.agreement.sudo()._mandate_request_fields()
        facts = {
            argument: arguments.text(argument, row.values.get(argument))
            for argument in ("account", "identity")
        }
        if facts["identity"] and "identity" not in names:
            raise ArgumentError("identity", self.env._("nothing: this agreement needs none"))
        personal = {
            names[argument]: re.sub(r"[\s.-]", "", value)
            for argument, value in facts.items()
            if asking and value and argument in names
        }
        return "" if "account" in names else facts["account"], personal

    def _agreement(self, values):
        number = arguments.text("agreement", values.get("agreement"))
        if not number and self.only_agreement:
            return self.only_agreement
        return self.agreements.one("agreement", number)

    def _payer(self, values):
        named = [argument for argument in PAYER_KEYS if values.get(argument)]
        if len(named) != 1:
            raise ArgumentError("payer_id", self.env._("one of payer_id and its likes"))
        [argument] = named
        read = arguments.whole if argument == "payer_id" else arguments.text
        payer = self.people[PAYER_KEYS[argument]].one(argument, read(argument, values[argument]))
        if payer.commercial_partner_id != payer:
            raise ArgumentError(argument, self.env._("a payer who belongs to no company"))
        return payer

    def _payer_number(self, row):
        """The number to register for a payer who has none with the agreement."""
        number = normalise(arguments.text("payer_number", row.values.get("payer_number")))
        if not number:
            return ""
        own = row.agreement.sudo()._known_payer_numbers(row.payer).get(row.payer.id)
        if own and own != number:
            raise ArgumentError("payer_number", self.env._("%s, which the payer has", own))
        holder = row.agreement.sudo()._payers_by_number([number]).get(number)
        if holder and holder != row.payer:
            raise ArgumentError("payer_number", self.env._("a number nobody else has"))
        return "" if own else number

    def _allowed_state(self, row, state):
        if state == "requested" and not row.agreement._can_request_mandates():
            raise ArgumentError(
                "state", self.env._("another one: payers of this agreement sign up with the bank")
            )
        if row.record.state == "active" and state != "active":
            raise ArgumentError("state", self.env._("active, which the mandate is"))
        return state

    def _check_asked(self, row):
        """Raise ``UserError`` where the bank would be asked with less than it needs."""
        if row.new.get("state") == "requested":
            row.record._check_request()

    def _account(self, row):
        account = self.env["res.partner.bank"].sudo()._mbn_of_payer(row.payer, row.account)
        same = row.record and row.record.sudo().partner_bank_id == account
        return {} if same else {"partner_bank_id": account.id}

    def _now(self, row, field):
        if not row.record:
            return False
        return row.record._fields[field].convert_to_write(row.record[field], row.record)

    def make(self, rows):
        numbers = self.env["bank.payer.number"]
        numbers.create(
            [
                {
                    "agreement_id": row.agreement.id,
                    "partner_id": row.payer.id,
                    "number": row.payer_number,
                }
                for row in rows
                if row.payer_number
            ]
        )
        made = self.records.create(
            [row.new | (self._account(row) if row.account else {}) for row in rows]
        )
        for row, mandate in zip(rows, made, strict=True):
            row.record = mandate
            self._check_asked(row)
        made.filtered(lambda row: row.state == "active")._became_active()

    def alter(self, rows):
        for row in rows:
            was_live = row.record.state == "active"
            row.record.write(row.new)
            self._check_asked(row)
            if row.record.state == "active" and not was_live:
                row.record._became_active()
