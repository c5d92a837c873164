"""What the three services share as web applications: frame, pages, problems, bodies, sign-in, metrics, serving.

Knows no issuer, holder or verifier. A service makes a ``Frame``, hands its routers to ``app.create`` and renders its
templates, which extend ``base.html`` and use the parts of ``parts.html``.
"""
