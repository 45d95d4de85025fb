"""The catalogue as data of the project: districts, lines of administration, approval items, qualifications, services, rules."""
