"""What a payload may look like, one file per module, named as its handlers; the act in capitals."""
