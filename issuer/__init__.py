"""The issuing office: institutions, batches, approvals and what is published, without a web framework."""
