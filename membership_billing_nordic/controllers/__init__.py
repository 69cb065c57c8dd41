from . import portal_payment, short_link
