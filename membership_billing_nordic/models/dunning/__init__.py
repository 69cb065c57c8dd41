from . import dunning_law_mixin  # isort: skip
from . import dunning_interest_rate, dunning_law

# extend the models above
from . import dunning_law_desk  # isort: skip
