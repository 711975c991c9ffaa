"""`monitor …`: what a person types. `app` is the root command; every other module holds what belongs together."""
