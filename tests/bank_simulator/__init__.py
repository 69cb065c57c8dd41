"""A clearing house and its payers, for tests and the demonstration.

Written from the formats' specifications and on purpose without the project's own
codecs, so that a misreading there cannot hide here.
"""
