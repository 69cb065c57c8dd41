from . import test_autogiro, test_bankgiro_agreement, test_bankgirot_texts, test_dunning_law
