"""The files that a report is made of: template, style and script, put into one page."""
