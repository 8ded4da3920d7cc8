"""What runs within the process of a server that faults are tried on; the product knows nothing of it."""
