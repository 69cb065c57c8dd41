"""Payment notices of invoices: their facts in the payer's language, read for many at a time."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from odoo import api, fields, models
from odoo.tools import format_date, html2plaintext

from ...notices.content import Notice, Row, Total
from ...notices.document import Document
from ...notices.payment_part import PaymentFacts

CHUNK = 250  # invoices whose facts are in memory at a time
_KINDS = {"line_section": "section", "line_subsection": "section", "line_note": "note"}
_MOVE_FIELDS = (
    "name",
    "move_type",
    "state",
    "company_id",
    "partner_id",
    "currency_id",
    "invoice_date",
    "invoice_date_due",
    "payment_reference",
    "ref",
    "narration",
    "amount_untaxed",
    "amount_tax",
    "amount_total",
    "amount_residual",
    "mbn_agreement_id",
    "mbn_association_id",
    "partner_bank_id",
    "line_ids",
)
_LINE_FIELDS = (
    "move_id",
    "sequence",
    "display_type",
    "name",
    "quantity",
    "price_unit",
    "price_subtotal",
    "discount",
    "tax_ids",
    "tax_line_id",
    "amount_currency",
    "mbn_charge_id",
    "mbn_credited_charge_id",
    "product_id",
)


class BillingNoticeMaker(models.AbstractModel):
    """Makes the payment notice of an invoice: what it says, and its PDF."""

    _name = "billing.notice.maker"
    _description = "Payment Notice Maker"

    # ------------------------------------------------------------------ drawing

    @api.model
    def _draw(self, moves, stream, two_sided=False, layout=None):
        """Draw the notices of ``moves`` into ``stream``.

        :param layout: use this layout, whatever the invoices' own is
        :return: list of ``Pages``, in the order of ``moves``
        """
        document = None
        pages = []
        for notice, typefaces in self._notices(moves, layout):
            document = document or Document(
                stream, typefaces, two_sided=two_sided, title=notice.title
            )
            pages.append(document.add(notice, typefaces))
        document.close()
        return pages

    @api.model
    def _draw_sample(self, layout, stream):
        """An invented invoice in ``layout``."""
        company = layout.company_id
        address = tuple(_address(company.partner_id, company))
        text = {"opening": layout.text_renewal or "", "closing": layout.closing or ""}
        notice = Notice(
            number="2027/00001",
            title=self.env._("Invoice"),
            sender=(company.name, *address),
            recipient=(self.env._("Name of the member"), *address),
            style=layout._style(company, layout.association_id),
            rows=(Row(self.env._("Membership"), "1", "1 200,00", "1 200,00"),),
            columns=self._columns(),
            totals=(Total(self.env._("To pay"), "1 200,00", strong=True),),
            foot=self._foot(company, self.env["bank.agreement"], layout),
            **text,
        )
        document = Document(stream, layout._fonts(), title=notice.title)
        document.add(notice)
        document.close()

    # ------------------------------------------------------------------ facts of many

    @api.model
    def _notices(self, moves, layout=None):
        """Yield (notice, fonts) of each of ``moves``, in their order."""
        for start in range(0, len(moves), CHUNK):
            chunk = moves[start : start + CHUNK]
            batch = self._batch(chunk)
            for move in chunk:
                yield self._notice(move, batch, layout)
            if len(moves) > CHUNK:
                # What was read for these is not needed for the next ones.
                self.env.flush_all()
                self.env.invalidate_all(flush=False)

    def _batch(self, moves):
        """What all of ``moves`` need, read together."""
        moves.fetch(_MOVE_FIELDS)
        lines = moves.sudo().line_ids
        lines.fetch(_LINE_FIELDS)
        moves.partner_id.fetch(
            ["name", "street", "street2", "zip", "city", "country_id", "lang", "mbn_member_number"]
        )
        by_move = defaultdict(list)
        for line in lines.sorted(lambda line: (line.sequence, line.id)):
            by_move[line.move_id.id].append(line)
        return {
            "lines": by_move,
            "kinds": self._text_kinds(moves),
            "debit_days": {move.id: move._mbn_debit_day_print() for move in moves},
            "layouts": {},
            "formats": {},
        }

    def _text_kinds(self, moves):
        """Which text of the layout each of ``moves`` gets: dict of id to field name."""
        charges = moves.sudo().mbn_charge_ids
        periods = charges.period_id
        firsts = dict(
            self.env["membership.period"]
            .sudo()
            ._read_group(
                [("contract_id", "in", periods.contract_id.ids), ("state", "!=", "void")],
                ["contract_id"],
                ["date_from:min"],
            )
        )
        kinds = {}
        for move in moves:
            if move.move_type != "out_invoice":
                kinds[move.id] = ""
                continue
            own = move.sudo().mbn_charge_ids.period_id
            is_first = any(
                one.date_from <= firsts.get(one.contract_id, one.date_from) for one in own
            )
            kinds[move.id] = (is_first and "text_first") or (
                "text_renewal" if own else "text_single"
            )
        return kinds

    # ------------------------------------------------------------------ facts of one

    def _notice(self, move, batch, layout=None):
        """The notice of ``move`` in the language of its payer, and the fonts it is drawn in."""
        lang = move.partner_id.lang or self.env.lang or "en_US"
        maker = self.with_context(lang=lang)
        about, style, typefaces = maker._about(move.with_context(lang=lang), batch, layout)
        return maker._write(about, style), typefaces

    def _about(self, move, batch, layout):
        company, association = move.company_id.sudo(), move.sudo().mbn_association_id
        if layout is None:
            layout, style, typefaces = self._look(company, association, batch["layouts"])
        else:
            style, typefaces = layout._style(company, association), layout._fonts()
        about = _About(
            move=move,
            company=company,
            agreement=move.sudo().mbn_agreement_id.with_env(self.sudo().env),
            layout=layout.with_env(self.sudo().env),
            write=self._formats(move.currency_id, batch["formats"]),
            lines=batch["lines"][move.id],
            text=batch["kinds"][move.id],
            debit_day=batch["debit_days"][move.id],
            printed=move._mbn_association_print(),
            payee=(company.name, *_address(company.partner_id, company)),
            payer=tuple(self._recipient(move.partner_id, move.company_id)),
        )
        return about, style, typefaces

    def _write(self, about, style):
        move = about.move
        boxed = self._boxed(about)
        return Notice(
            number=about.number,
            title=self._title(about),
            sender=self._sender(about),
            return_address=", ".join(about.payee),
            recipient=about.payer,
            style=style,
            facts=tuple(self._facts(about)),
            opening=(about.text and about.layout[about.text]) or "",
            columns=self._columns(),
            rows=tuple(self._rows(about)),
            totals=tuple(self._totals(about)),
            tax_columns=(self.env._("Tax"), self.env._("Base"), self.env._("Amount")),
            taxes=tuple(self._taxes(about)),
            boxed=boxed,
            closing=self._closing(about),
            part=None if boxed or about.is_refund else self._part(about),
            foot=self._foot(about.company, about.agreement, about.layout),
            page_text=self.env._("Page {page} of {pages}"),
            language=move.env.lang or "",
        )

    def _look(self, company, association, known):
        key = (company.id, association.id)
        if key not in known:
            layout = self.env["billing.document.layout"]._nearest_with(company, association)
            known[key] = (layout.id, layout._style(company, association), layout._fonts())
        layout_id, style, typefaces = known[key]
        return self.env["billing.document.layout"].browse(layout_id or []), style, typefaces

    def _formats(self, currency, known):
        key = (self.env.lang, currency.id)
        if key not in known:
            known[key] = _Formats(self.env, currency)
        return known[key]

    def _recipient(self, payer, company):
        """The lines of the address of ``payer`` on what ``company`` sends, the name first."""
        yield from _names(payer)
        yield from _address(payer, company)

    def _title(self, about):
        if not about.number:
            return self.env._("Draft")
        return self.env._("Credit Note") if about.is_refund else self.env._("Invoice")

    def _sender(self, about):
        company, printed = about.company, about.printed
        contact = [text for text in (company.phone, company.email) if text]
        if printed and printed["name"] != company.name:
            return (printed["name"], *about.payee, *contact)
        return (*about.payee, *contact)

    def _facts(self, about):
        facts = self._credit_facts(about) if about.is_refund else self._invoice_facts(about)
        return [(label, str(value)) for label, value in facts if value]

    def _invoice_facts(self, about):
        move, write = about.move, about.write
        return [
            (self.env._("Invoice number"), about.number),
            (self.env._("Invoice date"), write.date(move.invoice_date)),
            (self.env._("Due date"), write.date(move.invoice_date_due)),
            (self.env._("Member number"), move.partner_id.mbn_member_number),
            (self.env._("Your reference"), move.ref),
            (about.agreement._reference_label(), move.payment_reference),
        ]

    def _credit_facts(self, about):
        move = about.move
        return [
            (self.env._("Credit note number"), about.number),
            (self.env._("Date"), about.write.date(move.invoice_date)),
            (self.env._("Invoice number"), move.reversed_entry_id.name),
            (self.env._("Member number"), move.partner_id.mbn_member_number),
            (self.env._("Reason"), move.ref),
        ]

    def _columns(self):
        return (
            self.env._("Description"),
            self.env._("Quantity"),
            self.env._("Price"),
            self.env._("Amount"),
        )

    def _rows(self, about):
        write = about.write
        for group in about.move._mbn_line_groups(about.lines):
            line = group.lines[0]
            if len(group.lines) > 1:
                yield self._group_row(group, write)
            elif line.display_type == "product":
                text = line.name or ""
                if line.discount:
                    discount = self.env._(
                        "Discount %(percent)s %%", percent=write.plain(line.discount)
                    )
                    text = f"{text}\n{discount}"
                yield Row(
                    text,
                    write.plain(line.quantity),
                    write.number(line.price_unit),
                    write.number(line.price_subtotal),
                )
            elif line.display_type in _KINDS:
                yield Row(line.name or "", kind=_KINDS[line.display_type])

    def _group_row(self, group, write):
        """Several lines in one; without a price where theirs are not the same."""
        has_price = group.price_unit is not None
        return Row(
            group.text,
            write.plain(group.quantity) if group.quantity else "",
            write.number(group.price_unit) if has_price else "",
            write.number(group.price_subtotal),
        )

    def _totals(self, about):
        move, write, open_amount = about.move, about.write, about.open_amount
        taxes = _tax_sums(about.lines)
        if taxes:
            yield Total(self.env._("Untaxed amount"), write.money(move.amount_untaxed))
        for tax, (_base, amount) in taxes.items():
            label = _tax_label(tax, self.env, write)
            if label[:1].isdigit():
                label = f"{self.env._('Tax')} {label}"
            yield Total(label, write.money(amount))
        rounding = move.amount_total - move.amount_untaxed - move.amount_tax
        if not move.currency_id.is_zero(rounding):
            yield Total(self.env._("Rounding"), write.money(rounding))
        if about.is_refund:
            yield Total(self.env._("Total credited"), write.money(move.amount_total), strong=True)
            return
        if move.currency_id.compare_amounts(float(open_amount), move.amount_total):
            yield Total(self.env._("Total"), write.money(move.amount_total))
            paid = move.amount_total - float(open_amount)
            yield Total(self.env._("Paid or credited"), write.money(-paid))
        yield Total(self.env._("To pay"), write.money(float(open_amount)), strong=True)

    def _taxes(self, about):
        write = about.write
        for tax, (base, amount) in _tax_sums(about.lines).items():
            yield (_tax_label(tax, self.env, write), write.number(base), write.number(amount))

    def _boxed(self, about):
        """What comes in place of a payment part."""
        if about.debit_day:
            return self.env._(
                "This amount is debited from your account on %(day)s. You need not pay it yourself.",
                day=about.write.date(about.debit_day),
            )
        if not about.is_refund and about.number and not about.open_amount:
            return self.env._("This invoice is paid. You need not do anything.")
        return ""

    def _closing(self, about):
        texts = [
            _plain(str(about.move.narration or "")),
            _plain(str(about.printed.get("text") or "")),
            about.layout.closing or "",
        ]
        return "\n".join(text.strip() for text in texts if text and text.strip())

    def _foot(self, company, agreement, layout):
        numbers = [
            (self.env._("Organisation number"), company.company_registry),
            (self.env._("VAT number"), company.vat),
        ]
        own = (layout.foot or "").splitlines()
        return (
            (company.name, *_address(company.partner_id, company)),
            tuple(text for text in (company.phone, company.email, company.website) if text),
            tuple(f"{label} {value}" for label, value in numbers if value),
            tuple(f"{label} {value}" for label, value in agreement._own_numbers()),
            tuple(line for line in own if line.strip())[:4],
        )

    def _part(self, about):
        """How it is paid: the form of the agreement, a plain one where its currency is another."""
        if about.open_amount <= 0:
            return None
        agreement = about.agreement
        fits = agreement.currency_id == about.move.currency_id
        return (agreement if fits else agreement.browse())._payment_part(self._payment_facts(about))

    def _payment_facts(self, about):
        move, write = about.move, about.write
        account = move.partner_bank_id.sudo()
        qr_code = about.layout.qr_code or "payment"
        link = ""
        if qr_code == "link" and about.number:
            link = move.get_base_url() + move.sudo().get_portal_url()
        return PaymentFacts(
            payee=about.payee,
            payer=about.payer,
            amount=about.open_amount,
            amount_text=write.money(float(about.open_amount)),
            currency=move.currency_id.name,
            due=write.date(move.invoice_date_due),
            reference=(move.payment_reference or "").strip(),
            number=about.number,
            account=account.acc_number or "",
            bic=account.bank_bic or "",
            payee_id=about.company.company_registry or about.company.vat or "",
            date=fields.Date.to_string(move.invoice_date) or "",
            due_date=fields.Date.to_string(move.invoice_date_due) or "",
            tax=_decimal(move.amount_tax, move.currency_id),
            link=link,
            link_caption=self.env._("See and pay online"),
            national_qr=qr_code == "payment",
        )


@dataclass(slots=True)
class _About:
    """One invoice, and what its notice needs, in the payer's language."""

    move: object
    company: object
    agreement: object
    layout: object
    write: "_Formats"
    lines: list
    text: str  # the layout's text that stands above the lines; empty for none
    debit_day: object
    printed: dict  # what the association adds
    payee: tuple[str, ...]
    payer: tuple[str, ...]

    @property
    def is_refund(self):
        return self.move.move_type == "out_refund"

    @property
    def number(self):
        """Empty while it is a draft."""
        return (self.move.state == "posted" and self.move.name) or ""

    @property
    def open_amount(self):
        """What is to be paid: of a draft the total."""
        amount = self.move.amount_residual if self.number else self.move.amount_total
        return _decimal(amount, self.move.currency_id)


