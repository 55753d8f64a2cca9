"""What happens in one case of each row of tests/soak.py."""
