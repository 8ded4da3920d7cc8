"""What is told to whom: payloads, channels, and one function for each thing that happened."""
