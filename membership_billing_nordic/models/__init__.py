from . import common, bank, membership, outside  # isort: skip
