"""The typed client of the HTTP interface, for programs and for the command line beside a server."""
