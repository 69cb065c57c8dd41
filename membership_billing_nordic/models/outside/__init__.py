from . import (
    billing_api,
    billing_api_changes,
    billing_api_contracts,
    billing_api_decisions,
    billing_api_entitlement,
    billing_api_invoices,
    billing_api_mandates,
    billing_api_members,
    billing_change,
)
