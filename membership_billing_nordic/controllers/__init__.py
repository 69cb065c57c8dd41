from . import portal_headers, portal_payment, portal_reminders, short_link
