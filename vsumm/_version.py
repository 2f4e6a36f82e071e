"""The version, alone, so that any module can name it without importing the package's face."""

__version__ = "0.2.0"
