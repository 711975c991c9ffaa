"""The rule language: what a user wrote → a compiled rule set → matches with evidence. Pure."""
