from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

_CLUSTER = "membership_billing_nordic.change_cluster"

# Table -> the records whose row for other programs changes with rows of the table ("changed").
_SOURCES = {
    "res_partner": "SELECT 'member', id FROM changed",
    "membership_contract": """
        SELECT 'contract', id FROM changed
         UNION SELECT 'member', member_id FROM changed
         UNION SELECT 'member', payer_id FROM changed""",
    "account_move": """
        SELECT 'invoice', id FROM changed WHERE move_type IN ('out_invoice', 'out_refund')""",
    "bank_payment": "SELECT 'payment', id FROM changed",
    "bank_payment_allocation": "SELECT DISTINCT 'payment', payment_id FROM changed",
}


class Change(NamedTuple):
    """One record that was changed by one transaction."""

    transaction: str  # number of the transaction, which is what changes are ordered by
    kind: str
    res_id: int
    changed_at: object  # datetime in UTC: the transaction's beginning


_BEGINNING = ("0", "", 0)


class BillingChange(models.AbstractModel):
    """Which records were changed by which transaction, noted by the database itself.

    A plain table without a model of its own: nobody but :class:`BillingApi` reads it. Why
    it is so is told in docs/decisions/0004-changes-by-transaction.md.
    """

    _name = "billing.change"
    _description = "Changes for Other Programs"

    def init(self):
        self.env.registry.post_init(self._install)

    @api.model
    def _install(self):
        """Make table and triggers. All that exists already is a change, too."""
        self.env.cr.execute(SQL("SELECT to_regclass('billing_change')"))
        if known := self.env.cr.fetchone()[0]:
            self._remove_triggers()
        else:
            self.env.cr.execute(
                SQL(
                    """
                    CREATE TABLE billing_change (
                        transaction xid8 NOT NULL,
                        kind varchar NOT NULL,
                        res_id integer NOT NULL,
                        changed_at timestamp NOT NULL,
                        PRIMARY KEY (transaction, kind, res_id)
                    )
                    """
                )
            )
        for table, source in _SOURCES.items():
            self._install_triggers(table, source)
            if not known:
                self._note_all(table, source)

    def _install_triggers(self, table, source):
        function = SQL.identifier(f"billing_change_of_{table}")
        self.env.cr.execute(
            SQL(
                """
                CREATE OR REPLACE FUNCTION %(function)s() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO billing_change (transaction, kind, res_id, changed_at)
                    SELECT pg_current_xact_id(), source.*, now() AT TIME ZONE 'UTC'
                      FROM (%(source)s) source
                        ON CONFLICT DO NOTHING;
                    RETURN NULL;
                END $$
                """,
                function=function,
                source=SQL(source),
            )
        )
        for event in ("INSERT", "UPDATE"):
            self.env.cr.execute(
                SQL(
                    """
                    CREATE TRIGGER %(trigger)s AFTER %(event)s ON %(table)s
                    REFERENCING NEW TABLE AS changed
                    FOR EACH STATEMENT EXECUTE FUNCTION %(function)s()
                    """,
                    trigger=SQL.identifier(f"billing_change_{event.lower()}"),
                    event=SQL(event),
                    table=SQL.identifier(table),
                    function=function,
                )
            )

    def _note_all(self, table, source):
        self.env.cr.execute(
            SQL(
                """
                WITH changed AS (SELECT * FROM %(table)s)
                INSERT INTO billing_change (transaction, kind, res_id, changed_at)
                SELECT '0', source.*, now() AT TIME ZONE 'UTC' FROM (%(source)s) source
                    ON CONFLICT DO NOTHING
                """,
                table=SQL.identifier(table),
                source=SQL(source),
            )
        )

    def _remove_triggers(self):
        for table in _SOURCES:
            function = SQL.identifier(f"billing_change_of_{table}")
            self.env.cr.execute(SQL("DROP FUNCTION IF EXISTS %s() CASCADE", function))

    @api.model
    def _uninstall(self):
        """Take everything out of the database again."""
        self._remove_triggers()
        self.env.cr.execute(SQL("DROP TABLE IF EXISTS billing_change"))

    # ------------------------------------------------------------------ reading

    @api.model
    def _after(self, position, kinds, limit):
        """The first changes after a position, in order.

        Only transactions older than every one that still runs are told, so that nothing can
        come to stand before a position that was given out.

        :param position: (transaction, kind, id) up to which all was told, or None
        :return: list of Change, and the position up to which all is told with them
        """
        [(horizon,)] = self.env.execute_query(SQL("SELECT %s", self._horizon()))
        transaction, kind, res_id = position or _BEGINNING
        rows = self.env.execute_query(
            SQL(
                """
                SELECT transaction, kind, res_id, changed_at
                  FROM billing_change
                 WHERE (transaction, kind, res_id) > (%(transaction)s::xid8, %(kind)s, %(id)s)
                   AND transaction < %(horizon)s::xid8
                   AND kind = ANY(%(kinds)s)
                 ORDER BY transaction, kind, res_id
                 LIMIT %(limit)s
                """,
                transaction=transaction,
                kind=kind,
                id=res_id,
                horizon=horizon,
                kinds=list(kinds),
                limit=limit,
            )
        )
        changes = [Change(*row) for row in rows]
        if len(changes) == limit:
            return changes, changes[-1][:3]
        # All before the horizon is told: next time there is no need to look there.
        return changes, max(position or _BEGINNING, (horizon, "", 0), key=_place)

    def _horizon(self):
        """The oldest transaction that had not ended when this one began to read.

        Those that are known to run in other databases of the cluster do not count. One that
        has ended since then does: its changes cannot be seen here yet.
        """
        return SQL(
            """
            (SELECT coalesce(min(running.xid::text::numeric)::text::xid8,
                             pg_snapshot_xmax(pg_current_snapshot()))
               FROM pg_snapshot_xip(pg_current_snapshot()) running(xid)
              WHERE NOT EXISTS (
                        SELECT
                          FROM pg_stat_activity other
                         WHERE other.backend_xid = running.xid::xid
                           AND other.datname <> current_database()))
            """
        )

    @api.model
    def _cluster(self):
        """What gives out the transaction numbers now. Positions are good for it only.

        When it is another one than before, as after a backup was restored on another
        server, all that was noted is older than anything that it numbers.
        """
        now = self._present_cluster()
        settings = self.env["ir.config_parameter"].sudo()
        if settings.get_param(_CLUSTER) != now:
            self._renumber()
            settings.set_param(_CLUSTER, now)
        return now

    def _present_cluster(self):
        [(system, timeline)] = self.env.execute_query(
            SQL(
                "SELECT system_identifier, timeline_id FROM pg_control_system(), "
                "pg_control_checkpoint()"
            )
        )
        return f"{system}-{timeline}"

    def _renumber(self):
        self.env.cr.execute(
            SQL(
                """
                WITH old AS (DELETE FROM billing_change RETURNING kind, res_id, changed_at)
                INSERT INTO billing_change (transaction, kind, res_id, changed_at)
                SELECT '0', kind, res_id, max(changed_at) FROM old GROUP BY kind, res_id
                """
            )
        )

    @api.autovacuum
    def _gc_superseded(self):
        """Forget changes of records that were changed again later: the later one tells all."""
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM billing_change
                 USING (SELECT transaction, kind, res_id,
                               lead(transaction) OVER (
                                   PARTITION BY kind, res_id ORDER BY transaction
                               ) AS later
                          FROM billing_change
                         WHERE transaction < %(horizon)s) known
                 WHERE known.later IS NOT NULL
                   AND billing_change.transaction = known.transaction
                   AND billing_change.kind = known.kind
                   AND billing_change.res_id = known.res_id
                """,
                horizon=self._horizon(),
            )
        )


def _place(position):
    """Sorts positions as the database does."""
    transaction, kind, res_id = position
    return int(transaction), kind, res_id
