"""Worked examples that run inside Odoo."""
