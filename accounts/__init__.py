"""People, organisations, memberships, roles, and sign-in."""
