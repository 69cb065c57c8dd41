"""Betalingsservice and its payers, written from the specification of its deliveries."""
