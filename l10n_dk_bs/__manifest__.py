{
    "name": "Denmark - Betalingsservice",
    "version": "19.0.1.0.0",
    "summary": "Betalingsservice and FI payment slips for membership billing",
    "author": "Membership Billing Nordic contributors",
    "license": "LGPL-3",
    "category": "Accounting/Localizations",
    "countries": ["dk"],
    "depends": ["membership_billing_nordic", "l10n_dk"],
    "external_dependencies": {"python": ["python-stdnum"]},
    "data": [
        "data/dunning_law_data.xml",
        "report/report_invoice.xml",
        "views/bank_agreement_views.xml",
        "views/bank_agreement_months_views.xml",
        "views/bank_connection_views.xml",
        "views/direct_debit_mandate_views.xml",
    ],
}
