from . import billing_api
from . import billing_change
