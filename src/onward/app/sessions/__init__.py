"""Sessions: started, completed, moved between projects."""
