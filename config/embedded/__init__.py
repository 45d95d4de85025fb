"""PostgreSQL 18 and Valkey 9 from wheels, for a machine on which no server is configured."""
