from . import (
    portal_account,
    portal_headers,
    portal_payment,
    portal_refund,
    portal_reminders,
    short_link,
)
