"""The developer's tooling behind ./dev. Standard library only."""
