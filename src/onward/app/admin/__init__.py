"""Running Onward: access tokens, backups, the doctor, maintenance."""
