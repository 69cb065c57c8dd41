from . import common, bank, membership  # isort: skip
