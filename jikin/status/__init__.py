"""Still true? Status lists of two bits an entry, folded from what the registry recorded (statements, lines 6 and 7)."""
