"""What to do and when: polling and delivery. Pure: takes `now`, asks no clock, logs nothing."""
