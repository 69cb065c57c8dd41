from odoo import api, models
from odoo.fields import Domain

from . import arguments
from .billing_api import MOST_ROWS, day_text
from .faults import faults
from .upsert_members import MEMBER_FIELDS, MemberUpsert, MemberValues

# Who is told to other programs: people with a number, an identifier or a contract.
PEOPLE = (
    Domain("mbn_member_number", "!=", False)
    | Domain("mbn_external_id", "!=", False)
    | Domain("mbn_contract_ids", "any", [])
    | Domain("mbn_payer_contract_ids", "any", [])
)
_MOST_FOUND = 100


class BillingApi(models.AbstractModel):
    """Members, for other programs."""

    _inherit = "billing.api"

    @api.model
    def create_member(
        self,
        name: str,
        email: str = "",
        phone: str = "",
        street: str = "",
        postcode: str = "",
        city: str = "",
        country: str = "",
        birth_date: str = "",
        member_number: str = "",
        external_id: str = "",
        language: str = "",
    ) -> dict:
        """Create a person. ``country`` is an ISO code of two letters, ``language`` a code
        such as ``nb_NO``.

        :return: the row of :meth:`list_members`; ``member_number`` is empty until the first
            contract is confirmed, unless given
        """
        self._check_sign_up()
        member = {
            "name": name,
            "email": email,
            "phone": phone,
            "street": street,
            "postcode": postcode,
            "city": city,
            "country": country,
            "birth_date": birth_date,
            "member_number": member_number,
            "external_id": external_id,
        }
        if language:
            member["language"] = language
        return self._member_rows(self._create_member(member))[0]

    @api.model
    def upsert_members(self, rows: list) -> list[dict]:
        """Create or change people by ``external_id``, which each row must have.

        Further fields are those of :meth:`create_member`; what a row does not name stays as
        it is, an empty text clears it. ``member_id`` gives an external id to a member who
        has none. At most 1000 rows; a bad row does not hinder the others.

        :return: for each row, in order: ``row`` (its number from 1), ``external_id``,
            ``member_id``, ``outcome`` (``created``, ``updated``, ``unchanged`` or ``error``)
            and ``error``, a sentence that names the field and what was expected
        """
        self._check_sign_up()
        with faults(self.env):
            arguments.rows("rows", rows, most=MOST_ROWS)
        return MemberUpsert(self.env).run(rows)

    @api.model
    def list_members(self, after_id: int = 0, limit: int = 100) -> list[dict]:
        """Members and payers in the order of their ids.

        :return: rows of ``member_id``, ``member_number``, ``external_id``, ``name``,
            ``email``, ``phone``, ``street``, ``postcode``, ``city``, ``country``,
            ``language``, ``birth_date`` (empty for who may not see it), ``status``,
            ``paid_until``
        """
        self._check_internal()
        return self._member_rows(self._page("res.partner", PEOPLE, after_id, limit))

    @api.model
    def search_members(self, text: str, limit: int = 20) -> list[dict]:
        """Find people as the search box does: by member number, name, phone, e-mail, payer
        number, or any reference of an invoice or contract.

        :return: rows of :meth:`list_members`
        """
        self._check_internal()
        with faults(self.env):
            text = arguments.text("text", text, required=True)
            limit = arguments.whole("limit", limit, required=True, least=1, most=_MOST_FOUND)
        return self._member_rows(self.env["res.partner"]._mbn_find(text, limit))

    # ------------------------------------------------------------------ parts

    def _create_member(self, given, argument="member"):
        with faults(self.env):
            arguments.mapping(argument, given, MEMBER_FIELDS)
            values = MemberValues(self.env).read({"name": "", **given})
        self._refuse_known("res.partner", "mbn_member_number", values.get("mbn_member_number"))
        self._refuse_known("res.partner", "mbn_external_id", values.get("mbn_external_id"))
        # Who may sign up a member need not have the right to create any contact.
        return self.env["res.partner"].sudo().create(values).sudo(False)

    def _check_sign_up(self):
        self._check_internal()
        self.env["membership.contract"].check_access("create")

    def _member_rows(self, members):
        born = members._fields["mbn_birth_date"]
        sees_birth = members._has_field_access(born, "read")
        return [
            {
                "member_id": member.id,
                "member_number": member.mbn_member_number or "",
                "external_id": member.mbn_external_id or "",
                "name": member.name or "",
                "email": member.email or "",
                "phone": member.phone or "",
                "street": member.street or "",
                "postcode": member.zip or "",
                "city": member.city or "",
                "country": member.country_id.code or "",
                "language": member.lang or "",
                "birth_date": day_text(member.mbn_birth_date) if sees_birth else "",
                "status": member.mbn_member_status or "",
                "paid_until": day_text(member.mbn_paid_until),
            }
            for member in members
        ]
