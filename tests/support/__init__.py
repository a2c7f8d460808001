"""What several test rooms need: real servers as fixtures. Nothing here is shipped."""
