"""Is this the same person, and is that an e-mail address?"""

from difflib import get_close_matches

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, email_normalize, format_date

from .member_search import name_words, phone_key

# Providers whose names are often mistyped.
_DOMAINS = ("gmail.com", "hotmail.com", "outlook.com", "yahoo.com", "icloud.com", "live.com")
_MOST = 5
_IDENTITY = ("name", "email", "phone", "mbn_birth_date", "zip")


class ResPartner(models.Model):
    _inherit = "res.partner"

    mbn_email_warning = fields.Char(
        compute="_compute_mbn_email_warning",
        help="What seems to be wrong with the e-mail address.",
    )

    @api.depends("email")
    def _compute_mbn_email_warning(self):
        for partner in self:
            partner.mbn_email_warning = self._mbn_email_problem(partner.email)

    @api.model
    def _mbn_email_problem(self, email):
        """What seems to be wrong with ``email``, in words; False when nothing does."""
        if not email:
            return False
        address = email_normalize(email)
        if not address:
            return self.env._("%(email)s is no e-mail address. Correct it.", email=email)
        domain = address.rpartition("@")[2]
        close = get_close_matches(domain, _DOMAINS, n=1, cutoff=0.85)
        if not close or close[0] == domain:
            return False
        return self.env._(
            "%(email)s: %(domain)s may be mistyped. Is it %(meant)s?",
            email=email,
            domain=domain,
            meant=close[0],
        )

    @api.model
    def _mbn_is_email(self, email):
        """Can something be sent to ``email``?"""
        return bool(email_normalize(email))

    # -- duplicates --------------------------------------------------------------------

    @api.model
    def _mbn_likely_duplicates(self, vals):
        """Those who are likely the person whom ``vals`` describe.

        The same e-mail or phone; the same name with the same birth date or postcode. A
        person in ``vals["id"]`` is left out.

        :param vals: any of ``id``, ``name``, ``email``, ``phone``, ``mbn_birth_date``, ``zip``
        :return: ``res.partner``, at most five, archived ones too
        """
        signs = [Domain.custom(to_sql=sign) for sign in self._mbn_signs(vals)]
        if not signs:
            return self.browse()
        domain = Domain.OR(signs) & Domain("id", "!=", vals.get("id") or 0)
        return self.with_context(active_test=False).search(domain, limit=_MOST)

    @api.model
    def _mbn_signs(self, vals):
        """Conditions any of which makes somebody a likely duplicate; each has an index."""
        signs = []
        if email := email_normalize(vals.get("email") or ""):
            signs.append(_is("email_normalized", email))
        if phone := phone_key(vals.get("phone") or ""):
            signs.append(self._mbn_phone_sql(phone))
        words = name_words(vals.get("name") or "")
        for name in ("mbn_birth_date", "zip"):
            if words and vals.get(name):
                signs.append(_both(self._mbn_name_sql(words), _is(name, vals[name])))
        return signs

    def _mbn_identity(self):
        """What tells this person from others, as for :meth:`_mbn_likely_duplicates`."""
        self.ensure_one()
        return {"id": self.id} | {name: self[name] for name in _IDENTITY}

    def _mbn_same(self, vals):
        """What this person has in common with ``vals``, in words."""
        self.ensure_one()
        same = []
        if email_normalize(vals.get("email") or "") == (self.email_normalized or None):
            same.append(self.env._("same e-mail"))
        if phone_key(vals.get("phone") or "") == (phone_key(self.phone or "") or None):
            same.append(self.env._("same phone"))
        if name_words(vals.get("name") or "") == name_words(self.name or ""):
            same.append(self.env._("same name"))
        if vals.get("mbn_birth_date") and vals["mbn_birth_date"] == self.mbn_birth_date:
            same.append(self.env._("same date of birth"))
        return ", ".join(same)

    def _mbn_introduce(self, vals):
        """This person in one line, with what makes it the one whom ``vals`` describe."""
        self.ensure_one()
        facts = [
            self.name,
            self.mbn_member_number,
            self.mbn_birth_date and format_date(self.env, self.mbn_birth_date),
            self.contact_address_inline,
            self._mbn_same(vals),
        ]
        return " · ".join(fact for fact in facts if fact)


def _is(name, value):
    return lambda model, alias, query: SQL(
        "%s = %s", model._field_to_sql(alias, name, query), value
    )


def _both(first, second):
    return lambda model, alias, query: SQL(
        "(%s AND %s)", first(model, alias, query), second(model, alias, query)
    )
