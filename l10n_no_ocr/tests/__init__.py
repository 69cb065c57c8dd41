from . import (
    test_avtalegiro,
    test_desk_year,
    test_dunning_law,
    test_dunning_year,
    test_einvoice,
    test_kid_agreement,
    test_refund_transfer,
)
