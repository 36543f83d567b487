"""The git repository a session ran in, and the project it points to."""
