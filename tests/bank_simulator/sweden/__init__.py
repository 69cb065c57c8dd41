"""Bankgirot and its payers, written from the specifications of its files and the banks' camt.054."""
