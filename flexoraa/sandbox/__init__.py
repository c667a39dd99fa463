"""Stand-ins for the platforms, for development and tests; they know no app of ours."""
