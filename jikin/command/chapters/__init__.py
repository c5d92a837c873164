"""The demonstration chapter by chapter: each does over HTTP what a person does, and checks what a stranger would see.

Nothing is taken on trust between chapters: what one leaves behind lies in the services and on the chain, and the next
begins there. So a link that is broken in between makes the story stop, with the code of the finding that names it.
"""
