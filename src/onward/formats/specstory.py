NAME = "specstory"


def detect(head: bytes) -> bool:
    return False
