"""HTTP over the rules: route table, guards, the handlers' common ground. Never imports a rule."""
