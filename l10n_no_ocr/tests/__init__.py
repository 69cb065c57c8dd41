from . import test_kid_agreement
