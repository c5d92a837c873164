"""What the three services share as web applications: one frame, one look, one way to fail."""
