"""Random conversations over a bad network: whatever was missed, who catches up holds what everybody holds."""
