"""The peers: what else one could write a chat with, each in one file, as its users would write it well."""
