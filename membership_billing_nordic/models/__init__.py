from . import common, bank, debit, membership, outside  # isort: skip
