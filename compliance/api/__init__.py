"""The API of compliance: who calls, suppressions, opt-outs."""
