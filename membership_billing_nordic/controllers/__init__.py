from . import portal_headers, portal_payment, short_link
