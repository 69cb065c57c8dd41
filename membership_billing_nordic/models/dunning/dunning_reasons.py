"""Why no letter goes out for a claim: one word each, and what a person is told."""

REASONS = [
    ("paid", "Paid meanwhile"),
    ("step", "This letter is not the next one any more"),
    ("lapse", "It is not owed, and closes by itself"),
    ("not_due", "The letter is not due yet"),
    ("law_early", "The law allows the letter only later"),
    ("small", "Less is open than the policy's smallest amount"),
    ("disputed", "Disputed"),
    ("paused", "On hold"),
    ("payer_hold", "The payer is on hold"),
    ("plan", "A payment plan is kept"),
    ("debit", "A direct debit is under way"),
    ("online", "It is being paid online"),
    ("credit", "Money of the payer is not used yet"),
    ("bank_behind", "Bank files are missing"),
    ("law_unverified", "The law's figures are not confirmed"),
    ("rates_outdated", "A rate of interest is missing"),
    ("address", "There is no usable address"),
    ("content", "The letter would lack something it must say"),
    ("error", "An error came up"),
]
