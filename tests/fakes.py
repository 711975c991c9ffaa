"""One ear for the world: the few fakes that all tests share."""
