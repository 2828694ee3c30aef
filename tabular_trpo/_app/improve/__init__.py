"""The command `improve`: repeat a step, each step certified."""
