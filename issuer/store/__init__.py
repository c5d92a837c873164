"""What the office remembers: tables, their migrations, and the questions the verbs ask of them."""
