import base64

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .iso_bank import IsoBank
from .share_common import ShareCommon
from .transfer_common import TransferRounds


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAssociationPayout(TransferRounds, ShareCommon):
    """Ola has paid 330: 190, 30 and 110 are owed to the federation, the district and the club."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agreement.transfer_out = True
        cls.company.mbn_refund_limit = 100.0
        cls._has_account(cls.tromso)
        cls.clerk, cls.boss = cls._boss("payout clerk"), cls._boss("payout boss")

    def setUp(self):
        super().setUp()
        self._bill("2027-01-01")
        self.invoice = self._invoices(self.ola)
        self._pay(self.invoice)
        self._book()

    def _propose(self, *associations, user=None, **vals):
        ids = [association.id for association in associations]
        start = self.env["membership.payout.start"].with_user(user or self.clerk)
        action = start.create({"date_to": "2027-01-31", "association_ids": ids} | vals)
        return self.env["membership.payout"].search(action.action_start()["domain"])

    def _send(self, payout):
        """The transfers as the bank has read them."""
        with self._commits():
            self.env["bank.agreement"].sudo()._cron_make_transfer_files()
        file = payout.sudo().refund_ids.sorted("id")[-1].file_id
        with file._open_bytes() as stream:
            order = IsoBank("99991042764").take(stream.read())
        file._mark_sent()
        return order

    def test_shares_are_proposed_approved_by_another_and_transferred(self):
        payout = self._propose(self.tromso)
        self.assertRecordValues(
            payout, [{"amount_shares": 110.0, "amount_to_pay": 110.0, "state": "draft"}]
        )
        with self._refused("another person approves"):
            payout.with_user(self.clerk).action_approve()
        payout.with_user(self.boss).action_approve()
        self.assertEqual(payout.pay_state, "waiting")
        self.assertEqual(payout.refund_ids.state, "approved")
        self.assertEqual(payout.refund_ids.approved_by_id, self.boss)
        self.assert_agrees()
        order = self._send(payout)
        self.assertEqual([float(one.amount) for one in order.transfers], [110.0])
        self.assertEqual(order.transfers[0].name, "Tromsø")
        self.bank = IsoBank("99991042764")
        self.paying = self.agreement
        with self._commits():
            self._take(self._paid(order))
        self.assertEqual(payout.refund_ids.state, "paid")
        self.assertEqual(payout.pay_state, "paid")
        self.assertEqual(self._owed_all(), [190.0, 30.0, 0.0, 0.0])
        self.assertEqual(self._booked(self.agreement.clearing_account_id), 330.0)
        self.assert_agrees()
        with self._refused("Nothing is to be paid out"):
            self._propose(self.tromso)

    def _paid(self, order):
        return IsoBank("99991042764").pay(order, self.env["membership.share"].search([])[0].date)

    def test_what_the_club_owes_is_set_off(self):
        due = self._invoice(self.tromso.partner_id, 40.0, invoice_date="2027-01-05")
        payout = self._propose(self.tromso)
        self.assertEqual([payout.amount_set_off, payout.amount_to_pay], [40.0, 70.0])
        self.assertEqual(sum(row["amount"] for row in payout._statement_rows()), 70.0)
        payout.with_user(self.clerk).action_set_off()
        self.assertEqual([payout.amount_set_off, payout.amount_to_pay], [0.0, 110.0])
        payout.with_user(self.clerk).action_set_off()
        payout.with_user(self.boss).action_approve()
        self.assertEqual(due.amount_residual, 0.0)
        self.assertEqual(payout.refund_ids.amount, 70.0)
        self.assertEqual(self._owed(self.tromso), 70.0)
        self.assert_agrees()

    def test_a_set_off_of_all_pays_nothing(self):
        due = self._invoice(self.tromso.partner_id, 500.0, invoice_date="2027-01-05")
        payout = self._propose(self.tromso)
        payout.with_user(self.boss).action_approve()
        self.assertRecordValues(payout, [{"pay_state": "paid", "amount_to_pay": 0.0}])
        self.assertFalse(payout.refund_ids)
        self.assertEqual(due.amount_residual, 390.0)
        self.assertEqual(self._owed(self.tromso), 0.0)

    def test_what_the_bank_refuses_is_paid_again_and_once(self):
        payout = self._propose(self.tromso)
        payout.with_user(self.boss).action_approve()
        self._send(payout)
        payout.sudo().refund_ids._refuse("AC04", "The account is closed.")
        self.assertEqual(payout.pay_state, "stopped")
        self.assertEqual(self._owed(self.tromso), 110.0)
        self._has_account(self.tromso, "NO8330001234567")
        payout.with_user(self.boss).action_pay_again()
        self.assertEqual(payout.pay_state, "waiting")
        self.assertEqual(len(payout.refund_ids), 2)
        with self._refused("not paid is paid again"):
            payout.with_user(self.boss).action_pay_again()
        self.assert_agrees()

    def _undo(self, payout, reason="Wrong month", user=None):
        payout = payout.with_user(user or self.boss)
        action = payout.action_undo()
        wizard = self.env[action["res_model"]].with_user(user or self.boss)
        wizard.with_context(**action["context"]).create({"reason": reason}).action_undo()

    def test_an_approved_pay_out_is_undone_and_on_the_record(self):
        due = self._invoice(self.tromso.partner_id, 40.0, invoice_date="2027-01-05")
        payout = self._propose(self.tromso)
        payout.with_user(self.boss).action_approve()
        transfer = payout.refund_ids
        with self._refused("Say why"):
            self._undo(payout, " ")
        self._undo(payout)
        self.assertEqual((payout.state, payout.pay_state), ("undone", "none"))
        self.assertEqual((payout.undo_reason, payout.undone_by_id), ("Wrong month", self.boss))
        self.assertEqual(transfer.state, "cancelled")
        self.assertEqual((due.amount_residual, due.payment_state), (40.0, "not_paid"))
        self.assertEqual(self._owed(self.tromso), 110.0)
        self.assertIn("Wrong month", payout.undone_move_id.ref)
        self.assertIn(due.name, payout.message_ids[-1:].body + payout.message_ids[:1].body)
        self.assert_agrees()
        with self._refused("Only a pay-out that is approved"):
            self._undo(payout)
        again = self._propose(self.tromso)
        self.assertRecordValues(
            again, [{"amount_shares": 110.0, "amount_set_off": 40.0, "amount_to_pay": 70.0}]
        )
        again.with_user(self.boss).action_approve()
        order = self._send(again)
        self.assertEqual([float(one.amount) for one in order.transfers], [70.0])
        self.assert_agrees()

    def test_one_that_was_set_off_as_a_whole_is_undone_by_reversal(self):
        due = self._invoice(self.tromso.partner_id, 500.0, invoice_date="2027-01-05")
        payout = self._propose(self.tromso)
        payout.with_user(self.boss).action_approve()
        self._undo(payout)
        self.assertEqual((payout.state, due.amount_residual), ("undone", 500.0))
        self.assertEqual(self._owed(self.tromso), 110.0)
        self.assert_agrees()

    def test_what_is_in_a_payment_file_is_not_undone_until_the_bank_refuses_it(self):
        payout = self._propose(self.tromso)
        payout.with_user(self.boss).action_approve()
        self._send(payout)
        with self._refused("in a payment file already"):
            self._undo(payout)
        self.assertEqual((payout.state, payout.refund_ids.state), ("approved", "sent"))
        payout.sudo().refund_ids._refuse("AC04", "The account is closed.")
        self._undo(payout)
        self.assertEqual((payout.state, self._owed(self.tromso)), ("undone", 110.0))
        self.assert_agrees()

    def test_what_was_paid_by_hand_is_not_undone(self):
        payout = self._propose(self.tromso, method="manual")
        payout.with_user(self.boss).action_approve()
        rest = payout.sudo().rest_line_id
        writer = self.env["membership.share"]
        account = self.agreement.clearing_account_id
        entry = writer._post_entry(
            self.company,
            self.company._billing_today(),
            "Paid by hand",
            [
                writer._entry_line(
                    self.company.currency_id,
                    (50.0, 50.0),
                    sign,
                    account_id=account_id.id,
                    partner_id=payout.partner_id.id,
                    name="Paid by hand",
                )
                for account_id, sign in ((rest.account_id, 1), (account, -1))
            ],
        )
        (
            rest + entry.line_ids.filtered(lambda line: line.account_id == rest.account_id)
        ).reconcile()
        with self._refused("paid or used already"):
            self._undo(payout)
        self.assertEqual(payout.state, "approved")

    def test_only_managers_undo_a_pay_out(self):
        payout = self._propose(self.tromso)
        payout.with_user(self.boss).action_approve()
        for group in ("front_desk", "user", "auditor"):
            user = self._clerk(group)
            with self.subTest(group=group):
                with self._refused("", AccessError):
                    payout.with_user(user).action_undo()
                with self._refused("", AccessError):
                    self.env["membership.payout.undo"].with_user(user).create(
                        {"payout_id": payout.id, "reason": "No"}
                    )
        treasurer = new_test_user(
            self.env, "treasurer", "membership_billing_nordic.group_association_administrator"
        )
        self.tromso.administrator_ids = treasurer
        with self._refused("", AccessError):
            payout.with_user(treasurer).action_undo()
        self.assertEqual(payout.state, "approved")

    def test_a_charge_back_after_the_pay_out_is_taken_off_the_next(self):
        payout = self._propose(self.tromso, method="manual")
        payout.with_user(self.boss).action_approve()
        line = self.invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        line.remove_move_reconcile()
        self._set_today("2027-01-20")
        self._book()
        self.assertEqual(self._owed(self.tromso), 0.0)  # 110 wait to be paid, 110 were taken back
        with self._refused("Nothing is to be paid out"):
            self._propose(self.tromso)
        per = self._contract(association_id=self.tromso.id)
        eva = self._contract(association_id=self.tromso.id)
        self._set_today("2027-02-10")
        self._bill("2027-02-10")
        for contract in per + eva:
            self._pay(self._invoices(contract))
        self._book()
        second = self._propose(self.tromso, date_to="2027-02-28")
        self.assertRecordValues(
            second,
            [
                {
                    "amount_opening": -110.0,
                    "amount_shares": 220.0,
                    "amount_taken_back": 0.0,
                    "amount_to_pay": 110.0,
                }
            ],
        )
        attachment = second.action_csv()["url"].split("/")[3].partition("?")[0]
        text = base64.b64decode(self.env["ir.attachment"].browse(int(attachment)).datas)
        rows = text.decode("utf-8-sig").splitlines()
        self.assertEqual(rows[0], "date;member;plan;from;to;what;amount;currency")
        currency = self.company.currency_id.name
        self.assertEqual(rows[1], f";;;;;Opening balance;-110.00;{currency}")
        self.assertEqual(
            rows[2], f"2027-02-10;Ola Nordmann;Yearly;2027-01-01;2027-12-31;Share;110.00;{currency}"
        )
        self.assertEqual(rows[-1], f";;;;;To pay;110.00;{currency}")
        for text in ("Statement of shares", self.company.name):
            self.assertIn(text, self._statement(second))
        self.env["res.lang"]._activate_lang("nb_NO")
        self.tromso.partner_id.lang = "nb_NO"
        self.assertIn(">Andel<", self._statement(second))

    def _statement(self, payout):
        report = "membership_billing_nordic.report_payout"
        return self.env["ir.actions.report"]._render_qweb_html(report, payout.ids)[0].decode()

    def test_a_cancelled_proposal_leaves_the_shares_for_the_next(self):
        payout = self._propose(self.tromso)
        with self._refused("Nothing is to be paid out"):
            self._propose(self.tromso)
        payout.with_user(self.clerk).action_cancel()
        again = self._propose(self.tromso)
        self.assertEqual(again.amount_to_pay, 110.0)
        with self._refused("Somebody else has decided"):
            payout.with_user(self.boss).action_approve()

    def test_without_an_account_the_association_is_asked_and_nothing_is_half_done(self):
        payout = self._propose(self.north)
        with self._refused("No account of North is known"):
            payout.with_user(self.boss).action_approve()
        payout.invalidate_recordset()
        self.assertEqual(payout.state, "draft")
        self.assertEqual(self._owed(self.north), 30.0)
        self.north.partner_id.email = "north@example.com"
        payout.with_user(self.boss).action_approve()
        self.assertEqual(payout.refund_ids.state, "asked")

    def test_a_fee_that_was_paid_to_the_club_is_the_clubs_debt(self):
        self._set_today("2027-01-10")
        per = self._contract(association_id=self.tromso.id)
        self._bill("2027-01-10")
        invoice = self._invoices(per)
        action = invoice.with_user(self.clerk).action_mbn_paid_to_association()
        wizard = self.env[action["res_model"]].with_user(self.clerk)
        wizard = wizard.with_context(**action["context"]).create({})
        self.assertRecordValues(wizard, [{"association_id": self.tromso.id, "amount": 330.0}])
        wizard.amount = 331.0
        with self._refused("enter at most that"):
            wizard.action_book()
        wizard.amount = 330.0
        wizard.action_book()
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(per.charge_ids.state, "paid")
        self.assertEqual(self.tromso.partner_id.credit, 330.0)
        with self._refused("Nothing is open"):
            invoice._mbn_book_paid_to(self.tromso, 1.0, self.company._billing_today())
        self._book()
        payout = self._propose(self.tromso)
        payout.with_user(self.boss).action_approve()
        self.assertRecordValues(payout, [{"amount_set_off": 220.0, "amount_to_pay": 0.0}])
        self.assertEqual(self.tromso.partner_id.credit, 110.0)

    def _paid_to_the_club(self):
        self._set_today("2027-01-10")
        per = self._contract(association_id=self.tromso.id)
        self._bill("2027-01-10")
        invoice = self._invoices(per)
        entry = invoice.with_user(self.clerk)._mbn_book_paid_to(
            self.tromso, 330.0, self.company._billing_today()
        )
        self._book()
        self.assertEqual(self._owed(self.tromso), 220.0)
        return invoice, entry.sudo()

    def _reverse(self, entry):
        reversal = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=entry.ids
        )
        wizard = reversal.create({"journal_id": entry.journal_id.id, "reason": "Never paid"})
        wizard.reverse_moves()

    def test_a_payment_to_the_club_is_taken_back_by_reversing_its_entry(self):
        invoice, entry = self._paid_to_the_club()
        self._reverse(entry)
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("not_paid", 330.0))
        self.assertEqual(invoice.mbn_charge_ids.state, "invoiced")
        self.assertEqual(self.tromso.partner_id.credit, 0.0)
        self._book()
        self.assertEqual(self._owed(self.tromso), 110.0)
        self._pay(invoice)
        self._book()
        self.assertEqual(self._owed(self.tromso), 220.0)
        payout = self._propose(self.tromso)
        self.assertRecordValues(payout, [{"amount_set_off": 0.0, "amount_to_pay": 220.0}])

    def test_what_a_pay_out_has_set_off_stands_to_the_club_after_the_reversal(self):
        invoice, entry = self._paid_to_the_club()
        self._propose(self.tromso).with_user(self.boss).action_approve()
        self.assertEqual((self.tromso.partner_id.credit, self._owed(self.tromso)), (110.0, 0.0))
        self._reverse(entry)
        self._book()
        self.assertEqual(invoice.amount_residual, 330.0)
        # 220 were set off against nothing, of which 110 were never theirs
        self.assertEqual((self.tromso.partner_id.credit, self._owed(self.tromso)), (-220.0, -110.0))

    def test_administrators_see_and_bill_their_own_only(self):
        user = self._clerk("user")  # any user to take the company from
        user.group_ids = self.env.ref(
            "membership_billing_nordic.group_association_administrator"
        ) + self.env.ref("base.group_user")
        self.tromso.administrator_ids = user
        per = self._contract(association_id=self.bodo.id)
        own = self.env["membership.payout"].with_user(user)
        payouts = self._propose()
        self.assertEqual(len(payouts), 3)
        self.assertEqual(own.search([]).association_id, self.tromso)
        shares = self.env["membership.share"].with_user(user).search([])
        self.assertEqual(shares.mapped("amount"), [110.0])
        report = self.env["membership.association.report"].with_user(user)
        groups = report._read_group([], ["association_id"], ["income:sum", "share:sum"])
        self.assertEqual(groups, [(self.tromso.with_user(user), 330.0, 110.0)])
        with self.assertRaises(AccessError):
            payouts.filtered(lambda one: one.association_id == self.top).with_user(
                user
            ).action_csv()
        self._set_today("2028-01-01")
        self._contract("2028-01-01", association_id=self.tromso.id)
        with self._refused("Only a billing user", AccessError):
            self.tromso.with_user(user).action_bill()
        self.company.mbn_associations_bill = True
        before = self.env["account.move"].search_count([])
        self.tromso.with_user(user).action_bill()
        self.assertEqual(self.env["account.move"].search_count([]), before + 2)
        self.assertEqual(self._invoices(per).ids, [])
        for refused in (
            lambda: per.with_user(user).action_bill_now(),
            lambda: (per + self.ola).with_user(user).action_bill_now(),
            lambda: self.bodo.with_user(user).action_bill(),
            lambda: self._charge(per, user),
        ):
            with self.assertRaises(AccessError):
                refused()
        self._charge(self.ola, user)
        self.assertEqual(
            self.ola.charge_ids.filtered(lambda one: one.kind == "single").amount, 50.0
        )

    def _charge(self, contract, user):
        charges = self.env["membership.contract.charge"].with_user(user)
        return charges.create(
            {
                "contract_id": contract.id,
                "product_id": self.product.id,
                "name": "Shirt",
                "price_unit": 50.0,
            }
        ).action_charge()
