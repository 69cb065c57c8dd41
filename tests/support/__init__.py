"""What the outside-in tests share."""
