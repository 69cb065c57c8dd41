from odoo.tests import TransactionCase, tagged

MODULE = "membership_billing_nordic"
WRITES = ("perm_write", "perm_create", "perm_unlink")


@tagged("post_install", "-at_install", "post_install_l10n")
class TestRights(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = [
            name
            for name, model in cls.env.registry.items()
            if model._original_module == MODULE and not model._abstract
        ]
        cls.own_models = cls.env["ir.model"].search([("model", "in", names)])
        cls.stored_models = cls.own_models.filtered(lambda model: not model.transient)

    def _group(self, name):
        return self.env.ref(f"{MODULE}.{name}")

    def test_every_model_has_access_rows_and_each_names_a_group(self):
        for model in self.own_models:
            with self.subTest(model=model.model):
                self.assertTrue(model.access_ids)
                self.assertTrue(all(model.access_ids.mapped("group_id")))

    def test_every_model_of_a_company_keeps_to_the_users_companies(self):
        for model in self.stored_models:
            if "company_id" in self.env[model.model]:
                with self.subTest(model=model.model):
                    rules = model.rule_ids.filtered(lambda rule: not rule.groups)
                    self.assertTrue(
                        any("company_id" in (rule.domain_force or "") for rule in rules)
                    )

    def test_the_auditor_reads_everything_and_changes_nothing(self):
        auditor = self._group("group_billing_auditor")
        for model in self.stored_models:
            with self.subTest(model=model.model):
                rows = model.access_ids.filtered(lambda row: row.group_id == auditor)
                self.assertTrue(any(rows.mapped("perm_read")))
                self.assertFalse(any(row[name] for row in rows for name in WRITES))

    def test_the_front_desk_reaches_no_bank_record(self):
        desk = self._group("group_billing_front_desk")
        for model in self.own_models.filtered(lambda model: model.model.startswith("bank.")):
            with self.subTest(model=model.model):
                self.assertNotIn(desk, model.access_ids.group_id)

    def test_no_model_is_open_to_the_public(self):
        self.assertNotIn(self.env.ref("base.group_public"), self.own_models.access_ids.group_id)

    def test_the_portal_reads_memberships_by_a_rule_and_nothing_else(self):
        portal = self.env.ref("base.group_portal")
        rows = self.own_models.access_ids.filtered(lambda row: row.group_id == portal)
        self.assertEqual(
            set(rows.mapped("model_id.model")),
            {"membership.contract", "membership.period", "membership.charge"},
        )
        self.assertFalse(any(row[name] for row in rows for name in WRITES))
        for model in rows.model_id:
            with self.subTest(model=model.model):
                rules = model.rule_ids.filtered(lambda rule: portal in rule.groups)
                self.assertIn("user.partner_id.id", "".join(rules.mapped("domain_force")))
