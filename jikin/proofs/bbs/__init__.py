"""BBS signatures (draft-irtf-cfrg-bbs-signatures): one signature over many messages, of which a proof shows some."""
