"""Which contracts and invoices are blocked on a day."""


class Blocks:
    """The blocks of a company that are in force on a day, read at once."""

    def __init__(self, company, day):
        live = (
            company.env["billing.block"]
            .sudo()
            .search(
                [
                    ("company_id", "=", company.id),
                    ("lifted_on", "=", False),
                    ("date_from", "<=", day),
                    "|",
                    ("date_to", "=", False),
                    ("date_to", ">=", day),
                ],
                order="id",
            )
        )
        self._of_contract = {block.contract_id.id: block for block in live if block.contract_id}
        self._of_person = {block.partner_id.id: block for block in live if block.partner_id}

    def __bool__(self):
        return bool(self._of_contract or self._of_person)

    def of(self, contract):
        """The block that keeps ``contract`` from being billed; None without one."""
        return (
            self._of_contract.get(contract.id)
            or self._of_person.get(contract.member_id.id)
            or self._of_person.get(contract.payer_id.id)
        )

    def of_person(self, person):
        """The block of ``person``, a partner; None without one."""
        return self._of_person.get(person.id)

    def hold_back(self, invoices):
        """Those of ``invoices`` that are not debited: of a blocked payer or membership."""
        return invoices.filtered(
            lambda move: (
                move.commercial_partner_id.id in self._of_person
                or any(self.of(contract) for contract in move.sudo().mbn_charge_ids.contract_id)
            )
        )
