"""The page of `ingest report` as a browser has it: `make report-check`. The documents' screenshots come from here."""
