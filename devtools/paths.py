"""Where things are. Everything the tooling makes lives in the git-ignored .dev/."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEV = ROOT / ".dev"
LOGS = DEV / "logs"
VENV = DEV / "venv"
PYTHON = VENV / "bin" / "python"
ODOO_CONFIG = DEV / "odoo.conf"
DATA_DIR = DEV / "data"
DEMO_DIR = DEV / "demo"
REQUIREMENTS = ROOT / "requirements.txt"

# Tells this checkout's databases and socket from those of another one.
CHECKOUT = hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]
