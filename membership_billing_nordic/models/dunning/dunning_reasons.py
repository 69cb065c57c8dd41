"""Why no letter goes out for a claim: one word each, and what a person is told."""

REASONS = [
    ("paid", "Paid meanwhile"),
    ("step", "This is no longer the next letter"),
    ("lapse", "Nobody has to pay it, and it closes by itself"),
    ("not_due", "The day of the letter has not come"),
    ("law_early", "The law allows this letter only later"),
    ("small", "Less is open than the policy reminds of"),
    ("disputed", "The payer disputes it"),
    ("paused", "Paused"),
    ("payer_hold", "No reminders are sent to this payer"),
    ("untold", "The letter before has not reached the payer yet"),
    ("plan", "It is paid in instalments"),
    ("debit", "A direct debit is under way"),
    ("online", "It is being paid online"),
    ("credit", "Money of the payer waits to be used"),
    ("bank_behind", "Bank files are missing"),
    ("law_unverified", "Figures of the law are not confirmed"),
    ("rates_outdated", "A rate of interest is missing"),
    ("address", "The payer has no usable address"),
    ("content", "Something that the letter must say is missing"),
    ("error", "An error came up"),
]
