"""The bank for credit transfers. It lies with the core's tests, which need it inside Odoo."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

from devtools.paths import ROOT

(_PATH,) = ROOT.glob("*/tests/iso_bank.py")
_SPEC = spec_from_file_location("_simulated_iso_bank", _PATH)
_MODULE = sys.modules.setdefault(_SPEC.name, module_from_spec(_SPEC))
_SPEC.loader.exec_module(_MODULE)

IsoBank = _MODULE.IsoBank
RefusedOrderError = _MODULE.RefusedOrderError
document = _MODULE.document
