{
    "name": "Sweden - Bankgirot",
    "version": "19.0.1.0.0",
    "summary": "OCR references, BgMax and Autogiro for membership billing",
    "author": "Membership Billing Nordic contributors",
    "license": "LGPL-3",
    "category": "Accounting/Localizations",
    "countries": ["se"],
    "depends": ["membership_billing_nordic", "l10n_se"],
    "external_dependencies": {"python": ["python-stdnum"]},
    "data": [
        "data/dunning_law_data.xml",
        "report/report_invoice.xml",
        "views/bank_agreement_views.xml",
        "views/direct_debit_mandate_views.xml",
        "views/res_partner_views.xml",
    ],
}
