from odoo import models


class BankFile(models.Model):
    _inherit = "bank.file"

    def _count_pending(self):
        result = super()._count_pending()
        self.run_total += self.env["bank.mandate.event"].search_count(self._events_to_apply())
        return result

    def _run_take(self, limit):
        """Mandates after the money: what was paid is booked whatever they say."""
        rows = super()._run_take(limit)
        return rows or self.env["bank.mandate.event"].search(
            self._events_to_apply(), order="record, id", limit=limit
        )

    def _events_to_apply(self):
        return [("file_id", "=", self.id), ("state", "=", "new")]

    def _run_finish(self):
        self.env["direct.debit.register.difference"]._compare(self)
        return super()._run_finish()

    def _refresh_desk(self):
        result = super()._refresh_desk()
        to_place = self.env["bank.mandate.event"]._to_place(self)
        differences = self.env["direct.debit.register.difference"]._open_counts(self)
        for file in self:
            count = to_place.get(file, 0)
            file._set_on_desk(
                "mandate_unmatched",
                bool(count),
                self.env._(
                    "Mandates of %(name)s without a payer: %(count)s",
                    name=file.name,
                    count=count,
                ),
                self.env._("Choose the payer of each under Collection, Mandates to Place."),
            )
            count = differences.get(file, 0)
            file._set_on_desk(
                "mandate_register",
                bool(count),
                self.env._(
                    "The bank's list of mandates %(name)s differs from yours: %(count)s rows",
                    name=file.name,
                    count=count,
                ),
                self.env._("Compare them under Collection, Register Differences."),
            )
        return result
