"""A picture of a run and of the lake around it: one HTML file. Imported where one is asked for; no run waits for it."""

from ingest_core.report.landing import land_page
from ingest_core.report.page import page
from ingest_core.report.picture import Picture
from ingest_core.report.plain import plain
from ingest_core.report.reading import current_run, read_picture
from ingest_core.report.subject import MONTHS, Subject, subject_of

__all__ = [
    "MONTHS",
    "Picture",
    "Subject",
    "current_run",
    "land_page",
    "page",
    "plain",
    "read_picture",
    "subject_of",
]
