from . import (
    test_avtalegiro,
    test_dunning_law,
    test_dunning_year,
    test_einvoice,
    test_kid_agreement,
    test_refund_transfer,
)
