def post_init_hook(env):
    """Register the references of all open invoices, so that payments find them."""
    env["billing.reference"]._register_open_invoices()
