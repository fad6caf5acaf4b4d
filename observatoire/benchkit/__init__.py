"""The benchmark kit: anybody's estimator under the frozen protocol, beside our baselines."""
