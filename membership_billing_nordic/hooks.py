def post_init_hook(env):
    """Register the references of all open invoices, so that payments find them."""
    env["billing.reference"]._register_open_invoices()


def uninstall_hook(env):
    """Leave no trigger behind on the tables of others."""
    env["billing.change"]._uninstall()
