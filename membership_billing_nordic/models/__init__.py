from . import common, bank, debit, dunning, membership, outside  # isort: skip
