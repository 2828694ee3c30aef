"""The command `compare`: sampled TRPO beside other methods on equal simulator steps."""
