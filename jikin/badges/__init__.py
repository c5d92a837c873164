"""How a credential travels: QR codes, printed certificates, and the files people send in."""
