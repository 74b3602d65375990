"""The report as one page in the browser, which needs no network."""
