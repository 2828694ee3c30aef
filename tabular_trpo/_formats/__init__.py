"""Floor 3.  Files `*.mdp.json`, in and out, without loss and without trust: docs/formats.md."""
