"""Worked examples that ./dev demo runs inside Odoo."""
