{
    "name": "Norway - OCR Giro",
    "version": "19.0.1.0.0",
    "summary": "KID references, OCR giro and AvtaleGiro for membership billing",
    "author": "Membership Billing Nordic contributors",
    "license": "LGPL-3",
    "category": "Accounting/Localizations",
    "countries": ["no"],
    "depends": ["membership_billing_nordic", "l10n_no"],
    "external_dependencies": {"python": ["python-stdnum"]},
    "data": [
        "data/dunning_law_data.xml",
        "views/bank_agreement_views.xml",
        "views/res_partner_views.xml",
    ],
}
