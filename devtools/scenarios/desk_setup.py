"""A club's invoice desk before its first day: what it sells, by which rules, and to whom."""

from datetime import date

from odoo import Command

_ALWAYS = date(2020, 1, 1)
# What things cost, in whole kroner or kronor, in every country.
FEE, PLUS, YOUTH, UNION, SHIRT, LOCKER, LETTER, CAMP = 1200, 2400, 600, 330, 250, 365, 49, 400
# Of a fee of the federation: what the club, the district and the federation get.
SHARES = {"own": 110, "above": 30, "top": 190}
REFUND_LIMIT, SMALL = 100, 5
ROLE = "membership_billing_nordic.group_billing_manager"
# What parts are members of; everybody else pays the standard fee.
_PLANS = {"club": "union", "child": "youth"}
_PAYERS = {"child": "family", "firm": "customer"}
# Who pays the fee of the federation by bank; the last of the club pays the club.
CLUB_PAID = ("club1", "club2", "club3")
# To whom something is sent: on paper, by e-mail. The others look it up online.
_ON_PAPER, _BY_EMAIL = ("paper1", "paper2"), ("camp1", "family")


class Office:
    """The company, what it sells, and two persons: one proposes, the other approves."""

    def __init__(self, country, story, root):
        self.country, self.words = country, country.words
        self.company, self.bank = story.company, story.bank
        self.env, self.boss = story.env, story.office
        self.folder = root / f"desk-{country.code}"
        self.agreement = self.bank.club.agreement
        self.clerk = self._clerk()
        self.products, self.plans = {}, {}
        self.people, self.contracts = {}, {}

    def _clerk(self):
        """A second person beside the administrator."""
        groups = self.env.ref(ROLE) + self.env.ref("base.group_user")
        user = self.env["res.users"].create(
            {
                "name": f"Desk {self.country.code}",
                "login": f"desk-{self.country.code}",
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
                "group_ids": [Command.set(groups.ids)],
            }
        )
        return self.env(user=user, su=False)

    # ------------------------------------------------------------------ rules

    def open(self, day):
        """Everything is set up on ``day``."""
        self._write_company()
        self._pay_out_through()
        self._sell()
        self._associate(day)
        self._rules()
        self._lay_out()
        for part, name in self.country.people.items():
            self._join(part, name, day)

    def _write_company(self):
        gain = self._account("income_other", 1)
        self.company.write(
            {
                "company_registry": self.country.registry,
                "mbn_send_invoices": True,
                "mbn_invoice_pdf": "notice",
                "mbn_common_invoice": True,
                "mbn_line_grouping": "plan",
                "mbn_refund_limit": REFUND_LIMIT,
                "mbn_over_limit": SMALL,
                "mbn_over_days": 0,
                "mbn_over_account_id": gain.id,
                "mbn_share_account_id": self._account("liability_payable", 2).id,
                "mbn_share_when": "paid",
            }
        )

    def _account(self, kind, number):
        code = f"{'29' if kind.startswith('liability') else '39'}77{number}"
        return self.env["account.account"].create(
            {
                "code": code,
                "name": f"Desk {code}",
                "account_type": kind,
                "reconcile": kind.startswith("liability"),
                "company_ids": [Command.set(self.company.ids)],
            }
        )

    def _pay_out_through(self):
        """Payment files go to the bank through a folder of their own."""
        for side in ("in", "out"):
            (self.folder / side).mkdir(parents=True, exist_ok=True)
        channel = self.env["bank.channel"].create(
            {
                "name": f"Payments {self.country.code}",
                "kind": "folder",
                "folder": f"{self.folder.name}/out",
                "out_folder": f"{self.folder.name}/in",
                "quiet_seconds": 0,
            }
        )
        connection = self.env["bank.connection"].create(
            {"name": channel.name, "scheme": "generic", "channel_id": channel.id}
        )
        self.agreement.write({"transfer_out": True, "transfer_connection_id": connection.id})

    def _sell(self):
        prices = {"standard": 0, "shirt": SHIRT, "locker": LOCKER, "fee": LETTER, "levy": 0}
        for key, price in prices.items():
            self.products[key] = self.env["product.product"].create(
                {
                    "name": self.words[key],
                    "default_code": key.upper(),
                    "type": "service",
                    "list_price": price,
                    "taxes_id": [Command.clear()],
                    "company_id": self.company.id,
                }
            )
        self.company.mbn_text_product_id = self.products["standard"]
        rules = {"first_period": "day", "change_timing": "middle", "change_settlement": "at_once"}
        self.plans = {
            "standard": self._plan("standard", FEE, **rules),
            "plus": self._plan("plus", PLUS, **rules),
            "months": self._plan("standard", FEE, first_period="month"),
            "youth": self._plan("youth", YOUTH),
            "union": self._plan("union", UNION),
        }

    def _plan(self, key, price, **rules):
        return self.env["membership.plan"].create(
            {
                "name": self.words[key],
                "code": f"DESK-{self.country.code}-{key}-{price}",
                "product_id": self.products["standard"].id,
                "currency_id": self.company.currency_id.id,
                "company_id": self.company.id,
                "term": "year",
                "anchor": "joining",
                "lead_days": 0,
                "payment_term_days": 10,
                "price_ids": [Command.create({"valid_from": _ALWAYS, "amount": price})],
            }
            | rules
        )

    def _associate(self, day):
        """Federation, district and club, what each gets of a fee, and where it is paid."""
        above = self.env["membership.association"]
        self.associations = above
        for name, account in self.country.associations:
            partner = self._contact(name, is_company=True)
            if account:
                self.env["res.partner.bank"].create(
                    {"acc_number": account, "partner_id": partner.id, "allow_out_payment": True}
                )
            above = above.create({"partner_id": partner.id, "parent_id": above.id})
            self.associations += above
        self.env["membership.share.rule"].create(
            [
                {
                    "recipient": recipient,
                    "amount": amount,
                    "date_from": day,
                    "plan_id": self.plans["union"].id,
                    "company_id": self.company.id,
                }
                for recipient, amount in SHARES.items()
            ]
        )

    def _rules(self):
        """Letters cost a fee, youth has an account of its own, who has no e-mail gets paper."""
        self.env["billing.invoice.fee"].create(
            {
                "channel": "letter",
                "amount": LETTER,
                "product_id": self.products["fee"].id,
                "date_from": _ALWAYS,
                "company_id": self.company.id,
            }
        )
        self.youth_account = self._account("income", 3)
        self.env["billing.posting.rule"].create(
            {
                "plan_id": self.plans["youth"].id,
                "account_id": self.youth_account.id,
                "company_id": self.company.id,
            }
        )
        steps = self.env["billing.delivery.step"]
        steps.search([("company_id", "=", self.company.id)]).unlink()
        steps.create(
            [
                {"sequence": number, "channel": channel, "company_id": self.company.id}
                for number, channel in enumerate(("email", "letter"), 1)
            ]
        )

    def _lay_out(self):
        layout = (
            self.env["billing.document.layout"]
            .with_context(lang=None)
            .create(
                {
                    "company_id": self.company.id,
                    "primary_color": "#1f4e79",
                    "secondary_color": "#e8eef5",
                }
            )
        )
        texts = {"text_single": self.words["single"], "closing": self.words["closing"]}
        layout.with_context(lang=self.company.partner_id.lang).write(texts)

    # ------------------------------------------------------------------ people

    def _contact(self, name, **vals):
        company = self.company
        return self.env["res.partner"].create(
            {
                "name": name,
                "lang": company.partner_id.lang,
                "tz": company.partner_id.tz,
                "country_id": company.country_id.id,
                "street": company.street,
                "zip": company.zip,
                "city": company.city,
            }
            | vals
        )

    def _join(self, part, name, day):
        """A person; whoever is a member gets a contract from ``day`` on."""
        kind = part.rstrip("0123456789")
        email = {"email": f"{part}@{self.country.code}.example"} if part in _BY_EMAIL else {}
        quiet = {} if email or part in _ON_PAPER else {"invoice_sending_method": "manual"}
        self.people[part] = self._contact(name, **email, **quiet)
        if part == "family":
            return
        plan = self.plans["months" if part == "leaver" else _PLANS.get(kind, "standard")]
        contract = self.env["membership.contract"].create(
            {
                "member_id": self.people[part].id,
                "payer_id": self._payer(kind, part).id,
                "plan_id": plan.id,
                "date_start": day,
                "association_id": self.associations[-1].id if kind == "club" else False,
            }
        )
        contract.action_confirm()
        self.contracts[part] = contract

    def _payer(self, kind, part):
        payer = _PAYERS.get(kind, part)
        if payer == "customer" and payer not in self.people:
            self.people[payer] = self._contact(
                is_company=True,
                email=f"faktura@{self.country.code}.example",
                invoice_sending_method="einvoice",
                **self.country.customer,
            )
        return self.people[payer]
