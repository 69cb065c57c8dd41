"""The add-ons' bank formats under their own names, `odoo.addons.<add-on>.formats`, without Odoo.

The formats are pure Python. This puts empty stand-ins for `odoo`, `odoo.addons` and each
add-on's package into `sys.modules`, so that an add-on's `__init__.py`, which needs Odoo's
models, never runs.
"""

import sys
from types import ModuleType

from . import addons
from .errors import DevError


def mount(root=addons.ROOT):
    """Make `import odoo.addons.<add-on>.formats` work. Raises DevError if Odoo is loaded already."""
    if getattr(sys.modules.get("odoo"), "is_stand_in", False):
        return
    if "odoo" in sys.modules:
        raise DevError("Odoo is already imported here, so its stand-in cannot be mounted.")
    _stand_in("odoo", [])
    _stand_in("odoo.addons", [])
    for name in addons.names(root):
        _stand_in(f"odoo.addons.{name}", [str(root / name)])


def _stand_in(name, path):
    module = ModuleType(name, "Stand-in, so that formats can be used without Odoo.")
    # A package with this path finds nothing of a real Odoo, even where one is installed.
    module.__path__ = path
    module.is_stand_in = True
    sys.modules[name] = module
    parent, _dot, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
