"""The wallet over HTTP: pages for people, an API for programs. Handlers parse, call one verb and write the answer."""
