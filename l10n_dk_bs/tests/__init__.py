from . import (
    test_betalingsservice,
    test_bs_agreement,
    test_bs_notices,
    test_bs_refunds,
    test_bs_requests,
    test_desk_year,
    test_dunning_law,
    test_dunning_year,
    test_einvoice,
    test_refund_transfer,
    test_slips,
)
