"""What tests of more than one package share."""