class _Formats:
    """How amounts, numbers and days are written in one language and currency."""

    def __init__(self, env, currency):
        self.env = env
        languages = env["res.lang"]
        self.lang = languages._lang_get(env.lang) or languages.search([], limit=1)
        self.digits = currency.decimal_places
        self.sign, self.before = currency.symbol or currency.name, currency.position == "before"
        self.dates = {}

    def number(self, value):
        rounded = round(value, self.digits) or 0.0  # no -0
        return self.lang.format(f"%.{self.digits}f", rounded, grouping=True)

    def plain(self, value):
        """Without decimals where there are none."""
        if value == int(value):
            return self.lang.format("%.0f", value, grouping=True)
        return self.lang.format("%.2f", value, grouping=True)

    def money(self, value):
        number = self.number(value)
        return f"{self.sign} {number}" if self.before else f"{number} {self.sign}"

    def date(self, day):
        if day not in self.dates:
            self.dates[day] = format_date(self.env, day) if day else ""
        return self.dates[day]


def _decimal(amount, currency):
    return Decimal(str(round(amount, currency.decimal_places)))


def _tax_sums(lines):
    """Base and amount by tax, in the order of the lines: dict of tax to pair."""
    sums = {}
    for line in lines:
        if line.display_type == "product":
            for tax in line.tax_ids.flatten_taxes_hierarchy():
                base, amount = sums.get(tax, (0.0, 0.0))
                sums[tax] = (base + line.price_subtotal, amount)
    for line in lines:
        if line.display_type == "tax" and line.tax_line_id:
            base, amount = sums.get(line.tax_line_id, (0.0, 0.0))
            sign = 1 if line.move_id.move_type == "out_refund" else -1
            sums[line.tax_line_id] = (base, amount + sign * line.amount_currency)
    return sums


def _tax_label(tax, env, write):
    """What the tax is called on invoices, with its rate."""
    tax = tax.with_env(env)
    label = tax.invoice_label or tax.name
    if tax.amount_type == "percent" and "%" not in label:
        return f"{label} {write.plain(tax.amount)} %"
    return label


def _names(partner):
    above = partner.parent_id.sudo()
    if above and partner.type == "contact":
        yield above.name
    yield partner.name or above.name or ""


def _address(partner, company):
    """The lines of an address; the country only abroad."""
    lines = partner.sudo()._display_address(without_company=True).split("\n")
    lines = [line.strip() for line in lines if line.strip()]
    if partner.country_id == company.country_id and partner.country_id:
        lines = [line for line in lines if line != partner.country_id.name]
    return lines


@lru_cache(maxsize=1000)
def _plain(html):
    return html2plaintext(html).strip() if html else ""
