"""How large moving pictures of a page may be: reels and previews that are GIF or WebP files."""

WIDTHS = (400, 320, 256, 200, 160, 120)
"""Widths that are tried until the file is small enough, pixels."""
FRAMES_PER_SECOND = 10
"""A GIF counts in hundredths of seconds, so this has to divide 100."""
BYTES_PER_SECOND = 500_000
"""Size that a second may have."""
