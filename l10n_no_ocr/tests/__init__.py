from . import test_avtalegiro, test_kid_agreement
