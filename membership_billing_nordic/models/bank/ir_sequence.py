from odoo import models
from odoo.tools import SQL


class IrSequence(models.Model):
    _inherit = "ir.sequence"

    def _mbn_take(self, count):
        """Take ``count`` numbers in one query, without prefix or padding.

        The sequence must be a standard one: it takes no lock, and a number that was
        taken in a transaction that fails stays unused. In a rehearsal none is used up.

        :return: list of int, ascending
        """
        self.ensure_one()
        self.flush_recordset()
        if rehearsed := self.env.context.get("mbn_rehearsal"):
            return rehearsed.take(self, count)
        rows = self.env.execute_query(
            SQL(
                "SELECT nextval(%s) FROM generate_series(1, %s)",
                f"ir_sequence_{self.id:03d}",
                count,
            )
        )
        return sorted(number for (number,) in rows)
