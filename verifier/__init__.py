"""The verifier's desk: files and numbers go in, reports come out."""
