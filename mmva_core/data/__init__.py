"""Data sets: IMEMNet-C, the sources it is built from, and open affect data."""
