"""What the verifier's service keeps: requests with their fate, and reports of suspected forgeries."""
