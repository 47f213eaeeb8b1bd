"""Changes to the shipped code that must not go unnoticed: `make mutants`."""
