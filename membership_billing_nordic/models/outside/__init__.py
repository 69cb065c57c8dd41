from . import billing_api
