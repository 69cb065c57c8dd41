from . import test_bankgiro_agreement
