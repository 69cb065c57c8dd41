"""What the law says of reminders, late interest and the way to collection, as plain computations.

Nothing in this package imports Odoo, reads a clock or knows a country: what differs from country
to country comes in as parameters (`parameters.py`), rates and banking days.
"""
