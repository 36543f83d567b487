"""Running Onward: access tokens, backups, the doctor, the database."""
