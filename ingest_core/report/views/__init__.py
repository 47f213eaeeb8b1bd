"""The sections of a page, each a function from what it shows to markup."""
