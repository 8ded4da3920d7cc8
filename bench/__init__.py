"""The benchmark: our server and its peers under the same load, started by the benchmark itself."""
