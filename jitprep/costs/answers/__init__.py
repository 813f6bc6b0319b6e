"""What the bills say: where the work belongs, tables, and plots."""
